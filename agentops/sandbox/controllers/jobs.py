"""The Job and CronJob controllers: pods that run to completion, again after failures, and on a schedule.

Comes in: Jobs, CronJobs and their pods. Goes out: pods, Jobs, status and events in the wording of kube-controller-
manager 1.32.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from agentops.core.schedules import next_run
from agentops.sandbox.controllers.admit import RETRY, make_pod, remove_pod
from agentops.sandbox.controllers.replicaset import new_pod
from agentops.sandbox.controllers.runtime import Controller, its_owner, itself, while_there
from agentops.sandbox.manifests import create_now
from agentops.sandbox.objects import (
    condition,
    condition_true,
    name_of,
    namespace_of,
    own,
    pod_active,
    pod_ready,
    set_condition,
    without_zeroes,
)
from agentops.sandbox.store import Obj, copy_json, key_of, timestamp
from agentops.sandbox.world import World, fresh, moment

_FIRST_RETRY_S, _LONGEST_RETRY_S = 10, 600
_JOB, _CRON = "job-controller", "cronjob-controller"


def controllers() -> tuple[Controller, ...]:
    """Return the control loops for Jobs and CronJobs."""
    return (
        Controller(name="job", watches={"Job": itself, "Pod": its_owner("Job")}, reconcile=while_there(_job)),
        Controller(
            name="cronjob", watches={"CronJob": itself, "Job": its_owner("CronJob")}, reconcile=while_there(_cronjob)
        ),
    )


def _job(world: World, live: Obj) -> datetime | None:
    if condition_true(live, "Complete") or condition_true(live, "Failed"):
        return _clean_up(world, live)
    status, spec = fresh(live), live["spec"]
    pods = world.owned(live, "Pod")
    counts = {phase: sum(_phase(pod) == phase for pod in pods) for phase in ("Succeeded", "Failed")}
    active = [pod for pod in pods if pod_active(pod)]
    verdict = _verdict(world, live, active, counts)
    if verdict:
        return _finish(world, live, pods, counts, verdict)
    if spec.get("suspend"):
        _suspend(world, live, active, status.get("conditions") or [])
        return None
    status.setdefault("startTime", world.stamp)
    wanted = min(spec.get("parallelism", 1), spec.get("completions", 1) - counts["Succeeded"])
    due = _retry_at(world, pods, counts["Failed"])
    if len(active) < wanted and (due is None or world.now >= due):
        due = _make(world, live, wanted - len(active))
        active = [pod for pod in world.owned(live, "Pod") if pod_active(pod)]
    _write_status(world, live, status, active, counts)
    deadline = spec.get("activeDeadlineSeconds")
    end = moment(status["startTime"], world.now) + timedelta(seconds=deadline) if deadline else None
    return min((at for at in (due, end) if at is not None and at > world.now), default=None)


def _suspend(world: World, live: Obj, active: list[Obj], conditions: list[Obj]) -> None:
    for pod in active:
        remove_pod(world, live, pod, _JOB)
    if condition(live, "Suspended") is None:
        world.event(live, "Normal", "Suspended", "Job suspended", _JOB)
    world.judge(conditions, "Suspended", "True", "JobSuspended", "Job suspended")
    world.set_status(live, {"conditions": conditions, "uncountedTerminatedPods": {}, "ready": 0})


def _phase(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def _verdict(world: World, live: Obj, active: list[Obj], counts: dict[str, int]) -> tuple[str, str, str] | None:
    """Return (type, reason, message) of the condition that ends the Job; None while it goes on."""
    spec = live["spec"]
    if counts["Succeeded"] >= spec.get("completions", 1):
        return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
    started = (live.get("status") or {}).get("startTime")
    deadline = spec.get("activeDeadlineSeconds")
    if started and deadline and world.now >= moment(started, world.now) + timedelta(seconds=deadline):
        return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
    restarts = sum(one.get("restartCount", 0) for pod in active for one in pod["status"].get("containerStatuses", []))
    on_failure = spec["template"]["spec"].get("restartPolicy") == "OnFailure"
    failures = counts["Failed"] + (restarts if on_failure else 0)
    if failures > spec.get("backoffLimit", 6):
        return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    return None


def _finish(
    world: World, live: Obj, pods: list[Obj], counts: dict[str, int], verdict: tuple[str, str, str]
) -> datetime | None:
    kind, reason, message = verdict
    for pod in pods:
        if pod_active(pod):
            remove_pod(world, live, pod, _JOB)
            counts["Failed"] += kind == "Failed"
    status = fresh(live)
    conditions = status.get("conditions") or []
    first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
    for one in (first, kind):
        found = {"type": one, "status": "True", "reason": reason, "message": message, "lastProbeTime": world.stamp}
        set_condition(conditions, found, world.now)
    status["conditions"] = conditions
    if kind == "Complete":
        status["completionTime"] = world.stamp
        world.event(live, "Normal", "Completed", "Job completed", _JOB)
    else:
        world.event(live, "Warning", reason, message, _JOB)
    _write_status(world, live, status, [], counts)
    return None


def _retry_at(world: World, pods: list[Obj], failed: int) -> datetime | None:
    """Return when a failed pod may be followed by another: 10 s after the last failure, doubling to 10 minutes."""
    if not failed:
        return None
    ends = [
        one["state"]["terminated"]["finishedAt"]
        for pod in pods
        if _phase(pod) == "Failed"
        for one in pod["status"].get("containerStatuses", [])
        if "terminated" in one["state"]
    ]
    wait_s = min(_FIRST_RETRY_S * 2 ** (failed - 1), _LONGEST_RETRY_S)
    return moment(max(ends, default=None), world.now) + timedelta(seconds=wait_s)


def _make(world: World, live: Obj, count: int) -> datetime | None:
    uid = live["metadata"]["uid"]
    labels = {"batch.kubernetes.io/job-name": name_of(live), "batch.kubernetes.io/controller-uid": uid}
    labels |= {"job-name": name_of(live), "controller-uid": uid}
    for _ in range(count):
        pod = new_pod(live, live["spec"]["template"], f"{name_of(live)}-{world.suffix()}", labels)
        if make_pod(world, live, pod, _JOB):
            return world.now + RETRY
    return None


def _write_status(world: World, live: Obj, status: Obj, active: list[Obj], counts: dict[str, int]) -> None:
    ready = sum(map(pod_ready, active))
    status |= {"active": len(active), "ready": ready, "succeeded": counts["Succeeded"], "failed": counts["Failed"]}
    status |= {"uncountedTerminatedPods": {}, "terminating": 0}
    world.set_status(live, without_zeroes(status, "uncountedTerminatedPods", "ready", "terminating"))


def _clean_up(world: World, live: Obj) -> datetime | None:
    lasts_s = live["spec"].get("ttlSecondsAfterFinished")
    if lasts_s is None:
        return None
    ended = max(one["lastTransitionTime"] for one in live["status"]["conditions"])
    due = moment(ended, world.now) + timedelta(seconds=lasts_s)
    if world.now < due:
        return due
    world.delete(live)
    return None


def _cronjob(world: World, live: Obj) -> datetime | None:
    jobs = world.owned(live, "Job")
    status = fresh(live)
    _forget_old(world, live, jobs)
    for job in jobs:
        if _ended(job) and any(one["name"] == name_of(job) for one in status.get("active") or []):
            kind = "Complete" if condition_true(job, "Complete") else "Failed"
            message = f"Saw completed job: {name_of(job)}, condition: {kind}"
            world.event(live, "Normal", "SawCompletedJob", message, _CRON)
            if kind == "Complete":
                status["lastSuccessfulTime"] = job["status"]["completionTime"]
    status["active"] = [_active_entry(job) for job in jobs if not _ended(job)]
    if live["spec"].get("suspend"):
        world.set_status(live, without_zeroes(status))
        return None
    since = moment(status.get("lastScheduleTime") or live["metadata"]["creationTimestamp"], world.now)
    due = next_run(live["spec"]["schedule"], since)
    if due is None:
        message = f"unparseable schedule: {live['spec']['schedule']!r}"
        world.event(live, "Warning", "UnparseableSchedule", message, _CRON)
        return None
    if world.now >= due:
        due = _run(world, live, status, due)
    world.set_status(live, without_zeroes(status))
    return due


def _ended(job: Obj) -> bool:
    return condition_true(job, "Complete") or condition_true(job, "Failed")


def _active_entry(job: Obj) -> dict[str, Any]:
    entry = {"apiVersion": "batch/v1", "kind": "Job", "name": name_of(job), "namespace": namespace_of(job)}
    return {**entry, "uid": job["metadata"]["uid"]}


def _run(world: World, live: Obj, status: Obj, due: datetime) -> datetime | None:
    """Start the Job of the latest run that is due, unless the concurrency policy forbids it."""
    schedule = live["spec"]["schedule"]
    while (following := next_run(schedule, due)) is not None and following <= world.now:
        due = following
    if live["spec"].get("concurrencyPolicy") == "Forbid" and status["active"]:
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        world.event(live, "Normal", "JobAlreadyActive", message, _CRON)
        return following
    template = live["spec"]["jobTemplate"]
    name = f"{name_of(live)}-{int(due.timestamp() // 60)}"
    stamp = {"batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(due)}
    given = template.get("metadata") or {}
    metadata: dict[str, Any] = {"name": name, "namespace": namespace_of(live), "ownerReferences": own(live)}
    metadata |= {"labels": given.get("labels") or {}, "annotations": {**(given.get("annotations") or {}), **stamp}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": copy_json(template["spec"])}
    job = create_now(job, world.store)
    world.event(live, "Normal", "SuccessfulCreate", f"Created job {name}", _CRON)
    status |= {"lastScheduleTime": timestamp(due), "active": [*status["active"], _active_entry(job)]}
    return following


def _forget_old(world: World, live: Obj, jobs: list[Obj]) -> None:
    for kind, field, default in (
        ("Complete", "successfulJobsHistoryLimit", 3),
        ("Failed", "failedJobsHistoryLimit", 1),
    ):
        ended = [job for job in jobs if condition_true(job, kind)]
        ended.sort(key=lambda job: str(job["metadata"]["creationTimestamp"]))
        for job in ended[: max(len(ended) - live["spec"].get(field, default), 0)]:
            world.delete(world.store.peek(key_of(job)) or job)
