"""Deployments, StatefulSets, DaemonSets and ReplicaSets that lack pods: symptoms, so that a cause has what to explain.

None of these is a root cause by itself, except a workload that was scaled to zero or paused by somebody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.reachability import is_parked
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.creation import REPLICA_SET_FAILING
from agentops.providers.kubernetes.analyzers.declaration import OWNER, PATCH, analyzer, exact, symptom
from agentops.providers.kubernetes.objects.event import ObjectEvent
from agentops.providers.kubernetes.objects.fields import (
    condition,
    flag,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    number,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready, unready_since
from agentops.providers.kubernetes.objects.revisions import newest_first, revision_of
from agentops.providers.kubernetes.objects.selectors import contains
from agentops.providers.kubernetes.objects.unwritten import has_status
from agentops.providers.kubernetes.objects.workloads import ordinal_of, wanted_pods

NAME = "workloads"
_LATELY = timedelta(days=1)
_STARTING = timedelta(seconds=90)


@analyzer(
    NAME,
    symptom("DeploymentUnavailable", OWNER, "a Deployment has fewer ready pods than it wants"),
    symptom("StatefulSetUnavailable", OWNER, "a StatefulSet has fewer ready pods than it wants"),
    symptom("DaemonSetUnavailable", OWNER, "a DaemonSet is not ready on every node"),
    symptom("ProgressDeadlineExceeded", OWNER, "a rollout made no progress in time"),
    exact("DeploymentPaused", "Deployment", "a rollout is paused half-way", remedies=(PATCH,)),
    exact(
        "ScaledToZero", "Deployment", "it has 0 replicas while a Service leads to it", remedies=("kubernetes_scale",)
    ),
    also=(REPLICA_SET_FAILING,),
)
def workloads(graph: Graph) -> Iterable[Problem]:
    """Return the workloads that have fewer ready pods than they ask for, or whose rollout does not get on."""
    for deployment in graph.of("Deployment"):
        yield from _deployment(graph, deployment)
    for kind, condition_name in (("StatefulSet", "StatefulSetUnavailable"), ("ReplicaSet", "ReplicaSetFailing")):
        for obj in graph.of(kind):
            if graph.owner(obj) is None or kind == "StatefulSet":
                yield from _replicas(graph, obj, condition_name)
    for daemon_set in graph.of("DaemonSet"):
        yield from _daemon_set(graph, daemon_set)


def _deployment(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    progressing = condition(obj, "Progressing")
    if text(progressing, "reason") == "ProgressDeadlineExceeded":
        message = text(progressing, "message")
        yield Problem(
            resource=graph.ref(obj),
            condition="ProgressDeadlineExceeded",
            summary=f"{subject(key_of(obj))}: its rollout made no progress in time: {quoted(message)}",
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(quote(graph, obj, "status.conditions[Progressing].message", message),),
            since=moment(progressing, "lastTransitionTime"),
            advice="Find out why the new pods do not become ready; undo the rollout if it cannot be cured.",
            root=False,
        )
    yield from _paused(graph, obj)
    yield from _scaled_to_zero(graph, obj)
    yield from _replicas(graph, obj, "DeploymentUnavailable")


def _replicas(graph: Graph, obj: dict[str, Any], name: str) -> Iterator[Problem]:
    # What nobody has counted is no zero: a plain manifest, or a file of one, says what is wanted and nothing else.
    if not has_status(obj):
        return
    wanted, ready = wanted_pods(obj), number(obj, "status", "readyReplicas")
    if ready >= wanted or _is_starting(graph, obj):
        return
    key = key_of(obj)
    pods = graph.pods_of(key)
    created = number(obj, "status", "replicas", default=len(pods))
    facts = [
        quote(graph, obj, "spec.replicas", wanted),
        quote(graph, obj, "status.readyReplicas", ready),
    ]
    summary = f"{subject(key)}: {ready} of {plural(wanted, 'pod')} ready"
    if created < wanted:
        summary += f", only {created} exist"
        facts.append(quote(graph, obj, "status.replicas", created))
    stuck = _first_unready(pods) if key[0] == "StatefulSet" else ""
    if stuck:
        summary += f"; {stuck} is not ready" + (", and the pods after it wait for it" if wanted > 1 else "")
    yield Problem(
        resource=graph.ref(obj),
        condition=name,
        summary=summary,
        severity=Severity.CRITICAL if ready == 0 else Severity.HIGH,
        analyzer=NAME,
        facts=tuple(facts),
        since=_unavailable_since(obj, pods),
        affects=(),
        advice="Look at why its pods are not ready.",
        root=False,
    )


def _is_starting(graph: Graph, obj: dict[str, Any]) -> bool:
    """A workload that was made or rolled out a moment ago is busy, not broken."""
    created = moment(obj, "metadata", "creationTimestamp")
    if created is not None and graph.now - created < _STARTING:
        return True
    progressing = condition(obj, "Progressing")
    if text(progressing, "reason") not in ("ReplicaSetUpdated", "NewReplicaSetCreated", "FoundNewReplicaSet"):
        return False
    updated = moment(progressing, "lastUpdateTime")
    available = text(condition(obj, "Available"), "status") == "True"
    return available and updated is not None and graph.now - updated < _STARTING


def _unavailable_since(obj: dict[str, Any], pods: list[dict[str, Any]]) -> Any:
    available = condition(obj, "Available")
    if text(available, "status") == "False":
        return moment(available, "lastTransitionTime")
    return unready_since(pods)


def _first_unready(pods: list[dict[str, Any]]) -> str:
    for pod in sorted(pods, key=ordinal_of):
        if not is_ready(pod):
            return name_of(pod)
    return ""


def _paused(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    updated, total = number(obj, "status", "updatedReplicas"), wanted_pods(obj)
    if not flag(obj, "spec", "paused") or updated >= total or not has_status(obj):
        return
    well = not updated or _updated_pods_are_ready(graph, obj)
    yield Problem(
        resource=graph.ref(obj),
        condition="DeploymentPaused",
        summary=f"{subject(key_of(obj))}: its rollout is paused with {updated} of {plural(total, 'pod')} updated",
        severity=Severity.WARNING,
        analyzer=NAME,
        facts=(quote(graph, obj, "spec.paused", value=True), quote(graph, obj, "status.updatedReplicas", updated)),
        since=moment(condition(obj, "Progressing"), "lastUpdateTime"),
        remedies=(_resumed(graph, obj, updated),) if well else (),
        advice="Resume the rollout, or undo it."
        if well
        else "The pods of its new template are not ready: correct the template before it is resumed.",
    )


def _resumed(graph: Graph, obj: dict[str, Any], updated: int) -> Change:
    """Return the change that lets a paused rollout go on, which whoever paused it may still have had a reason for."""
    reason = f"spec.paused is true since the rollout reached {plural(updated, 'pod')}, so the others stay as they were"
    arguments = {"path": "spec.paused", "old": True, "new": False}
    return Change(tool="kubernetes_patch", target=graph.ref(obj), arguments=arguments, reason=reason)


def _updated_pods_are_ready(graph: Graph, obj: dict[str, Any]) -> bool:
    """Return whether no pod of the newest template is unwell: what is resumed spreads it."""
    own = [child for child in graph.children.get(key_of(obj), ()) if text(child, "kind") == "ReplicaSet"]
    newest = newest_first(map(revision_of, own))
    names = {newest[0].name} if newest else set()
    pods = [pod for pod in graph.pods_of(key_of(obj)) if (graph.owner(pod) or ("", "", ""))[2] in names]
    return bool(names) and all(is_ready(pod) for pod in pods)


def _scaled_to_zero(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    """Zero replicas is a choice; it is a problem only when a Service still sends traffic there."""
    if wanted_pods(obj) != 0 or graph.pods_of(key_of(obj)) or not graph.was_read("Pod", namespace_of(obj)):
        return
    labels = mapping(obj, "spec", "template", "metadata", "labels")
    namespace = namespace_of(obj)
    services = [
        service
        for service in graph.in_namespace("Service", namespace)
        if (selector := mapping(service, "spec", "selector"))
        and contains(labels, selector)
        and not graph.pods_labelled(namespace, selector)
    ]
    if not services:
        return
    events = graph.events(key_of(obj), "ScalingReplicaSet")
    yield Problem(
        resource=graph.ref(obj),
        condition="ScaledToZero",
        summary=f"{subject(key_of(obj))}: scaled to 0 replicas while Service {name_of(services[0])} leads to it",
        severity=Severity.WARNING if is_parked(graph, key_of(obj), map(key_of, services)) else Severity.HIGH,
        analyzer=NAME,
        facts=(
            quote(graph, obj, "spec.replicas", 0),
            *(quote(graph, event.event, "message", event.message) for event in events[-1:]),
        ),
        affects=tuple(graph.ref(service) for service in services),
        since=events[-1].last if events else None,
        remedies=_back_up(graph, obj, events),
        advice="Ask who scaled it down; scale it up when that was not on purpose.",
    )


_SCALED_DOWN = re.compile(r"[Ss]caled down replica set \S+ from (\d{1,4}) to 0\b")


def _back_up(graph: Graph, obj: dict[str, Any], events: list[ObjectEvent]) -> tuple[Change, ...]:
    """Return the change back to as many pods as there were, where an event of the last day says how many."""
    last = events[-1] if events else None
    match = _SCALED_DOWN.search(last.message) if last is not None else None
    if match is None or last is None or last.last is None or graph.now - last.last > _LATELY:
        return ()
    change = Change(
        tool="kubernetes_scale",
        target=graph.ref(obj),
        arguments={"replicas": int(match.group(1))},
        reason=f"it was scaled down from {match.group(1)} to 0, and a Service leads to it",
    )
    return (change,)


def _daemon_set(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    wanted, ready = number(obj, "status", "desiredNumberScheduled"), number(obj, "status", "numberReady")
    if ready >= wanted or _is_starting(graph, obj):
        return
    key = key_of(obj)
    nodes = sorted({text(pod, "spec", "nodeName") for pod in graph.pods_of(key) if not is_ready(pod)} - {""})
    where = f" (not on {', '.join(nodes[:5])})" if nodes else ""
    yield Problem(
        resource=graph.ref(obj),
        condition="DaemonSetUnavailable",
        summary=f"{subject(key)}: {ready} of {plural(wanted, 'pod')} ready{where}",
        severity=Severity.CRITICAL if ready == 0 else Severity.HIGH,
        analyzer=NAME,
        facts=(
            quote(graph, obj, "status.desiredNumberScheduled", wanted),
            quote(graph, obj, "status.numberReady", ready),
        ),
        since=_unavailable_since(obj, graph.pods_of(key)),
        advice="Look at why its pods are not ready on those nodes.",
        root=False,
    )
