"""Counts and limits: PodDisruptionBudget status, ResourceQuota usage, and the HorizontalPodAutoscaler.

Comes in: those objects and the pods that they cover. Goes out: their status, and scale changes by the autoscaler.
Wording as of kube-controller-manager 1.32.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.admission.deletion import disruption_allowed
from agentops.sandbox.admission.quota import shown, usage
from agentops.sandbox.controllers.runtime import Controller, all_of, itself, while_there
from agentops.sandbox.data import data
from agentops.sandbox.objects import (
    containers_of,
    deleting,
    labels_of,
    matches,
    name_of,
    namespace_of,
    owner_key,
    percent_of,
    pod_active,
    pod_ready,
    quantity,
    set_condition,
)
from agentops.sandbox.store import Key, Obj, copy_json, key_of
from agentops.sandbox.world import World, fresh, moment

_SYNC = timedelta(seconds=15)
_DISRUPTION = "controllermanager"
# How long an allowed eviction may take to show as a deletion; then the pod counts again.
_DELETION_TIMEOUT = timedelta(minutes=2)
_COUNTED = ("Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim")


def controllers() -> tuple[Controller, ...]:
    """Return the control loops for disruption budgets, quotas and autoscalers."""
    counted = dict.fromkeys(_COUNTED, all_of("ResourceQuota"))
    return (
        Controller(
            name="disruption",
            watches={"PodDisruptionBudget": itself, "Pod": all_of("PodDisruptionBudget", "policy")},
            reconcile=while_there(_budget),
        ),
        Controller(name="quota", watches={"ResourceQuota": itself, **counted}, reconcile=_quota),
        Controller(
            name="autoscaler",
            watches={"HorizontalPodAutoscaler": itself, "Pod": _autoscalers_of},
            reconcile=_autoscale,
        ),
    )


def _budget(world: World, live: Obj) -> datetime | None:
    """Count what a budget covers, as pkg/controller/disruption does: a pod is healthy while it is Ready and stays."""
    status = fresh(live)
    pods = [pod for pod in world.namespaced("Pod", live) if matches(live["spec"].get("selector"), labels_of(pod))]
    if not pods:
        world.event(live, "Normal", "NoPods", "No matching pods found", _DISRUPTION)
    taken, due = _still_disrupted(world, live, pods)
    healthy = sum(pod_ready(pod) and not deleting(pod) and name_of(pod) not in taken for pod in pods)
    expected, desired = _wanted_healthy(world, live["spec"], pods)
    allowed = max(healthy - desired, 0) if expected else 0
    generation = live["metadata"].get("generation", 1)
    conditions = status.get("conditions") or []
    set_condition(conditions, {**disruption_allowed(allowed), "observedGeneration": generation}, world.now)
    status |= {"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected, "disruptedPods": taken}
    status |= {"disruptionsAllowed": allowed, "conditions": conditions, "observedGeneration": generation}
    world.set_status(live, {field: value for field, value in status.items() if field != "disruptedPods" or value})
    return due


def _still_disrupted(world: World, live: Obj, pods: list[Obj]) -> tuple[dict[str, str], datetime | None]:
    """Return the pods whose eviction was allowed and which are still there, and when one has been for too long."""
    found = (live.get("status") or {}).get("disruptedPods") or {}
    ends = {
        name_of(pod): moment(found[name_of(pod)], world.now) + _DELETION_TIMEOUT
        for pod in pods
        if name_of(pod) in found and not deleting(pod)
    }
    waiting = {name: end for name, end in ends.items() if world.now < end}
    return {name: found[name] for name in waiting}, min(waiting.values(), default=None)


def _wanted_healthy(world: World, spec: Obj, pods: list[Obj]) -> tuple[int, int]:
    """Return how many pods there should be, by what their controllers ask for, and how many of them healthy."""
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most is None and isinstance(least, int):
        return len(pods), least
    sizes: dict[str, int] = {}
    for owner in (one for pod in pods if (one := _scaled(world, pod)) is not None):
        sizes[owner["metadata"]["uid"]] = int(owner["spec"].get("replicas", 1))
    total = sum(sizes.values())
    if most is None:
        return total, percent_of(least, total, default=1, up=True)
    return total, max(total - percent_of(most, total, default=0, up=True), 0)


def _scaled(world: World, pod: Obj) -> Obj | None:
    """Return the object whose ``replicas`` a pod is one of."""
    key = owner_key(pod)
    owner = world.store.peek(key) if key is not None else None
    if owner is not None and owner["kind"] == "ReplicaSet" and (above := owner_key(owner)) is not None:
        owner = world.store.peek(above) or owner
    return owner


def _quota(world: World, key: Key) -> datetime | None:
    live = world.store.peek(key)
    if live is None:
        return None
    hard = live["spec"].get("hard") or {}
    used = usage(world.store, namespace_of(live), hard)
    world.set_status(live, {"hard": dict(hard), "used": {name: shown(name, amount) for name, amount in used.items()}})
    return None


def _autoscalers_of(world: World, pod: Obj) -> Iterable[Key]:
    return [key_of(one) for one in world.namespaced("HorizontalPodAutoscaler", pod)]


def _autoscale(world: World, key: Key) -> datetime | None:
    live = world.store.peek(key)
    if live is None:
        return None
    target = live["spec"]["scaleTargetRef"]
    scaled = next((one for one in world.namespaced(target["kind"], live) if name_of(one) == target["name"]), None)
    conditions = copy_json(fresh(live).get("conditions") or [])
    if scaled is None:
        group = f"{target['kind'].lower()}s.apps"
        message = (
            f'the HPA controller was unable to get the target\'s current scale: {group} "{target["name"]}" not found'
        )
        world.judge(conditions, "AbleToScale", "False", "FailedGetScale", message)
        world.set_status(live, {**fresh(live), "conditions": conditions})
        world.event(live, "Warning", "FailedGetScale", message.rpartition("scale: ")[2], "horizontal-pod-autoscaler")
        return world.now + _SYNC * 4
    usage = _utilization(world, scaled)
    current = int(scaled["spec"].get("replicas", 1))
    if usage is None or current == 0:
        said = data("values.yaml")["autoscaler"]
        world.judge(conditions, "AbleToScale", *said["got-scale"])
        world.judge(conditions, "ScalingActive", *said["no-metric" if current else "no-replicas"])
        status = {"currentReplicas": current, "desiredReplicas": current, "conditions": conditions}
        world.set_status(live, {**fresh(live), **status})
        return world.now + _SYNC * 4
    last = moment(fresh(live).get("lastScaleTime"), world.now - _SYNC)
    if world.now < last + _SYNC:
        return last + _SYNC
    _scale(world, live, scaled, usage, conditions)
    return None


_TOLERANCE = 0.1


def _utilization(world: World, scaled: Obj) -> tuple[int, int, int] | None:
    """Return the ready pods' mean cpu use as a percentage of what they request, and how many are ready and not ready.

    None without a request.
    """
    own = [pod for pod in world.namespaced("Pod", scaled) if matches(scaled["spec"]["selector"], labels_of(pod))]
    active = [pod for pod in own if pod_active(pod)]
    ready = [pod for pod in active if pod_ready(pod)]
    used = asked = 0.0
    for container in (one for pod in ready for one in containers_of(pod["spec"])):
        program = world.programs.find(container["image"])
        used += program.cpu + program.load / len(ready) if program else 0.0
        asked += quantity(((container.get("resources") or {}).get("requests") or {}).get("cpu"))
    if ready and not asked:
        return None
    return round(100 * used / asked) if ready else 0, len(ready), len(active) - len(ready)


def _proposed(current: int, goal: int, usage: int, ready: int, unready: int) -> int:
    """Return how many replicas the use asks for, as GetResourceReplicas of the replica calculator does."""
    ratio = usage / goal
    # Within a tenth of the goal nothing is changed (horizontal-pod-autoscaler-tolerance).
    if not ready or not usage or abs(ratio - 1) <= _TOLERANCE:
        return current
    if ratio < 1 or not unready:
        return math.ceil(ratio * ready)
    # Pods that are on their way are taken to use nothing yet, so that they are not asked for a second time.
    ratio *= ready / (ready + unready)
    if ratio <= 1 + _TOLERANCE:
        return current
    return max(math.ceil(ratio * (ready + unready)), current)


def _scale(
    world: World, live: Obj, scaled: Obj, measured: tuple[int, int, int], conditions: list[dict[str, Any]]
) -> None:
    spec, usage = live["spec"], measured[0]
    current = int(scaled["spec"].get("replicas", 1))
    least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
    goal = next(
        (
            one["resource"]["target"].get("averageUtilization", 80)
            for one in spec.get("metrics", ())
            if "resource" in one
        ),
        80,
    )
    proposed = _proposed(current, goal, *measured)
    # At most twice as many, or four more, at a time: the default scale-up policy.
    desired = min(max(proposed, least), most, max(2 * current, current + 4))
    said = data("values.yaml")["autoscaler"]
    world.judge(conditions, "AbleToScale", *said["at-size"])
    world.judge(conditions, "ScalingActive", *said["measured"])
    limited = "too-few" if proposed < least else "too-many" if proposed > most else "within"
    if limited == "within" and desired < proposed:
        limited = "too-fast"
    world.judge(conditions, "ScalingLimited", *said[limited])
    metric = {"current": {"averageUtilization": usage}, "name": "cpu"}
    status = {
        **fresh(live),
        "observedGeneration": live["metadata"].get("generation", 1),
        "currentReplicas": current,
        "desiredReplicas": desired,
        "currentMetrics": [{"type": "Resource", "resource": metric}],
        "conditions": conditions,
    }
    if desired != current:
        status["lastScaleTime"] = world.stamp
        world.edit(key_of(scaled), lambda one: one["spec"].update({"replicas": desired}))
        way = "above" if desired > current else "below"
        message = f"New size: {desired}; reason: cpu resource utilization (percentage of request) {way} target"
        world.event(live, "Normal", "SuccessfulRescale", message, "horizontal-pod-autoscaler")
    world.set_status(live, status)
