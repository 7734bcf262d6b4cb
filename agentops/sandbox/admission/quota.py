"""LimitRange, ResourceQuota and the growing of claims, as the admission plugins of a real server judge them.

Comes in: a new object and the store. Goes out: the object with a LimitRange's defaults, or 403 in the plugins' words.
Must never: count an object that the quota does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agentops.sandbox.objects import containers_of, quantity, request_of
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.kinds import Resource, built_in
from agentops.sandbox.wire.status import forbidden

_COUNTED = {"pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "replicationcontrollers"}
_MEASURED = {"Pod", "Service", "PersistentVolumeClaim"}


def limit_defaults(pod: Obj, store: ObjectStore) -> None:
    """Fill in the default requests and limits of the namespace's LimitRanges, and say so in an annotation."""
    done = []
    for container, what in _every_container(pod):
        added: dict[str, set[str]] = {"requests": set(), "limits": set()}
        for limit in _limits(pod["metadata"].get("namespace", ""), "Container", store):
            resources = container.setdefault("resources", {})
            for part, source in (("requests", "defaultRequest"), ("limits", "default")):
                for name, amount in (limit.get(source) or {}).items():
                    if name not in (resources.get(part) or {}):
                        resources[part] = {**(resources.get(part) or {}), name: amount}
                        added[part].add(name)
        for part, word in (("requests", "request"), ("limits", "limit")):
            if added[part]:
                done.append(f"{', '.join(sorted(added[part]))} {word} for {what} {container.get('name')}")
    if done:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations["kubernetes.io/limit-ranger"] = f"LimitRanger plugin set: {'; '.join(done)}"


def _every_container(pod: Obj) -> Iterator[tuple[Obj, str]]:
    for field, what in (("containers", "container"), ("initContainers", "init container")):
        yield from ((one, what) for one in pod["spec"].get(field) or ())


def check_limits(resource: Resource, pod: Obj, store: ObjectStore) -> None:
    """Refuse a pod outside the bounds of a LimitRange.

    Raises:
        Refusal: 403 with every bound that is broken.
    """
    namespace = pod["metadata"].get("namespace", "")
    broken: list[str] = []
    for limit in _limits(namespace, "Container", store):
        for container, _ in _every_container(pod):
            broken += _outside(limit, container.get("resources") or {}, "Container")
    total = {
        part: {name: request_of(pod["spec"], name, limits=part == "limits") for name in ("cpu", "memory")}
        for part in ("requests", "limits")
    }
    given = {part: {n: shown(n, v) for n, v in amounts.items() if v} for part, amounts in total.items()}
    for limit in _limits(namespace, "Pod", store):
        broken += _outside(limit, given, "Pod")
    _refuse(resource, pod, broken)


def check_claim(resource: Resource, claim: Obj, store: ObjectStore) -> None:
    """Refuse a claim that asks for less or more than its namespace's LimitRanges allow.

    Raises:
        Refusal: 403 with every bound that is broken.
    """
    if resource.qualified != "persistentvolumeclaims":
        return
    asked = (claim["spec"].get("resources") or {}).get("requests") or {}
    broken: list[str] = []
    for limit in _limits(claim["metadata"]["namespace"], "PersistentVolumeClaim", store):
        for field, word, sign in (("min", "minimum", 1), ("max", "maximum", -1)):
            for name, bound in sorted((limit.get(field) or {}).items()):
                if name in asked and sign * quantity(asked[name]) < sign * quantity(bound):
                    usage = f"{word} {name} usage per PersistentVolumeClaim is {bound}"
                    broken.append(f"{usage}, but request is {asked[name]}")
    _refuse(resource, claim, broken)


def _refuse(resource: Resource, obj: Obj, broken: list[str]) -> None:
    if broken:
        text = broken[0] if len(broken) == 1 else "[" + ", ".join(broken) + "]"
        raise forbidden(resource, obj["metadata"]["name"], text)


def _limits(namespace: str, kind: str, store: ObjectStore) -> Iterator[Obj]:
    for found in store.list("LimitRange", namespace):
        yield from (limit for limit in (found.get("spec") or {}).get("limits") or () if limit.get("type") == kind)


def _outside(limit: Obj, resources: Mapping[str, Any], kind: str) -> Iterator[str]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in sorted((limit.get("min") or {}).items()):
        if name not in requests:
            yield f"minimum {name} usage per {kind} is {least}.  No request is specified"
        elif quantity(requests[name]) < quantity(least):
            yield f"minimum {name} usage per {kind} is {least}, but request is {requests[name]}"
    for name, most in sorted((limit.get("max") or {}).items()):
        if name not in limits:
            yield f"maximum {name} usage per {kind} is {most}.  No limit is specified"
        elif quantity(limits[name]) > quantity(most):
            yield f"maximum {name} usage per {kind} is {most}, but limit is {limits[name]}"
    for name, most in sorted((limit.get("maxLimitRequestRatio") or {}).items()):
        low, high = quantity(requests.get(name)), quantity(limits.get(name))
        if low and high and high / low > quantity(most):
            words = f"{name} max limit to request ratio per {kind} is {most}, but provided ratio is"
            yield f"{words} {high / low:f}"


