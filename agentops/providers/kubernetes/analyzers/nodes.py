"""Nodes that are not ready, under pressure, without network or cordoned, and which workloads suffer from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact, information
from agentops.providers.kubernetes.analyzers.scheduling import blocked_by_nodes
from agentops.providers.kubernetes.objects.fields import Key, flag, items, moment, name_of, text
from agentops.providers.kubernetes.objects.node_conditions import bad_conditions
from agentops.providers.kubernetes.objects.pod_health import is_ready
from agentops.providers.kubernetes.objects.taints import CORDONED_TAINT

NAME = "nodes"
_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure")


@analyzer(
    NAME,
    exact("NodeNotReady", "Node", "its kubelet is not ready or silent"),
    exact("NodePressure", "Node", "it lacks memory, disk or process ids and evicts pods"),
    exact("NodeNetworkUnavailable", "Node", "its network is not set up"),
    exact("NodeConditionAbnormal", "Node", "another of its conditions is true", Trait.BYSTANDER),
    exact(
        "NodeCordoned", "Node", "it is cordoned while pods wait that it would take", remedies=("kubernetes_uncordon",)
    ),
    information("NodeUnschedulable", "Node", "it is cordoned, and nothing waits for it"),
)
def nodes(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with nodes."""
    suspects = [node for node in graph.of("Node") if _suspect(node)]
    blocked = blocked_by_nodes(graph) if suspects else {}
    for node in suspects:
        waiting = blocked.get(("Node", "", name_of(node)), set())
        yield from _node(graph, node, waiting)


def _suspect(node: dict[str, Any]) -> bool:
    return bool(bad_conditions(node)) or flag(node, "spec", "unschedulable")


def _node(graph: Graph, node: dict[str, Any], waiting: set[Key]) -> Iterator[Problem]:
    name = name_of(node)
    victims = _victims(graph, name, waiting)
    for entry in bad_conditions(node):
        kind = text(entry, "type")
        if kind == "Ready":
            yield _not_ready(graph, node, entry, victims)
        elif kind in _PRESSURE:
            yield _pressure(graph, node, entry, victims)
        elif kind == "NetworkUnavailable":
            words = f"Node {name}: its network is not set up: {quoted(text(entry, 'message'))}"
            yield _problem(graph, node, "NodeNetworkUnavailable", words, entry, victims, Severity.CRITICAL)
        else:
            words = f"Node {name}: {kind}: {quoted(text(entry, 'message'))}"
            yield _problem(graph, node, "NodeConditionAbnormal", words, entry, victims, Severity.WARNING)
    if flag(node, "spec", "unschedulable"):
        yield _cordoned(graph, node, waiting)


def _victims(graph: Graph, node: str, waiting: set[Key]) -> tuple[ResourceRef, ...]:
    found = {graph.workload(pod) for pod in graph.pods_by_node.get(node, ()) if not is_ready(pod)} | waiting
    return tuple(graph.ref_of(key) for key in sorted(found))


def _not_ready(graph: Graph, node: dict[str, Any], entry: dict[str, Any], victims: tuple[ResourceRef, ...]) -> Problem:
    name = name_of(node)
    silent = text(entry, "status") == "Unknown"
    words = f"Node {name}: not ready" + (", its kubelet stopped reporting" if silent else "")
    words += f" ({text(entry, 'reason')}: {quoted(text(entry, 'message'))})"
    count = len(graph.pods_by_node.get(name, ()))
    words += f"; {plural(count, 'pod')} bound to it"
    advice = (
        "Look at the machine: power, network, kubelet, disk."
        if silent
        else "Read the kubelet's message; cure or replace the node."
    )
    return _problem(graph, node, "NodeNotReady", words, entry, victims, Severity.CRITICAL, advice)


def _pressure(graph: Graph, node: dict[str, Any], entry: dict[str, Any], victims: tuple[ResourceRef, ...]) -> Problem:
    kind = text(entry, "type")
    words = f"Node {name_of(node)}: {kind} ({text(entry, 'reason')}: {quoted(text(entry, 'message'))}); it evicts pods"
    evicted = [
        graph.ref_of(graph.workload(pod))
        for pod in graph.pods_by_node.get(name_of(node), ())
        if text(pod, "status", "reason") == "Evicted"
    ]
    affected = tuple(dict.fromkeys((*victims, *evicted)))
    return _problem(
        graph, node, "NodePressure", words, entry, affected, Severity.HIGH, "Find what uses it up on that node."
    )


def _problem(
    graph: Graph,
    node: dict[str, Any],
    name: str,
    words: str,
    entry: dict[str, Any],
    victims: tuple[ResourceRef, ...],
    severity: Severity,
    advice: str = "Look at the node.",
) -> Problem:
    path = f"status.conditions[{text(entry, 'type')}]"
    return Problem(
        resource=graph.ref(node),
        condition=name,
        summary=words,
        severity=severity,
        analyzer=NAME,
        facts=(
            quote(graph, node, f"{path}.status", text(entry, "status")),
            quote(graph, node, f"{path}.message", text(entry, "message") or text(entry, "reason")),
        ),
        affects=victims,
        since=moment(entry, "lastTransitionTime"),
        advice=advice,
    )


def _cordoned(graph: Graph, node: dict[str, Any], waiting: set[Key]) -> Problem:
    name = name_of(node)
    names = ", ".join(f"{kind} {ns}/{own}" for kind, ns, own in sorted(waiting)[:3])
    words = f"Node {name}: cordoned, it takes no new pods"
    if waiting:
        words += f"; it has room for {names}, which waits for a node"
    remedy = Change(
        tool="kubernetes_uncordon",
        target=graph.ref(node),
        arguments={},
        reason=f"pods wait that this node would take: {names}",
    )
    return Problem(
        resource=graph.ref(node),
        condition="NodeCordoned" if waiting else "NodeUnschedulable",
        summary=words,
        severity=Severity.HIGH if waiting else Severity.INFO,
        analyzer=NAME,
        facts=(quote(graph, node, "spec.unschedulable", value=True),),
        affects=tuple(graph.ref_of(key) for key in sorted(waiting)),
        since=_cordoned_at(node),
        remedies=(remedy,) if waiting else (),
        advice="Uncordon it when the maintenance is over." if waiting else "Nothing, while maintenance goes on.",
        root=bool(waiting),
    )


def _cordoned_at(node: dict[str, Any]) -> datetime | None:
    for taint in items(node, "spec", "taints"):
        if text(taint, "key") == CORDONED_TAINT:
            return moment(taint, "timeAdded")
    return None
