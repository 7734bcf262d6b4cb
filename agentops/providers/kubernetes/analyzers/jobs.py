"""Jobs that failed, ran out of time or are held; CronJobs that are suspended, mistyped or late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.core.schedules import longest_gap, schedule_fault
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.containers import container_views
from agentops.providers.kubernetes.analysis.environment import missing_variable
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import clues, last_error
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import PATCH, analyzer, exact, information, vague
from agentops.providers.kubernetes.analyzers.images import repository
from agentops.providers.kubernetes.objects.fields import (
    at,
    condition,
    flag,
    items,
    key_of,
    moment,
    namespace_of,
    number,
    text,
)

NAME = "jobs"
_OLD = timedelta(days=2)
_HELD = timedelta(minutes=5)
_SLACK = timedelta(minutes=2)


@analyzer(
    NAME,
    vague("JobFailed", "Job", "a Job gave up", Trait.TELLING, remedies=(PATCH,)),
    vague("JobDeadlineExceeded", "Job", "a Job ran longer than it may", Trait.TELLING, remedies=(PATCH,)),
    information("OutdatedRunFailed", "Job", "a run failed of a template that its CronJob has no more"),
    exact("JobSuspended", "Job", "a Job is suspended", remedies=(PATCH,)),
    exact("JobHeldBySidecar", "Job or CronJob", "the work is done, and another container keeps the pod running"),
    exact("CronJobSuspended", "CronJob", "it is suspended, so nothing runs", remedies=("kubernetes_resume_cronjob",)),
    exact("CronJobInvalidSchedule", "CronJob", "its schedule cannot be read"),
    vague("CronJobMissedRuns", "CronJob", "its schedule is not kept"),
)
def jobs(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with Jobs and CronJobs."""
    superseded = _superseded(graph)
    for job in graph.of("Job"):
        if key_of(job) not in superseded:
            yield from _job(graph, job)
    yield from _held(graph)
    for cron_job in graph.of("CronJob"):
        yield from _cron_job(graph, cron_job)


def _held(graph: Graph) -> Iterator[Problem]:
    """Yield Jobs that do not complete since one container of a pod ended well and another goes on.

    Source: a pod has succeeded when all its containers have; a sidecar among the init containers (``restartPolicy:
    Always``) does not count, which is the cure.
    """
    held: dict[tuple[str, str, str], list[tuple[dict[str, Any], str, str, datetime]]] = {}
    for pod in graph.of("Pod"):
        owner = graph.owner(pod)
        if owner is None or owner[0] != "Job" or text(pod, "status", "phase") != "Running":
            continue
        views = [
            view
            for view in container_views(pod)
            if not view.is_init and view.container in items(pod, "spec", "containers")
        ]
        done = [
            view
            for view in views
            if view.ended_at and text(view.status, "state", "terminated", "reason") == "Completed"
        ]
        running = [view for view in views if view.running]
        if not done or not running or any(number(view.last_end, "exitCode") for view in done):
            continue
        ended = max(view.ended_at for view in done if view.ended_at)
        if graph.now - ended >= _HELD:
            held.setdefault(graph.workload(pod), []).append((pod, done[0].name, running[0].name, ended))
    for key, found in held.items():
        pod, done_name, running_name, ended = min(found, key=lambda one: one[3])
        yield Problem(
            resource=graph.ref_of(key),
            condition="JobHeldBySidecar",
            summary=f"{subject(key)}: container {done_name} of pod {text(pod, 'metadata', 'name')} completed "
            f"{age(ended, graph.now)} ago, and container {running_name} goes on, so the Job never completes"
            + (f"; so do {plural(len(found) - 1, 'other run')}" if len(found) > 1 else ""),
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(
                quote(graph, pod, f"status.containerStatuses[{done_name}].state.terminated.reason", "Completed"),
                quote(graph, pod, f"status.containerStatuses[{running_name}].state", "running"),
            ),
            affects=tuple(dict.fromkeys(graph.ref_of(owner) for one in found if (owner := graph.owner(one[0])))),
            since=ended,
            advice=f"Make {running_name} a sidecar (an init container with restartPolicy: Always), or let it end "
            f"with {done_name}.",
        )


def _superseded(graph: Graph) -> set[tuple[str, str, str]]:
    """Failed runs that a later run made good: of the same CronJob, or of another Job that does the same work."""
    found = set()
    for cron_job in graph.of("CronJob"):
        found |= _made_good([job for job in graph.children.get(key_of(cron_job), ()) if text(job, "kind") == "Job"])
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for job in graph.of("Job"):
        if graph.owner(job) is None:
            alike.setdefault((namespace_of(job), _work(job)), []).append(job)
    for runs in alike.values():
        found |= _made_good(runs)
    return found