def check_quota(resource: Resource, obj: Obj, store: ObjectStore, live: Obj | None) -> None:
    """Refuse an object that would take a namespace over one of its quotas.

    Raises:
        Refusal: 403 naming the quota, what was requested, used and allowed.
    """
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
    before = _charge(resource, live) if live else {}
    charge = {what: amount - before.get(what, 0.0) for what, amount in _charge(resource, obj).items()}
    for quota in store.list("ResourceQuota", namespace) if namespace and charge else ():
        hard = (quota.get("spec") or {}).get("hard") or {}
        covered = sorted(what for what in hard if what in charge and charge[what] > 0)
        if live is None:
            _check_given(resource, obj, quota, hard)
        used = {what: _used(resource, what, namespace, store) for what in covered}
        over = [what for what in covered if used[what] + charge[what] > quantity(hard[what]) + 1e-9]
        if over:
            requested = ",".join(f"{what}={shown(what, charge[what])}" for what in over)
            taken = ",".join(f"{what}={shown(what, used[what])}" for what in over)
            limited = ",".join(f"{what}={hard[what]}" for what in over)
            why = f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, used: {taken}"
            raise forbidden(resource, name, f"{why}, limited: {limited}")


def check_growth(resource: Resource, claim: Obj, store: ObjectStore, live: Obj | None) -> None:
    """Refuse to grow a claim whose class does not let its volumes grow.

    Raises:
        Refusal: 403.
    """
    if claim["kind"] != "PersistentVolumeClaim" or live is None or _storage(claim) <= _storage(live):
        return
    name, found = claim["metadata"]["name"], live["spec"].get("storageClassName") or ""
    storage_class = store.peek(Key("storage.k8s.io", "StorageClass", "", found))
    if not (storage_class or {}).get("allowVolumeExpansion"):
        why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
        raise forbidden(resource, name, why + "support resize")


def _storage(claim: Obj) -> float:
    wanted: Any = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", 0)
    return quantity(wanted)


def _check_given(resource: Resource, obj: Obj, quota: Obj, hard: Obj) -> None:
    if resource.kind != "Pod":
        return
    missing = []
    for what in sorted(hard):
        part, _, name = what.partition(".") if "." in what else ("requests", "", what)
        if part not in ("requests", "limits") or name not in ("cpu", "memory"):
            continue
        without = [
            container["name"]
            for container in containers_of(obj["spec"])
            if name not in ((container.get("resources") or {}).get(part) or {})
        ]
        if without:
            missing.append(f"{what} for: {','.join(without)}")
    if missing:
        why = f"failed quota: {quota['metadata']['name']}: must specify {'; '.join(missing)}"
        raise forbidden(resource, obj["metadata"]["name"], why)


def _charge(resource: Resource, obj: Obj) -> dict[str, float]:
    charge = {f"count/{resource.qualified}": 1.0}
    if not resource.group and resource.plural in _COUNTED:
        charge[resource.plural] = 1.0
    if resource.kind == "Pod":
        if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return {}
        for name in ("cpu", "memory"):
            charge[f"requests.{name}"] = charge[name] = request_of(obj["spec"], name)
            charge[f"limits.{name}"] = request_of(obj["spec"], name, limits=True)
    if resource.kind == "Service":
        charge["services.nodeports"] = float(sum("nodePort" in port for port in obj["spec"].get("ports") or ()))
        charge["services.loadbalancers"] = float(obj["spec"].get("type") == "LoadBalancer")
    if resource.kind == "PersistentVolumeClaim":
        charge["requests.storage"] = _storage(obj)
    return charge


def _used(resource: Resource, what: str, namespace: str, store: ObjectStore) -> float:
    group, kind = resource.stored_kind
    return sum(_charge(resource, obj).get(what, 0.0) for obj in store.list(kind, namespace, group=group))


def usage(store: ObjectStore, namespace: str, hard: Iterable[str]) -> dict[str, float]:
    """Return how much of each thing that a quota counts a namespace has."""
    used = dict.fromkeys(hard, 0.0)
    kinds = {one.stored_kind: one for one in built_in() if one.namespaced}
    for (group, kind), resource in kinds.items():
        # Of most kinds a quota counts at most how many there are: those that it does not name need not be looked at.
        if kind not in _MEASURED and not {f"count/{resource.qualified}", resource.plural} & used.keys():
            continue
        for obj in store.list(kind, namespace, group=group):
            for what, amount in _charge(resource, obj).items():
                if what in used:
                    used[what] += amount
    return used


def shown(what: str, value: float) -> str:
    """Return an amount as quotas print it: cores or milli-cores, bytes in the largest whole binary unit."""
    if what.endswith("cpu"):
        milli = round(value * 1000)
        return f"{milli}m" if milli % 1000 else str(milli // 1000)
    if what.endswith(("memory", "storage")):
        for size, unit in ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki")):
            if value and value % size == 0:
                return f"{int(value // size)}{unit}"
    return str(int(value))
