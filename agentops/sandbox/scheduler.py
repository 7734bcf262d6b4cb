"""The scheduler: puts each pod on the roomiest node that may take it, or says why none may, as kube-scheduler does.

Comes in: pods without a node. Goes out: ``spec.nodeName``, the PodScheduled condition, ``Scheduled`` and
``FailedScheduling`` events. Wording as of kube-scheduler 1.36; ``predicates`` judges the nodes. It evicts nobody: a pod
that only preemption could make room for stays pending. Must never start or move a pod.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from agentops.sandbox.controllers.runtime import Controller, itself
from agentops.sandbox.objects import deleting, name_of, namespace_of, pod_active, quantity, request_of, set_condition
from agentops.sandbox.predicates import SchedulingAttempt, allocatable_of
from agentops.sandbox.store import Key, Obj, key_of
from agentops.sandbox.world import World, fresh

_RETRY = timedelta(minutes=5)
_COMPONENT = "default-scheduler"


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
    if pod["spec"].get("schedulingGates"):
        _say(world, pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
        return None
    nodes = world.store.list("Node")
    problem = _claim_problem(world, pod)
    if problem:
        # Found before any node is looked at; what follows is the preemption's own failure.
        return _refuse(world, pod, f"0/{len(nodes)} nodes are available: {problem}. not found")
    attempt = SchedulingAttempt(world=world, pod=pod, nodes=nodes)
    said: Counter[str] = Counter()
    helpless = 0
    fitting: list[tuple[float, float, str]] = []
    for node in nodes:
        found = attempt.reasons(node)
        said.update(reason.words for reason in found)
        helpless += any(reason.hopeless for reason in found)
        if not found:
            crowding = _crowding(pod, node, attempt.held[name_of(node)])
            fitting.append((crowding, world.random.random(), name_of(node)))
    if fitting:
        _bind(world, pod, min(fitting)[2])
        return None
    return _refuse(world, pod, _message(len(nodes), said, helpless))


def _pod_changed(world: World, pod: Obj) -> Iterable[Key]:
    if not pod["spec"].get("nodeName"):
        return itself(world, pod)
    # Room is made when a pod goes, or finishes; one that comes may be the neighbour that another waits for.
    if not pod_active(pod) or world.store.peek(key_of(pod)) is None:
        return _waiting(world, pod)
    waiting = [one for key in _waiting(world, pod) if (one := world.store.peek(key)) is not None]
    return [key_of(one) for one in waiting if {"affinity", "topologySpreadConstraints"} & set(one["spec"])]


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
    heard = f"no new claims to deallocate, preemption: 0/{total} nodes are available: {also}."
    return f"0/{total} nodes are available: {why}. {heard}"


def _refuse(world: World, pod: Obj, message: str) -> datetime:
    _say(world, pod, "Unschedulable", message)
    world.event(pod, "Warning", "FailedScheduling", message, _COMPONENT)
    return world.now + _RETRY


def _say(world: World, pod: Obj, reason: str, message: str) -> None:
    """Write why the pod has no node into its PodScheduled condition."""
    status = fresh(pod)
    conditions = status.setdefault("conditions", [])
    refused = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "reason": reason, "message": message}
    if reason == "Unschedulable":  # a gated pod's condition is the API server's own, and has none
        refused["observedGeneration"] = pod["metadata"].get("generation", 1)
    set_condition(conditions, refused, world.now)
    world.set_status(pod, {"phase": "Pending", **status})


def _bind(world: World, pod: Obj, node: str) -> None:
    def assign(live: Obj) -> None:
        live["spec"]["nodeName"] = node
        conditions = live.setdefault("status", {}).setdefault("conditions", [])
        set_condition(conditions, {"type": "PodScheduled", "status": "True", "lastProbeTime": None}, world.now)

    world.edit(key_of(pod), assign)
    where = f"{namespace_of(pod)}/{name_of(pod)}"
    world.event(pod, "Normal", "Scheduled", f"Successfully assigned {where} to {node}", _COMPONENT)


def _crowding(pod: Obj, node: Obj, held: list[Obj]) -> float:
    """Return how full the node would be, plus how many pods of the same owner it runs: less is better."""
    allocatable = allocatable_of(node)
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
