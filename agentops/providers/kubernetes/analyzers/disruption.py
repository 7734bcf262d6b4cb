"""PodDisruptionBudgets that allow no eviction: a drain or a node upgrade waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    flag,
    key_of,
    mapping,
    moment,
    namespace_of,
    number,
    scalar,
    text,
)
from agentops.providers.kubernetes.objects.selectors import matches
from agentops.providers.kubernetes.objects.workloads import wanted_pods

NAME = "disruption"


@analyzer(
    NAME,
    exact(
        "PdbBlocksDisruption",
        "PodDisruptionBudget",
        "it allows no eviction while a node is to be drained",
        Trait.BYSTANDER,
        remedies=("kubernetes_scale",),
    ),
)
def disruption(graph: Graph) -> Iterable[Problem]:
    """Return the budgets that block every eviction, and whether that is by their numbers or by unready pods."""
    for budget in graph.of("PodDisruptionBudget"):
        yield from _budget(graph, budget)


def _budget(graph: Graph, budget: dict[str, Any]) -> Iterator[Problem]:
    expected, wanted = number(budget, "status", "expectedPods"), number(budget, "status", "desiredHealthy")
    if not expected or number(budget, "status", "disruptionsAllowed") > 0:
        return
    never = wanted >= expected
    pods = _pods(graph, budget)
    draining = sorted({_node(pod) for pod in pods} & _cordoned(graph))
    if not draining and not never:
        return  # its pods are unready for a reason of their own, and nobody waits for an eviction
    words = _rule(budget)
    if never:
        words += "; with these numbers it never allows one"
    if draining:
        words += f"; node {draining[0]} is cordoned and cannot be drained"
    affected = [("Node", "", node) for node in draining] + sorted({graph.workload(pod) for pod in pods})
    yield Problem(
        resource=graph.ref(budget),
        condition="PdbBlocksDisruption",
        summary=f"{subject(key_of(budget))}: {words}",
        severity=Severity.HIGH if draining else Severity.INFO,
        analyzer=NAME,
        facts=(
            quote(graph, budget, "status.disruptionsAllowed", 0),
            quote(graph, budget, "status.desiredHealthy", wanted),
            quote(graph, budget, "status.expectedPods", expected),
        ),
        affects=tuple(map(graph.ref_of, affected)),
        since=moment(condition(budget, "DisruptionAllowed"), "lastTransitionTime"),
        advice="Run one more replica than must stay, or allow one unavailable."
        if never
        else "Bring its pods to ready.",
        remedies=_one_more(graph, pods) if never and draining else (),
        root=never and bool(draining),
    )


def _one_more(graph: Graph, pods: list[dict[str, Any]]) -> tuple[Change, ...]:
    """Return the change to one more replica, where one workload that can be scaled stands behind the budget."""
    behind = {graph.workload(pod) for pod in pods}
    key = behind.pop() if len(behind) == 1 else ("", "", "")
    obj = graph.get(key) if key[0] in ("Deployment", "StatefulSet") else None
    if obj is None or _is_autoscaled(graph, key):
        return ()
    replicas = wanted_pods(obj) + 1
    reason = "the budget wants as many healthy pods as there are, so no pod may leave its node"
    change = Change(tool="kubernetes_scale", target=graph.ref_of(key), arguments={"replicas": replicas}, reason=reason)
    return (change,)


def _is_autoscaled(graph: Graph, key: Key) -> bool:
    return any(
        (text(hpa, "spec", "scaleTargetRef", "kind"), text(hpa, "spec", "scaleTargetRef", "name")) == (key[0], key[2])
        for hpa in graph.in_namespace("HorizontalPodAutoscaler", key[1])
    )


def _rule(budget: dict[str, Any]) -> str:
    minimum, most = scalar(budget, "spec", "minAvailable"), scalar(budget, "spec", "maxUnavailable")
    rule = f"minAvailable {minimum}" if minimum else f"maxUnavailable {most}"
    healthy, wanted = number(budget, "status", "currentHealthy"), number(budget, "status", "desiredHealthy")
    expected = number(budget, "status", "expectedPods")
    return f"allows no eviction: {healthy} of {expected} pods healthy, {wanted} must stay ({rule})"


def _pods(graph: Graph, budget: dict[str, Any]) -> list[dict[str, Any]]:
    selector = mapping(budget, "spec", "selector")
    there = graph.in_namespace("Pod", namespace_of(budget))
    return [pod for pod in there if matches(selector, mapping(pod, "metadata", "labels"))]


def _node(pod: dict[str, Any]) -> str:
    return text(pod, "spec", "nodeName")


def _cordoned(graph: Graph) -> set[str]:
    return {text(node, "metadata", "name") for node in graph.of("Node") if flag(node, "spec", "unschedulable")}
