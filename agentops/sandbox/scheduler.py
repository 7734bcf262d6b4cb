"""The scheduler: filters nodes as kube-scheduler does, says why none fits in its words, binds to the roomiest.

Comes in: pods without a node. Goes out: ``spec.nodeName``, the PodScheduled condition, ``Scheduled`` and
``FailedScheduling`` events. Wording as of kube-scheduler 1.32. Must never start or move a pod.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from agentops.sandbox.controllers.runtime import Controller, itself
from agentops.sandbox.objects import (
    containers_of,
    deleting,
    expression_holds,
    has_all,
    labels_of,
    matches,
    name_of,
    namespace_of,
    pod_active,
    quantity,
    request_of,
    set_condition,
    tolerates,
)
from agentops.sandbox.store import Key, Obj, key_of
from agentops.sandbox.world import World, fresh

_RETRY = timedelta(minutes=5)
_COMPONENT = "default-scheduler"
# Reasons that evicting other pods can do something about; the rest are "Preemption is not helpful for scheduling".
_RESOURCES = ("Insufficient", "Too many pods")
Filter: TypeAlias = Callable[[World, Obj, Obj, list[Obj]], list[str]]


def controller() -> Controller:
    """Return the control loop: unbound pods, looked at again when nodes, claims or other pods change."""
    return Controller(
        name="scheduler",
        watches={"Pod": _pod_changed, "Node": _waiting, "PersistentVolumeClaim": _waiting},
        reconcile=reconcile,
    )


def reconcile(world: World, key: Key) -> datetime | None:
    """Bind one pod, or say why it cannot be bound."""
    pod = world.store.peek(key)
    if pod is None or deleting(pod) or pod["spec"].get("nodeName") or not pod_active(pod):
        return None
    if pod["spec"].get("schedulerName", _COMPONENT) != _COMPONENT:
        return None
    nodes = world.store.list("Node")
    problem = _claim_problem(world, pod)
    if problem:
        suffix = (
            f"preemption: 0/{len(nodes)} nodes are available: {len(nodes)} Preemption is not helpful for scheduling."
        )
        return _refuse(world, pod, f"0/{len(nodes)} nodes are available: {problem}. {suffix}")
    reasons: Counter[str] = Counter()
    helpless = 0
    fitting: list[tuple[float, float, str]] = []
    for node in nodes:
        held = [one for one in world.pods_on(name_of(node)) if _occupies(one)]
        found = next((why for one in _FILTERS if (why := one(world, pod, node, held))), [])
        if found:
            reasons.update(found)
            helpless += not all(why.startswith(_RESOURCES) for why in found)
        else:
            fitting.append((_crowding(pod, node, held), world.random.random(), name_of(node)))
    if fitting:
        _bind(world, pod, min(fitting)[2])
        return None
    return _refuse(world, pod, _message(len(nodes), reasons, helpless))


def _pod_changed(world: World, pod: Obj) -> Iterable[Key]:
    if not pod["spec"].get("nodeName"):
        return itself(world, pod)
    # Room is made when a pod goes, or finishes.
    return _waiting(world, pod) if not pod_active(pod) or world.store.peek(key_of(pod)) is None else ()


def _waiting(world: World, _: Obj) -> Iterable[Key]:
    return sorted(world.index.unbound, key=lambda key: (key.namespace, key.name))


def _message(total: int, reasons: Mapping[str, int], helpless: int) -> str:
    if not total:
        return "no nodes available to schedule pods"
    why = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    preemption = {
        "Preemption is not helpful for scheduling": helpless,
        "No preemption victims found for incoming pod": total - helpless,
    }
    also = ", ".join(sorted(f"{count} {reason}" for reason, count in preemption.items() if count))
    return f"0/{total} nodes are available: {why}. preemption: 0/{total} nodes are available: {also}."


def _refuse(world: World, pod: Obj, message: str) -> datetime:
    status = fresh(pod)
    conditions = status.setdefault("conditions", [])
    refused = {"type": "PodScheduled", "status": "False", "lastProbeTime": None}
    set_condition(conditions, {**refused, "reason": "Unschedulable", "message": message}, world.now)
    world.event(pod, "Warning", "FailedScheduling", message, _COMPONENT)
    world.set_status(pod, {"phase": "Pending", **status})
    return world.now + _RETRY


def _bind(world: World, pod: Obj, node: str) -> None:
    def assign(live: Obj) -> None:
        live["spec"]["nodeName"] = node
        conditions = live.setdefault("status", {}).setdefault("conditions", [])
        set_condition(conditions, {"type": "PodScheduled", "status": "True", "lastProbeTime": None}, world.now)

    world.edit(key_of(pod), assign)
    where = f"{namespace_of(pod)}/{name_of(pod)}"
    world.event(pod, "Normal", "Scheduled", f"Successfully assigned {where} to {node}", _COMPONENT)


def _occupies(pod: Obj) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _crowding(pod: Obj, node: Obj, held: list[Obj]) -> float:
    """Return how full the node would be, plus how many pods of the same owner it runs: less is better."""
    allocatable = node["status"]["allocatable"]
    used = [
        (sum(request_of(one["spec"], resource) for one in held) + request_of(pod["spec"], resource))
        / max(quantity(allocatable.get(resource)), 1e-9)
        for resource in ("cpu", "memory")
    ]
    owner = [one.get("uid") for one in pod["metadata"].get("ownerReferences") or []]
    kin = sum([one.get("uid") for one in held_by["metadata"].get("ownerReferences") or []] == owner for held_by in held)
    return sum(used) + (kin if owner else 0)


def _claim_problem(world: World, pod: Obj) -> str:
    """Return what is wrong with the pod's claims before any node is looked at."""
    unbound = False
    for volume in pod["spec"].get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not claim:
            continue
        found = world.peek("PersistentVolumeClaim", namespace_of(pod), claim)
        if found is None:
            return f'persistentvolumeclaim "{claim}" not found'
        if deleting(found):
            return f'persistentvolumeclaim "{claim}" is being deleted'
        unbound = unbound or (not found["spec"].get("volumeName") and not _waits_for_pod(world, found))
    return "pod has unbound immediate PersistentVolumeClaims" if unbound else ""


