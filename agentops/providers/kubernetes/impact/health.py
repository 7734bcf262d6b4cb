"""``health``: whether one object is as well as its spec wants it, and whether waiting can still help.

Comes in: an object as it is now, its pods of the current revision, the time. Goes out: a ``Health``. Pure. ``failed``
is only set for what lasts and concerns the current revision, so that a verification may stop waiting early: a pod of
the revision before, a first failed pull, a pod that has just become unschedulable are not failures yet. Source of the
rules for 'complete': kubectl's ``rollout status`` (pkg/polymorphichelpers/rollout_status.go).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from agentops.core.clock import from_iso
from agentops.core.outcome import Health
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.fields import Object, condition, name_of, spec_of, status_of
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready
from agentops.providers.kubernetes.objects.pod_ports import port_names
from agentops.providers.kubernetes.objects.status import pod_state
from agentops.providers.kubernetes.objects.workloads import wanted_pods

HealthJudge: TypeAlias = Callable[[Object], tuple[int, int, bool, str, str]]
"""Returns ready, wanted, settled, failed, detail."""

RESTARTS = 2
_RUNNERS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"})
"""Kinds whose whole purpose is pods that run: one without any shows nothing."""
_GENERATIONS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
DEADLINE_FRESH_S = 60.0
_TEXT_LIMIT = 600
_FOR_GOOD = ("not found", "manifest unknown", "denied", "unauthorized", "authentication required", "does not exist")
_LASTS_S: Mapping[str, float] = {
    "ImagePullBackOff": 120.0,
    "CreateContainerConfigError": 20.0,
    "CreateContainerError": 60.0,
    "RunContainerError": 60.0,
    "Unschedulable": 120.0,
    "ReplicaFailure": 30.0,
}
"""How long something must have lasted before it counts as a failure."""


def health(
    ref: ResourceRef, item: Object, pods: Sequence[Object], *, now: datetime, reached: frozenset[str] | None = None
) -> Health:
    """Return the health of ``item``.

    Arguments:
        ref: its reference.
        item: the object as the API server sends it, with its status.
        pods: its pods of the revision that its spec asks for; for a Service the pods that it selects, for others empty.
        now: the time by which it is judged how long something lasts.
        reached: the pods that a Service's EndpointSlices list as ready; None goes by the pods alone.
    """
    if ref.kind == "Service":
        ready, want, settled, failed, detail = _service(item, pods, reached)
        # That a pod behind it fails is not the Service's failure.
        pods = ()
    else:
        ready, want, settled, failed, detail = _JUDGES.get(ref.kind, _other)(item)
    if ref.kind == "Pod":
        pods = (item,)
    # Until the controller has seen the spec, what it says and the pods it has are of the revision before.
    if not settled and not failed and (ref.kind not in _GENERATIONS or _observed(item)):
        failed = lasting_failure(item, now) or next(filter(None, (pod_failure(pod, now) for pod in pods)), "")
    idle = ref.kind in _RUNNERS and not want and not ready
    return Health(ref=ref, ready=ready, wanted=want, settled=settled, failed=failed, detail=detail, idle=idle)


def _observed(item: Object) -> bool:
    generation = (item.get("metadata") or {}).get("generation")
    return generation is None or int(status_of(item).get("observedGeneration") or 0) >= int(generation)


def _count(item: Object, field: str) -> int:
    return int(status_of(item).get(field) or 0)


def _said(found: Object) -> str:
    """Return a condition's reason and message on one line."""
    parts = [str(found.get(key)) for key in ("reason", "message") if found.get(key)]
    return one_line(": ".join(parts), _TEXT_LIMIT)


def _deployment(item: Object) -> tuple[int, int, bool, str, str]:
    want, ready = wanted_pods(item), _count(item, "readyReplicas")
    updated, total, available = (_count(item, f"{part}eplicas") for part in ("updatedR", "r", "availableR"))
    if not _observed(item):
        return ready, want, False, "", "the controller has not seen the new spec yet"
    if spec_of(item).get("paused"):
        return ready, want, True, "", "paused"
    settled = updated >= want and total == updated and available >= want and ready >= want
    detail = "" if settled else _rollout_text(updated, want, ready)
    if total > updated:
        detail += f", {total - updated} of an earlier revision still there"
    return ready, want, settled, "", detail


