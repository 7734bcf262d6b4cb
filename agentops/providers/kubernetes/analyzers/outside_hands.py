"""What others do to a workload: an automation that changes it, a young Job that floods it, a pod that pushes it off.

The workload is the victim then, and whatever its own pods show is an effect. Each needs a proof of its own: the value
that an automation writes, the Service that a Job names, the event of the preemption.
Source: kube-scheduler's ``Preempted`` event (pkg/scheduler/framework/preemption).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.reachability import backing_workloads, needs_of
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analysis.rollouts import last_change
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact, vague
from agentops.providers.kubernetes.objects.event import ObjectEvent, event_of
from agentops.providers.kubernetes.objects.fields import (
    Key,
    containers_of,
    flag,
    items,
    key_of,
    moment,
    number,
    pod_spec,
    strings,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_active

NAME = "outside_hands"
_HOUR = timedelta(hours=1)
_BEFORE = timedelta(minutes=15)
_WRITES = re.compile(
    r"(?i)\b(?:patch|set (?:resources|image|env)|scale|edit|apply|replace|annotate|rollout|helm upgrade)\b"
)
_SHORTEST_VALUE = 3
_WORD = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")


@analyzer(
    NAME,
    exact(
        "AutomationChanges",
        "CronJob",
        "it writes the very value into a workload that the workload's last rollout brought",
        Trait.BRINGS_ABOUT,
        remedies=("kubernetes_suspend_cronjob",),
    ),
    exact(
        "Preempted",
        "PriorityClass or workload",
        "pods of higher priority pushed pods off their node",
        Trait.BRINGS_ABOUT,
    ),
    vague(
        "LoadFromNeighbour",
        "Job",
        "a Job that began just before asks the Service whose pods run out of memory",
        Trait.BRINGS_ABOUT,
        Trait.SELF_CONTAINED,
    ),
)
def outside_hands(graph: Graph) -> Iterable[Problem]:
    """Return what workloads suffer from others."""
    yield from _automations(graph)
    yield from _preemptions(graph)
    yield from _floods(graph)


def _words_of(workload: dict[str, Any]) -> str:
    """Return everything that a workload's containers are told: commands, arguments, values."""
    parts: list[str] = []
    for _, container in containers_of(pod_spec(workload)):
        parts += [*strings(container, "command"), *strings(container, "args")]
        parts += [text(entry, "value") for entry in items(container, "env")]
    return "\n".join(parts)[:20_000]


def _automations(graph: Graph) -> Iterator[Problem]:
    # By each word that a writer is told: a cluster has many CronJobs and many workloads, and few pairs of them.
    writers: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for obj in graph.of("CronJob"):
        # One that is suspended writes nothing any more: what it wrote last is for the rollout's own story.
        if not flag(obj, "spec", "suspend") and _WRITES.search(words := _words_of(obj)):
            for word in set(_WORD.findall(words)):
                writers.setdefault(word, []).append((obj, words))
    for workload in graph.workloads:
        key = key_of(workload)
        if key[0] not in ("Deployment", "StatefulSet", "DaemonSet"):
            continue
        mine = writers.get(key[2], [])
        delta = last_change(graph, key, not_before=graph.now - 24 * _HOUR) if mine else None
        if delta is None or delta.at is None:
            continue
        for obj, words in mine:
            written = [edit for edit in delta.edits if len(edit.after) >= _SHORTEST_VALUE and edit.after in words]
            made = moment(obj, "metadata", "creationTimestamp")
            if not written or (made is not None and made > delta.at):
                continue
            last = moment(obj, "status", "lastScheduleTime")
            yield Problem(
                resource=graph.ref(obj),
                condition="AutomationChanges",
                summary=f"{subject(key_of(obj))}: writes {written[0].after} into {subject(key)}, as revision "
                f"{delta.revision} {age(delta.at, graph.now)} ago brought it ({written[0]}); it runs by schedule "
                f"{text(obj, 'spec', 'schedule')!r}" + (f", last {age(last, graph.now)} ago" if last else ""),
                severity=Severity.HIGH,
                analyzer=NAME,
                facts=(
                    quote(graph, obj, "spec.jobTemplate (what its containers are told)", quoted(words, 300)),
                    quote(graph, key, f"revision {delta.revision}", str(written[0])),
                ),
                affects=(graph.ref_of(key),),
                since=delta.at,
                remedies=(
                    Change(
                        tool="kubernetes_suspend_cronjob",
                        target=graph.ref(obj),
                        arguments={},
                        reason=f"it writes {written[0].after} into {subject(key)} again with each run",
                    ),
                ),
                advice=f"Suspend or correct {subject(key_of(obj))} first: whatever is put right in "
                f"{subject(key)} is overwritten by its next run.",
            )
            break