def _made_good(runs: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    good = [moment(job, "status", "startTime") for job in runs if _is_complete(job)]
    last_good = max((time for time in good if time), default=None)
    started = {key_of(job): moment(job, "status", "startTime") for job in runs}
    return {key for key, time in started.items() if last_good and time and time < last_good}


def _is_complete(job: dict[str, Any]) -> bool:
    return condition(job, "Complete").get("status") == "True"


def _work(job: dict[str, Any]) -> str:
    """Return what a Job does, so that two that do the same compare equal: all but versions, sizes and names of runs."""
    template = at(job, "spec", "template", "spec")
    work = [
        [repository(text(one, "image"))] + [at(one, field) for field in ("name", "command", "args", "env", "envFrom")]
        for one in items(template, "containers")
    ]
    return json.dumps(work, sort_keys=True, default=str)


def _job(graph: Graph, job: dict[str, Any]) -> Iterator[Problem]:
    failed = condition(job, "Failed")
    if text(failed, "status") == "True":
        since = moment(failed, "lastTransitionTime")
        if since is None or graph.now - since <= _OLD:
            yield _failed(graph, job, failed, since)
    elif flag(job, "spec", "suspend") and graph.owner(job) is None:
        yield Problem(
            resource=graph.ref(job),
            condition="JobSuspended",
            summary=f"{subject(key_of(job))}: suspended, it does not run",
            severity=Severity.WARNING,
            analyzer=NAME,
            facts=(quote(graph, job, "spec.suspend", value=True),),
            since=moment(condition(job, "Suspended"), "lastTransitionTime"),
            remedies=_resumed(graph, job),
            advice="Set spec.suspend to false when it should run.",
        )


_QUEUE = "kueue.x-k8s.io/queue-name"
"""A Job of a queue is held and let go by the queue's controller."""


def _resumed(graph: Graph, job: dict[str, Any]) -> tuple[Change, ...]:
    if text(job, "metadata", "labels", _QUEUE):
        return ()
    arguments = {"path": "spec.suspend", "old": True, "new": False}
    reason = "spec.suspend is true, so no pod is made"
    return (Change(tool="kubernetes_patch", target=graph.ref(job), arguments=arguments, reason=reason),)


def _failed(graph: Graph, job: dict[str, Any], failed: dict[str, Any], since: datetime | None) -> Problem:
    reason = text(failed, "reason")
    late = reason == "DeadlineExceeded"
    facts = [quote(graph, job, "status.conditions[Failed].reason", reason)]
    facts.append(quote(graph, job, "status.conditions[Failed].message", text(failed, "message")))
    words = f"failed ({reason}): {quoted(text(failed, 'message'))}"
    if late:
        words = f"ran longer than its {number(job, 'spec', 'activeDeadlineSeconds')}s and was stopped"
    elif reason == "BackoffLimitExceeded":
        words = f"gave up after {plural(number(job, 'status', 'failed'), 'failed pod')}"
        words += f" (backoffLimit {number(job, 'spec', 'backoffLimit', default=6)})"
    last_words, more = _last_words(graph, job)
    began = moment(job, "status", "startTime")
    name = "JobDeadlineExceeded" if late else "JobFailed"
    owner = graph.owner(job)
    if owner and owner[0] == "CronJob" and graph.top_of(job) != owner:
        return Problem(
            resource=graph.ref(job),
            condition="OutdatedRunFailed",
            summary=f"{subject(key_of(job))}: {words}{last_words}; the template of {subject(owner)} was changed since",
            severity=Severity.INFO,
            analyzer=NAME,
            facts=(*facts, *more),
            since=began or since,
            advice="The next run shows whether that cured it.",
            root=False,
        )
    origin = (
        blame(graph, owner, jobs.condition(name), since=began or since) if owner and owner[0] == "CronJob" else None
    )
    if origin:
        last_words += f"; {origin.clause}"
    return Problem(
        resource=graph.ref(job),
        condition=name,
        summary=f"{subject(key_of(job))}: {words}{last_words}",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=(*facts, *more),
        affects=(graph.ref_of(owner),) if owner else (),
        since=began or since,
        remedies=origin.remedies if origin else (),
        advice="Correct what its log names, then run it again."
        if not late
        else "Find out what made it slow, or allow it more time.",
    )


def _last_words(graph: Graph, job: dict[str, Any]) -> tuple[str, list[Fact]]:
    """Return how the Job's pods ended, with the exit code and the last error line."""
    words, facts = "", []
    for pod in graph.pods_of(graph.top_of(job)):
        if graph.owner(pod) != key_of(job):
            continue
        for view in container_views(pod):
            if not view.last_end or number(view.last_end, "exitCode") == 0:
                continue
            tails = graph.logs(pod, view.name)
            code, error = number(view.last_end, "exitCode"), last_error(tails)
            variable = missing_variable(graph, pod, view, clues(tails))
            words = f"; {view.label} ends with exit code {code}"
            words += f"; {variable.words}" if variable else ""
            facts = [quote(graph, pod, f"{view.end_path}.exitCode", code)]
            if error:
                words += f"; its log ends with: {error}"
                facts.append(quote(graph, pod, f"log[{view.name}]", error))
                return words, facts
    return words, facts


def _cron_job(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    schedule, key = text(obj, "spec", "schedule"), key_of(obj)
    fault = schedule_fault(schedule)
    last = moment(obj, "status", "lastScheduleTime") or moment(obj, "metadata", "creationTimestamp")
    ref = graph.ref(obj)
    seen = (
        f", last run {age(last, graph.now)} ago"
        if moment(obj, "status", "lastScheduleTime") and last
        else ", never run"
    )
    if fault:
        yield Problem(
            resource=ref,
            condition="CronJobInvalidSchedule",
            summary=f"{subject(key)}: schedule {quoted(schedule, 60)!r} cannot be read: {fault}",
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(quote(graph, obj, "spec.schedule", schedule),),
            advice="Correct spec.schedule.",
        )
    elif flag(obj, "spec", "suspend"):
        gap = longest_gap(schedule)
        overdue = "status" in obj and gap is not None and last is not None and graph.now - last > gap + _SLACK
        yield Problem(
            resource=ref,
            condition="CronJobSuspended",
            summary=f"{subject(key)}: suspended, schedule {schedule!r} starts nothing{seen}",
            severity=Severity.HIGH if overdue else Severity.WARNING,
            analyzer=NAME,
            facts=(quote(graph, obj, "spec.suspend", value=True), quote(graph, obj, "spec.schedule", schedule)),
            since=last + gap if overdue and last and gap else None,
            remedies=(
                Change(
                    tool="kubernetes_resume_cronjob",
                    target=ref,
                    arguments={"suspend": False},
                    reason="spec.suspend is true, so no run is started",
                ),
            ),
            advice="Resume it when the suspension was not on purpose.",
        )
    else:
        yield from _late(graph, obj, schedule, last)


def _late(graph: Graph, obj: dict[str, Any], schedule: str, last: datetime | None) -> Iterator[Problem]:
    gap = longest_gap(schedule)
    missed = graph.events(key_of(obj), "FailedNeedsStart", "MissSchedule", "TooManyMissedTimes")
    # A cluster always writes a status, if an empty one; without it, when it ran last is not known.
    overdue = "status" in obj and gap is not None and last is not None and graph.now - last > 2 * gap + _SLACK
    negative = number(obj, "spec", "startingDeadlineSeconds") < 0
    if not (overdue or missed or negative):
        return
    facts = [quote(graph, obj, "spec.schedule", schedule)]
    words = f"schedule {schedule!r} is not kept"
    if last is not None:
        words += f", last run {age(last, graph.now)} ago"
        facts.append(quote(graph, obj, "status.lastScheduleTime", text(obj, "status", "lastScheduleTime") or "never"))
    active = [text(entry, "name") for entry in items(obj, "status", "active")]
    if active and text(obj, "spec", "concurrencyPolicy") == "Forbid":
        words += f"; run {active[0]} is still active and concurrencyPolicy is Forbid"
        facts.append(quote(graph, obj, "status.active", active[0]))
    if negative:
        facts.append(quote(graph, obj, "spec.startingDeadlineSeconds", number(obj, "spec", "startingDeadlineSeconds")))
        words += "; startingDeadlineSeconds is negative"
    facts += [quote(graph, event.event, "message", event.message) for event in missed[-1:]]
    yield Problem(
        resource=graph.ref(obj),
        condition="CronJobMissedRuns",
        summary=f"{subject(key_of(obj))}: {words}",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=tuple(facts),
        affects=tuple(graph.ref_of(("Job", namespace_of(obj), name)) for name in active),
        since=last + gap if last and gap else None,
        advice="Look at the active run, at startingDeadlineSeconds and at the controller manager.",
    )
