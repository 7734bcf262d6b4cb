"""What the API server does to a pod that a controller creates: defaults, quota, limit ranges, pod security.

Comes in: a pod about to be created. Goes out: the pod with its defaults filled in, or the server's refusal in its own
wording. The wire's own writes go through the full admission chain; this is the part of it that controllers meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.sandbox.objects import containers_of, labels_of, name_of, namespace_of, pod_active, quantity, request_of
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World

_LIFE = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


def admit_pod(world: World, pod: Obj) -> str:
    """Fill in what the server fills in; return why it refuses the pod, or empty."""
    fill_defaults(world, pod)
    problem = _limit_problem(world, pod) or _security_problem(world, pod) or _quota_problem(world, pod)
    return f'pods "{name_of(pod)}" is forbidden: {problem}' if problem else ""


def fill_defaults(world: World, pod: Obj) -> None:
    """Fill in the defaults of a pod, those of the namespace's LimitRanges included."""
    spec = pod["spec"]
    for field, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", 30),
        ("dnsPolicy", "ClusterFirst"),
        ("serviceAccountName", "default"),
        ("schedulerName", "default-scheduler"),
        ("enableServiceLinks", True),
        ("priority", 0),
        ("preemptionPolicy", "PreemptLowerPriority"),
    ):
        spec.setdefault(field, value)
    spec.setdefault("securityContext", {})
    tolerations = spec.setdefault("tolerations", [])
    for key in sorted(_LIFE - {one.get("key") for one in tolerations}):
        tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    for container in [*containers_of(spec), *containers_of(spec, init=True)]:
        _container_defaults(container)
    for item in _limits(world, pod, "Container"):
        for container in containers_of(spec):
            resources = container["resources"]
            for field, source in (("limits", "default"), ("requests", "defaultRequest")):
                given = resources.get(field) or {}
                resources[field] = {**(item.get(source) or {}), **given}
                if not resources[field]:
                    del resources[field]


def _container_defaults(container: dict[str, Any]) -> None:
    latest = ":" not in container["image"].rpartition("/")[2] or container["image"].endswith(":latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    limits = container["resources"].get("limits") or {}
    if limits:
        container["resources"]["requests"] = {**limits, **(container["resources"].get("requests") or {})}


def _limits(world: World, pod: Obj, kind: str) -> Iterator[dict[str, Any]]:
    for found in world.namespaced("LimitRange", pod):
        yield from (item for item in found["spec"].get("limits") or [] if item.get("type") == kind)


def _limit_problem(world: World, pod: Obj) -> str:
    for item in _limits(world, pod, "Container"):
        for container in containers_of(pod["spec"]):
            problem = _outside(item, container["resources"])
            if problem:
                return problem
    return ""


def _outside(item: Mapping[str, Any], resources: Mapping[str, Any]) -> str:
    for resource, most in sorted((item.get("max") or {}).items()):
        given = (resources.get("limits") or {}).get(resource)
        if given is None:
            return f"maximum {resource} usage per Container is {most}.  No limit is specified"
        if quantity(given) > quantity(most):
            return f"maximum {resource} usage per Container is {most}, but limit is {given}"
    for resource, least in sorted((item.get("min") or {}).items()):
        given = (resources.get("requests") or {}).get(resource)
        if given is not None and quantity(given) < quantity(least):
            return f"minimum {resource} usage per Container is {least}, but request is {given}"
    return ""


def _security_problem(world: World, pod: Obj) -> str:
    """Check the parts of the Pod Security Standards that the scenarios use: privileged, host namespaces, root."""
    home = world.peek("Namespace", "", namespace_of(pod))
    level = labels_of(home).get("pod-security.kubernetes.io/enforce", "privileged") if home else "privileged"
    if level == "privileged":
        return ""
    found: list[str] = []
    for container in containers_of(pod["spec"]):
        context = container.get("securityContext") or {}
        if context.get("privileged"):
            found.append(f'privileged (container "{container["name"]}" must not set securityContext.privileged=true)')
        if level == "restricted" and context.get("allowPrivilegeEscalation") is not False:
            found.append(
                f'allowPrivilegeEscalation != false (container "{container["name"]}" must set '
                "securityContext.allowPrivilegeEscalation=false)"
            )
    if pod["spec"].get("hostNetwork"):
        found.append("host namespaces (hostNetwork=true)")
    return f'violates PodSecurity "{level}:latest": {", ".join(found)}' if found else ""


def quota_usage(world: World, namespace: str) -> dict[str, float]:
    """Return what the namespace's pods and objects use of each resource that a quota can count."""
    pods = [pod for pod in world.store.list("Pod", namespace) if _counts(pod)]
    used = {"pods": float(len(pods))}
    for pod in pods:
        for name, amount in _pod_charge(pod).items():
            used[name] = used.get(name, 0.0) + (amount if name != "pods" else 0.0)
    for kind, name in (
        ("Service", "services"),
        ("ConfigMap", "configmaps"),
        ("Secret", "secrets"),
        ("PersistentVolumeClaim", "persistentvolumeclaims"),
    ):
        used[name] = float(len(world.store.list(kind, namespace)))
    return used


def _counts(pod: Obj) -> bool:
    return pod_active(pod) or (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _pod_charge(pod: Obj) -> dict[str, float]:
    spec = pod["spec"]
    charge = {"pods": 1.0}
    for resource in ("cpu", "memory"):
        charge[f"requests.{resource}"] = charge[resource] = request_of(spec, resource)
        charge[f"limits.{resource}"] = request_of(spec, resource, limits=True)
    return charge


def _quota_problem(world: World, pod: Obj) -> str:
    charge = _pod_charge(pod)
    for quota in world.namespaced("ResourceQuota", pod):
        hard = quota["spec"].get("hard") or {}
        used = quota_usage(world, namespace_of(pod))
        unset = [name for name in sorted(hard) if name.startswith(("requests.", "limits.")) and not charge.get(name, 1)]
        if unset:
            return f"failed quota: {name_of(quota)}: must specify {','.join(_blame(pod, name) for name in unset)}"
        over = [
            name
            for name in sorted(hard)
            if name in charge and used.get(name, 0.0) + charge[name] > quantity(hard[name]) + 1e-6
        ]
        if over:
            parts = [
                ",".join(f"{name}={text}" for name, text in pairs)
                for pairs in (
                    [(name, amount(name, charge[name])) for name in over],
                    [(name, amount(name, used.get(name, 0.0))) for name in over],
                    [(name, str(hard[name])) for name in over],
                )
            ]
            return f"exceeded quota: {name_of(quota)}, requested: {parts[0]}, used: {parts[1]}, limited: {parts[2]}"
    return ""


def _blame(pod: Obj, name: str) -> str:
    return f"{name} for: {','.join(container['name'] for container in containers_of(pod['spec']))}"


def amount(resource: str, value: float) -> str:
    """Return a quantity as the API server prints it: cores in milli, bytes in the largest whole binary unit."""
    if resource.endswith("cpu"):
        milli = round(value * 1000)
        return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"
    if resource.endswith("memory"):
        for power, unit in ((2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki")):
            if value and value % power == 0:
                return f"{int(value // power)}{unit}"
    return str(int(value))