def _preemptions(graph: Graph) -> Iterator[Problem]:
    found: dict[Key, ObjectEvent] = {}
    for raw in graph.of("Event"):
        if text(raw, "reason") != "Preempted":
            continue
        event = event_of(raw)
        if event.last is not None and graph.now - event.last <= _HOUR:
            victim = _workload_of(graph, event.about)
            if victim is not None:
                found[victim] = event
    for victim, event in found.items():
        pusher = _pusher(graph, victim, event)
        if pusher is None:
            continue
        class_name = text(pusher, "spec", "priorityClassName")
        resource = graph.workload(pusher)
        if class_name and graph.find("PriorityClass", "", class_name) is not None:
            resource = ("PriorityClass", "", class_name)
        yield Problem(
            resource=graph.ref_of(resource),
            condition="Preempted",
            summary=f"{subject(resource)}: pods of {subject(graph.workload(pusher))} (priority "
            f"{number(pusher, 'spec', 'priority')}{f', class {class_name}' if class_name else ''}) pushed pods of "
            f"{subject(victim)} off node {text(pusher, 'spec', 'nodeName')}",
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(
                quote(graph, event.event, "message", event.message),
                quote(graph, pusher, "spec.priority", number(pusher, "spec", "priority")),
            ),
            affects=(graph.ref_of(victim),),
            since=event.first,
            advice="Give the workload that matters a priority of its own, or room for both.",
        )


def _workload_of(graph: Graph, about: Key) -> Key | None:
    """Return the workload of a pod that may be gone: its ReplicaSet's name is what the pod's begins with."""
    pod = graph.get(about)
    if pod is not None:
        return graph.workload(pod)
    stem = about[2].rpartition("-")[0]
    owner = graph.find("ReplicaSet", about[1], stem)
    if owner is not None:
        return graph.top_of(owner)
    return next((key for kind in ("StatefulSet", "Job") if graph.get(key := (kind, about[1], stem)) is not None), None)


_NODE = re.compile(r"\bon node ([\w.-]{1,253})")
_UID = re.compile(r"\bby (?:pod )?([0-9a-f-]{36})")


def _pusher(graph: Graph, victim: Key, event: ObjectEvent) -> dict[str, Any] | None:
    """Return the pod that took the place: by its uid, else the one of higher priority that came to that node then."""
    uid, node = _UID.search(event.message), _NODE.search(event.message)
    ours = max((number(pod, "spec", "priority") for pod in graph.pods_of(victim)), default=0)
    there = [
        pod
        for pod in (graph.pods_by_node.get(node.group(1), ()) if node else graph.of("Pod"))
        if is_active(pod) and number(pod, "spec", "priority") > ours and graph.workload(pod) != victim
    ]
    by_uid = [pod for pod in there if uid and text(pod, "metadata", "uid") == uid.group(1)]
    near = [pod for pod in there if _is_about(moment(pod, "metadata", "creationTimestamp"), event.first)]
    return next(iter((*by_uid, *near)), None)


def _is_about(made: datetime | None, when: datetime | None) -> bool:
    return made is not None and when is not None and abs(when - made) <= _BEFORE


def _floods(graph: Graph) -> Iterator[Problem]:
    """A victim of a flood is a workload of long standing that is OOMKilled without a rollout of its own."""
    killed = {graph.workload(pod) for pod in graph.unwell_pods if _was_killed(pod)}
    for job in graph.of("Job") if killed else ():
        made = moment(job, "metadata", "creationTimestamp")
        if made is None or graph.now - made > _HOUR or graph.owner(job) is not None:
            continue
        for victim in _asked(graph, job) & killed:
            first = _first_kill(graph, victim)
            rolled = last_change(graph, victim, not_before=graph.now - 12 * _HOUR)
            if first is None or not made <= first <= made + _BEFORE or (rolled is not None and rolled.edits):
                continue
            yield Problem(
                resource=graph.ref(job),
                condition="LoadFromNeighbour",
                summary=f"{subject(key_of(job))}: began {age(made, graph.now)} ago and asks {subject(victim)}, which "
                f"is killed for its memory since {age(first, graph.now)} ago, and was not changed",
                severity=Severity.HIGH,
                analyzer=NAME,
                facts=(
                    quote(graph, job, "metadata.creationTimestamp", text(job, "metadata", "creationTimestamp")),
                    quote(graph, job, "spec.template (what its containers are told)", quoted(_words_of(job), 300)),
                ),
                affects=(graph.ref_of(victim),),
                since=made,
                advice=f"Ask who started {subject(key_of(job))}; suspend it, and see whether the kills stop.",
            )


def _asked(graph: Graph, job: dict[str, Any]) -> set[Key]:
    needs = [need.service for need in needs_of(graph, key_of(job)) if need.service is not None]
    return {workload for service in needs for workload in backing_workloads(graph, service)}


def _was_killed(pod: dict[str, Any]) -> bool:
    return any(
        text(status, state, "terminated", "reason") == "OOMKilled"
        for status in items(pod, "status", "containerStatuses")
        for state in ("state", "lastState")
    )


def _first_kill(graph: Graph, victim: Key) -> datetime | None:
    """Return when the kills began: the first back-off, else the last end of a container that was killed once."""
    pods = graph.pods_of(victim)
    times = [event.first for event in graph.events_of_all(map(key_of, pods), "BackOff") if event.first]
    times += [
        ended
        for pod in pods
        for status in items(pod, "status", "containerStatuses")
        for state in ("state", "lastState")
        if (ended := moment(status, state, "terminated", "finishedAt"))
    ]
    return min(times, default=None)