def _rollout_text(updated: int, want: int, ready: int) -> str:
    return f"{updated} of {want} of the current revision, {ready} ready"


def _stateful_set(item: Object) -> tuple[int, int, bool, str, str]:
    want, ready, updated, total = (
        wanted_pods(item),
        *(_count(item, f) for f in ("readyReplicas", "updatedReplicas", "replicas")),
    )
    if not _observed(item):
        return ready, want, False, "", "the controller has not seen the new spec yet"
    strategy = spec_of(item).get("updateStrategy") or {}
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    rolled = strategy.get("type") == "OnDelete" or updated >= max(want - partition, 0)
    if not partition and strategy.get("type") != "OnDelete":
        rolled = rolled and status_of(item).get("currentRevision") == status_of(item).get("updateRevision")
    settled = rolled and ready >= want and total == want
    return ready, want, settled, "", "" if settled else _rollout_text(updated, want, ready)


def _daemon_set(item: Object) -> tuple[int, int, bool, str, str]:
    want, ready = _count(item, "desiredNumberScheduled"), _count(item, "numberReady")
    updated, available = _count(item, "updatedNumberScheduled"), _count(item, "numberAvailable")
    if not _observed(item):
        return ready, want, False, "", "the controller has not seen the new spec yet"
    rolled = updated >= want or (spec_of(item).get("updateStrategy") or {}).get("type") == "OnDelete"
    settled = rolled and ready >= want and available >= want
    return ready, want, settled, "", "" if settled else _rollout_text(updated, want, ready)


def _replica_set(item: Object) -> tuple[int, int, bool, str, str]:
    want, ready, total = wanted_pods(item), _count(item, "readyReplicas"), _count(item, "replicas")
    settled = _observed(item) and ready >= want and total == want
    return ready, want, settled, "", "" if settled else f"{ready} of {want} ready"


def _job(item: Object) -> tuple[int, int, bool, str, str]:
    spec, done = spec_of(item), _count(item, "succeeded")
    want = int(spec.get("completions") or 1)
    failed, complete = condition(item, "Failed"), condition(item, "Complete")
    if failed.get("status") == "True":
        return done, want, False, _said(failed) or "the Job failed", ""
    if complete.get("status") == "True" or spec.get("suspend"):
        return done, want, True, "", "" if complete else "suspended"
    return done, want, False, "", f"{_count(item, 'active')} running, {_count(item, 'failed')} failed"


def _cron_job(item: Object) -> tuple[int, int, bool, str, str]:
    active = len(status_of(item).get("active") or ())
    return 0, 0, True, "", "suspended" if spec_of(item).get("suspend") else f"{active} running"


def _pod(item: Object) -> tuple[int, int, bool, str, str]:
    phase, state = status_of(item).get("phase"), pod_state(item)
    if phase == "Failed":
        return 0, 1, False, one_line(str(status_of(item).get("message") or state), 300), state
    settled = phase == "Succeeded" or is_ready(item)
    return int(is_ready(item)), int(phase != "Succeeded"), settled, "", "" if settled else state


def _node(item: Object) -> tuple[int, int, bool, str, str]:
    ready = condition(item, "Ready")
    is_up = ready.get("status") == "True"
    cordoned = "cordoned" if spec_of(item).get("unschedulable") else ""
    return int(is_up), 1, is_up, "", cordoned if is_up else _said(ready) or "not ready"


def _claim(item: Object) -> tuple[int, int, bool, str, str]:
    phase = str(status_of(item).get("phase") or "Pending")
    if phase == "Lost":
        return 0, 1, False, "the volume of the claim is lost", phase
    asked = ((spec_of(item).get("resources") or {}).get("requests") or {}).get("storage")
    has = (status_of(item).get("capacity") or {}).get("storage")
    bound = phase == "Bound"
    if bound and has is not None and asked is not None and condition(item, "Resizing").get("status") == "True":
        return 0, 1, False, "", f"growing from {has} to {asked}"
    return int(bound), 1, bound, "", "" if bound else phase


