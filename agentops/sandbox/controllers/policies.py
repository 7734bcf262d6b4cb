"""Counts and limits: PodDisruptionBudget status, ResourceQuota usage, and the HorizontalPodAutoscaler.

Comes in: those objects and the pods that they cover. Goes out: their status, and scale changes by the autoscaler.
Wording as of kube-controller-manager 1.32.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.admission.quota import shown, usage
from agentops.sandbox.controllers.runtime import Controller, all_of, itself
from agentops.sandbox.objects import (
    containers_of,
    labels_of,
    matches,
    name_of,
    namespace_of,
    percent_of,
    pod_active,
    pod_ready,
    quantity,
    set_condition,
)
from agentops.sandbox.store import Key, Obj, copy_json, key_of
from agentops.sandbox.world import World, fresh, moment

_SYNC = timedelta(seconds=15)
_COUNTED = ("Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim")


def controllers() -> tuple[Controller, ...]:
    """Return the control loops for disruption budgets, quotas and autoscalers."""
    counted = dict.fromkeys(_COUNTED, all_of("ResourceQuota"))
    return (
        Controller(
            name="disruption",
            watches={"PodDisruptionBudget": itself, "Pod": all_of("PodDisruptionBudget", "policy")},
            reconcile=_budget,
        ),
        Controller(name="quota", watches={"ResourceQuota": itself, **counted}, reconcile=_quota),
        Controller(
            name="autoscaler",
            watches={"HorizontalPodAutoscaler": itself, "Pod": _autoscalers_of},
            reconcile=_autoscale,
        ),
    )


def _budget(world: World, key: Key) -> datetime | None:
    live = world.store.peek(key)
    if live is None:
        return None
    spec = live["spec"]
    pods = [pod for pod in world.namespaced("Pod", live) if matches(spec.get("selector"), labels_of(pod))]
    pods = [pod for pod in pods if pod_active(pod)]
    total, healthy = len(pods), sum(map(pod_ready, pods))
    if "maxUnavailable" in spec:
        desired = max(total - percent_of(spec["maxUnavailable"], total, default=0, up=True), 0)
    else:
        desired = percent_of(spec.get("minAvailable"), total, default=1, up=True)
    allowed = max(healthy - desired, 0) if total else 0
    status = fresh(live)
    conditions = status.get("conditions") or []
    found = {"type": "DisruptionAllowed", "status": str(allowed > 0), "message": ""}
    found["reason"] = "SufficientPods" if allowed else "InsufficientPods"
    generation = live["metadata"].get("generation", 1)
    set_condition(conditions, {**found, "observedGeneration": generation}, world.now)
    counts = {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "expectedPods": total,
    }
    world.set_status(live, {**status, **counts, "conditions": conditions, "observedGeneration": generation})
    return None


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
    scaled = next(
        (one for one in world.namespaced(target["kind"], live) if name_of(one) == target["name"]),
        None,
    )
    conditions = copy_json(fresh(live).get("conditions") or [])
    if scaled is None:
        group = f"{target['kind'].lower()}s.apps"
        message = (
            f'the HPA controller was unable to get the target\'s current scale: {group} "{target["name"]}" not found'
        )
        _judge(world, conditions, "AbleToScale", "False", "FailedGetScale", message)
        world.set_status(live, {**fresh(live), "conditions": conditions})
        world.event(live, "Warning", "FailedGetScale", message.rpartition("scale: ")[2], "horizontal-pod-autoscaler")
        return world.now + _SYNC * 4
    usage = _utilization(world, scaled)
    current = int(scaled["spec"].get("replicas", 1))
    if usage is None or current == 0:
        reason, message = "ScalingDisabled", "scaling is disabled since the replica count of the target is zero"
        if current:
            reason = "FailedGetResourceMetric"
            message = "the HPA was unable to compute the replica count: failed to get cpu utilization: missing request "
            message += "for cpu"
        _judge(world, conditions, "AbleToScale", "True", "SucceededGetScale", _GOT_SCALE)
        _judge(world, conditions, "ScalingActive", "False", reason, message)
        status = {"currentReplicas": current, "desiredReplicas": current, "conditions": conditions}
        world.set_status(live, {**fresh(live), **status})
        return world.now + _SYNC * 4
    last = moment(fresh(live).get("lastScaleTime"), world.now - _SYNC)
    if world.now < last + _SYNC:
        return last + _SYNC
    _scale(world, live, scaled, usage, conditions)
    return None


_TOLERANCE = 0.1
_GOT_SCALE = "the HPA controller was able to get the target's current scale"


def _judge(world: World, conditions: list[dict[str, Any]], kind: str, status: str, reason: str, message: str) -> None:
    found = {"type": kind, "status": status, "reason": reason, "message": message}
    set_condition(conditions, found, world.now)


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
        (one["resource"]["target"].get("averageUtilization", 80) for one in spec["metrics"] if "resource" in one), 80
    )
    proposed = _proposed(current, goal, *measured)
    # At most twice as many, or four more, at a time: the default scale-up policy.
    desired = min(max(proposed, least), most, max(2 * current, current + 4))
    _judge(world, conditions, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
    valid = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
    _judge(world, conditions, "ScalingActive", "True", "ValidMetricFound", f"{valid} (percentage of request)")
    limited = {
        True: ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count"),
        False: ("False", "DesiredWithinRange", "the desired count is within the acceptable range"),
    }[proposed > most]
    if proposed < least:
        limited = ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")
    elif proposed <= most and desired < proposed:
        why = "the desired replica count is increasing faster than the maximum scale rate"
        limited = ("True", "ScaleUpLimit", why)
    _judge(world, conditions, "ScalingLimited", *limited)
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
