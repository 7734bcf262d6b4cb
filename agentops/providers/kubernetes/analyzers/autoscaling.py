"""HorizontalPodAutoscalers that are at their maximum while more is wanted, or that cannot scale at all.

Source: autoscaling/v2 conditions AbleToScale, ScalingActive, ScalingLimited and their reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, vague
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    items,
    key_of,
    mapping,
    moment,
    namespace_of,
    number,
    scalar,
    text,
)
from agentops.providers.kubernetes.objects.suggestions import likeness

NAME = "autoscaling"


@analyzer(
    NAME,
    vague(
        "HpaAtMaximum",
        "HorizontalPodAutoscaler",
        "it wants more than its maximum",
        Trait.BYSTANDER,
        Trait.SELF_CONTAINED,
        Trait.TELLING,
    ),
    vague(
        "HpaCannotScale",
        "HorizontalPodAutoscaler",
        "it has no target or no metric",
        Trait.BYSTANDER,
        Trait.SELF_CONTAINED,
    ),
)
def autoscaling(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with autoscalers."""
    for autoscaler in graph.of("HorizontalPodAutoscaler"):
        yield from _autoscaler(graph, autoscaler)


def target_of(autoscaler: dict[str, Any]) -> Key:
    """Return the identity of what the autoscaler scales."""
    kind, name = text(autoscaler, "spec", "scaleTargetRef", "kind"), text(autoscaler, "spec", "scaleTargetRef", "name")
    return kind, namespace_of(autoscaler), name


def _autoscaler(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    target = target_of(obj)
    known_kind = target[0] in ("Deployment", "StatefulSet", "ReplicaSet")
    if known_kind and graph.was_read(target[0], target[1]) and graph.get(target) is None:
        there = [text(o, "metadata", "name") for o in graph.in_namespace(target[0], target[1])]
        words = f"its target {subject(target)} does not exist{likeness(target[2], there).hint}"
        yield _problem(graph, obj, "HpaCannotScale", words, "spec.scaleTargetRef.name", target[2])
        return
    for kind in ("AbleToScale", "ScalingActive"):
        entry = condition(obj, kind)
        if text(entry, "status") == "False" and text(entry, "reason") != "ScalingDisabled":
            message = text(entry, "message")
            words = f"cannot scale ({text(entry, 'reason')}): {quoted(message)}"
            words += _missing_requests(graph, obj, message)
            path = f"status.conditions[{kind}].message"
            yield _problem(
                graph, obj, "HpaCannotScale", words, path, message, since=moment(entry, "lastTransitionTime")
            )
            return
    yield from _at_maximum(graph, obj)


def _missing_requests(graph: Graph, obj: dict[str, Any], message: str) -> str:
    """Utilisation is a share of the request, so a container without one makes the metric impossible."""
    workload = graph.get(target_of(obj))
    if "missing request" not in message or workload is None:
        return ""
    containers = items(workload, "spec", "template", "spec", "containers")
    lacking = [text(c, "name") for c in containers if not mapping(c, "resources", "requests")]
    return f"; containers without requests: {', '.join(lacking)}" if lacking else ""


def _at_maximum(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    current, most = number(obj, "status", "currentReplicas"), number(obj, "spec", "maxReplicas")
    limited = condition(obj, "ScalingLimited")
    wants_more = text(limited, "status") == "True" and text(limited, "reason") == "TooManyReplicas"
    if not most or current < most or not (wants_more or _over_target(obj)):
        return
    words = f"at its maximum of {most} replicas while more is wanted" + _metric_words(obj)
    yield _problem(
        graph,
        obj,
        "HpaAtMaximum",
        words,
        "spec.maxReplicas",
        str(most),
        since=moment(limited, "lastTransitionTime"),
        advice="Raise maxReplicas when the nodes have room, or find out why the load grew.",
        severity=Severity.HIGH,
    )


def _metrics(obj: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield ``(resource, current utilisation, target utilisation)`` in percent."""
    now = {
        text(entry, "resource", "name"): number(entry, "resource", "current", "averageUtilization")
        for entry in items(obj, "status", "currentMetrics")
    }
    for entry in items(obj, "spec", "metrics"):
        name, wanted = text(entry, "resource", "name"), number(entry, "resource", "target", "averageUtilization")
        if name in now and wanted:
            yield name, now[name], wanted


def _over_target(obj: dict[str, Any]) -> bool:
    return any(current > wanted * 1.1 for _, current, wanted in _metrics(obj))


def _metric_words(obj: dict[str, Any]) -> str:
    found = [f"{name} at {current}% (target {wanted}%)" for name, current, wanted in _metrics(obj)]
    return f": {', '.join(found)}" if found else ""


def _problem(
    graph: Graph,
    obj: dict[str, Any],
    name: str,
    words: str,
    path: str,
    value: str,
    *,
    since: Any = None,
    advice: str = "Correct what the message names.",
    severity: Severity = Severity.WARNING,
) -> Problem:
    target = target_of(obj)
    affects: tuple[ResourceRef, ...] = (graph.ref_of(target),) if graph.get(target) is not None else ()
    return Problem(
        resource=graph.ref(obj),
        condition=name,
        summary=f"{subject(key_of(obj))}: {words}",
        severity=severity,
        analyzer=NAME,
        facts=(
            quote(graph, obj, path, value),
            quote(graph, obj, "status.currentReplicas", scalar(obj, "status", "currentReplicas") or "unset"),
        ),
        affects=affects,
        since=since,
        advice=advice,
    )