def _scaler(item: Object) -> tuple[int, int, bool, str, str]:
    now, want = _count(item, "currentReplicas"), _count(item, "desiredReplicas")
    able = condition(item, "AbleToScale").get("status") != "False"
    settled = able and now == want
    return now, want, settled, "", "" if settled else _said(condition(item, "AbleToScale"))


def _service(item: Object, pods: Sequence[Object], reached: frozenset[str] | None) -> tuple[int, int, bool, str, str]:
    """A Service is well when every ready pod that it selects is behind it, and there is one."""
    if not spec_of(item).get("selector") or spec_of(item).get("type") == "ExternalName":
        return 0, 0, True, "", "it selects no pods"
    open_early = bool(spec_of(item).get("publishNotReadyAddresses"))
    able = [pod for pod in pods if is_active(pod) and (open_early or is_ready(pod))]
    behind = sum(_is_reached(item, pod) and (reached is None or name_of(pod) in reached) for pod in able)
    want = max(len(able), 1)
    return (
        behind,
        want,
        behind >= want,
        "",
        "" if behind >= want else f"{behind} of {len(able)} ready pods are behind it",
    )


def _is_reached(service: Object, pod: Object) -> bool:
    """A port that is named must be one of the pod's, else the endpoint has no such port."""
    names = port_names(pod)
    targets = [port.get("targetPort") for port in spec_of(service).get("ports") or ()]
    return all(target in names for target in targets if isinstance(target, str) and not target.isdigit())


def _other(_: Object) -> tuple[int, int, bool, str, str]:
    return 0, 0, True, "", ""


_JUDGES: Mapping[str, HealthJudge] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "ReplicationController": _replica_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Pod": _pod,
    "Node": _node,
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _scaler,
}


def lasting_failure(item: Object, now: datetime) -> str:
    """Return why a workload's rollout cannot go on, or an empty text while it may.

    That its pods cannot be made (quota, admission) must have lasted. A progress deadline must have passed just now:
    after a rollback, the condition of the rollout before can stand for a moment, its generation notwithstanding.
    """
    failure, progress = condition(item, "ReplicaFailure"), condition(item, "Progressing")
    if failure.get("status") == "True" and _lasted(failure.get("lastTransitionTime"), now, _LASTS_S["ReplicaFailure"]):
        return _said(failure)
    passed_at = progress.get("lastUpdateTime") or progress.get("lastTransitionTime")
    passed = progress.get("reason") == "ProgressDeadlineExceeded"
    return _said(progress) if passed and not _lasted(passed_at, now, DEADLINE_FRESH_S) else ""


def pod_failure(pod: Object, now: datetime) -> str:
    """Return why waiting for a pod cannot help, or an empty text while it may."""
    if not is_active(pod):
        return ""
    status, metadata = status_of(pod), pod.get("metadata") or {}
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        lasted = _lasted(scheduled.get("lastTransitionTime"), now, _LASTS_S["Unschedulable"])
        return f"pod {name_of(pod)}: {_said(scheduled)}" if lasted else ""
    since = status.get("startTime") or metadata.get("creationTimestamp")
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    for container in containers:
        why = _container_failure(container, since, now)
        if why:
            return f"pod {name_of(pod)}, container {container.get('name')}: {why}"
    return ""


def _container_failure(container: Object, since: Any, now: datetime) -> str:
    waiting = (container.get("state") or {}).get("waiting") or {}
    reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    for_good = reason in {"ImagePullBackOff", "ErrImagePull"} and any(word in message.lower() for word in _FOR_GOOD)
    crashing = reason == "CrashLoopBackOff" and int(container.get("restartCount") or 0) >= RESTARTS
    lasting = reason in _LASTS_S and _lasted(since, now, _LASTS_S[reason])
    if for_good or crashing or lasting or reason == "InvalidImageName":
        return one_line(f"{reason}: {message}" if message else reason, _TEXT_LIMIT)
    return ""


def _lasted(since: Any, now: datetime, seconds: float) -> bool:
    try:
        return isinstance(since, str) and (now - from_iso(since)).total_seconds() >= seconds
    except ValueError:
        return False