def _waits_for_pod(world: World, claim: Obj) -> bool:
    name = claim["spec"].get("storageClassName") or ""
    found = world.peek("StorageClass", "", name, group="storage.k8s.io")
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def _cordoned(_: World, pod: Obj, node: Obj, __: list[Obj]) -> list[str]:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    blocked = node["spec"].get("unschedulable") and not tolerates(pod["spec"].get("tolerations") or [], taint)
    return ["node(s) were unschedulable"] if blocked else []


def _tainted(_: World, pod: Obj, node: Obj, __: list[Obj]) -> list[str]:
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] in ("NoSchedule", "NoExecute") and not tolerates(
            pod["spec"].get("tolerations") or [], taint
        ):
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    return []


def _affinity(_: World, pod: Obj, node: Obj, __: list[Obj]) -> list[str]:
    spec = pod["spec"]
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    fits = has_all(spec.get("nodeSelector") or {}, labels_of(node))
    if required and fits:
        fits = any(_term_holds(term, node) for term in required.get("nodeSelectorTerms") or [])
    return [] if fits else ["node(s) didn't match Pod's node affinity/selector"]


def _term_holds(term: Mapping[str, Any], node: Obj) -> bool:
    fields = {"metadata.name": name_of(node)}
    return all(expression_holds(one, labels_of(node)) for one in term.get("matchExpressions") or []) and all(
        expression_holds(one, fields) for one in term.get("matchFields") or []
    )


def _host_ports(_: World, pod: Obj, __: Obj, held: list[Obj]) -> list[str]:
    def ports(one: Obj) -> set[int]:
        every = [port for box in containers_of(one["spec"]) for port in box.get("ports") or []]
        return {port["hostPort"] for port in every if port.get("hostPort")}

    wanted = ports(pod)
    taken = wanted and any(wanted & ports(one) for one in held)
    return ["node(s) didn't have free ports for the requested pod ports"] if taken else []


def _room(_: World, pod: Obj, node: Obj, held: list[Obj]) -> list[str]:
    allocatable = node["status"]["allocatable"]
    reasons = ["Too many pods"] if len(held) + 1 > quantity(allocatable.get("pods", "110")) else []
    asked = {"cpu", "memory", *(name for box in containers_of(pod["spec"]) for name in _requests(box))}
    for resource in sorted(asked):
        wanted = request_of(pod["spec"], resource)
        used = sum(request_of(one["spec"], resource) for one in held)
        if wanted and used + wanted > quantity(allocatable.get(resource)) + 1e-6:
            reasons.append(f"Insufficient {resource}")
    return reasons


def _requests(container: Mapping[str, Any]) -> Iterable[str]:
    return ((container.get("resources") or {}).get("requests") or {}).keys()


def _volume_zone(world: World, pod: Obj, node: Obj, __: list[Obj]) -> list[str]:
    for volume in pod["spec"].get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        found = world.peek("PersistentVolumeClaim", namespace_of(pod), claim) if claim else None
        bound = world.peek("PersistentVolume", "", found["spec"]["volumeName"]) if _is_bound(found) and found else None
        required = (((bound or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required")
        if required and not any(_term_holds(term, node) for term in required.get("nodeSelectorTerms") or []):
            return ["node(s) had volume node affinity conflict"]
    return []


def _is_bound(claim: Obj | None) -> bool:
    return claim is not None and bool(claim["spec"].get("volumeName"))


def _apart(world: World, pod: Obj, node: Obj, _: list[Obj]) -> list[str]:
    """Check required pod anti-affinity by topology key."""
    rules = ((pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or []
    for rule in rules:
        place = labels_of(node).get(rule["topologyKey"], name_of(node))
        for other in world.store.list("Node"):
            if labels_of(other).get(rule["topologyKey"], name_of(other)) != place:
                continue
            kin = [one for one in world.pods_on(name_of(other)) if namespace_of(one) == namespace_of(pod)]
            if any(_occupies(one) and matches(rule.get("labelSelector"), labels_of(one)) for one in kin):
                return ["node(s) didn't match pod anti-affinity rules"]
    return []


# In the order of kube-scheduler's default plugins: the first that refuses a node gives its reason.
_FILTERS: tuple[Filter, ...] = (_cordoned, _tainted, _affinity, _host_ports, _room, _volume_zone, _apart)
