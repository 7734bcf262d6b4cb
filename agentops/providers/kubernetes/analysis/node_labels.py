"""Nodes that a pod misses by a slip in one label: whose spelling is wrong, and what would mend it.

Comes in: the graph and a pending pod. Goes out: the nodes that would take it but for that label, and the change that
corrects the side that is alone with its spelling. Where both spellings are in use nothing is proposed: somebody may
have meant the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.placement import blockers, node_key
from agentops.providers.kubernetes.objects.fields import Key, items, mapping, string_map
from agentops.providers.kubernetes.objects.selectors import Miss, pairs
from agentops.providers.kubernetes.objects.suggestions import is_near

MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMiss:
    """A node that would take the pod if one label were spelt as the pod asks for it."""

    node: Key
    miss: Miss


def node_misses(
    graph: Graph, pod: dict[str, Any], nodes: Sequence[dict[str, Any]], requests: dict[str, float]
) -> tuple[NodeMiss, ...]:
    """Return the nodes that nothing but the spelling of one label keeps ``pod`` off."""
    wanted = wanted_labels(pod)
    found = []
    for node in nodes if wanted else ():
        miss = _miss(wanted, string_map(node, "metadata", "labels"))
        if miss is not None and {b.condition for b in blockers(graph, pod, node, requests)} == {"NodeSelectorMismatch"}:
            found.append(NodeMiss(node=node_key(node), miss=miss))
    return tuple(found)


def wanted_labels(pod: dict[str, Any]) -> dict[str, str]:
    """Return the labels that a pod asks of its node: its nodeSelector, and a required affinity of a single term."""
    terms = items(
        mapping(pod, "spec"), "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )  # fmt: skip
    return string_map(pod, "spec", "nodeSelector") | (pairs(terms[0]) if len(terms) == 1 else {})


def _miss(wanted: dict[str, str], labels: dict[str, str]) -> Miss | None:
    wrong = [(key, value) for key, value in wanted.items() if labels.get(key) != value]
    if len(wrong) != 1:
        return None
    key, value = wrong[0]
    if key in labels:
        return Miss(key=key, wanted=value, has_key=key, has=labels[key]) if is_near(value, labels[key]) else None
    return next(
        (
            Miss(key=key, wanted=value, has_key=other, has=has)
            for other, has in sorted(labels.items())
            if has == value and is_near(key, other)
        ),
        None,
    )


def miss_words(misses: Sequence[NodeMiss]) -> str:
    """Return ``node-pool=worker is wanted, worker-2 has node-pool=workers``."""
    first = misses[0].miss
    same = [one.node[2] for one in misses if one.miss == first]
    named = ", ".join(same[:MOST_NAMED]) + (f" and {len(same) - MOST_NAMED} more" if len(same) > MOST_NAMED else "")
    has = "has" if len(same) == 1 else "have"
    return f"{first.key}={first.wanted} is wanted, {named} {has} {first.has_key}={first.has}, which is another spelling"


def correction(graph: Graph, pod: dict[str, Any], misses: Sequence[NodeMiss]) -> tuple[Change, ...]:
    """Return the change that mends the spelling, when it is plain which side is wrong: one side stands alone."""
    miss = misses[0].miss
    if any(one.miss != miss for one in misses):
        return ()
    asked, carried = (miss.key, miss.wanted), (miss.has_key, miss.has)
    if not _carriers(graph, *asked):
        return _correct_template(graph, pod, miss)
    if len(misses) == 1 and _carriers(graph, *carried) == 1:
        return (_correct_node(graph, misses[0]),)
    return ()


def _carriers(graph: Graph, key: str, value: str) -> int:
    return sum(1 for node in graph.of("Node") if string_map(node, "metadata", "labels").get(key) == value)


def _correct_template(graph: Graph, pod: dict[str, Any], miss: Miss) -> tuple[Change, ...]:
    key = graph.workload(pod)
    selector = mapping(pod, "spec", "nodeSelector")
    if miss.key != miss.has_key or miss.key not in selector:
        return ()
    edit = {"path": f"nodeSelector[{miss.key}]", "old": miss.wanted, "new": miss.has}
    reason = f"no node carries {miss.key}={miss.wanted}, and the nodes that would take the pods say {miss.has}"
    return template_patch(graph, key, reason, edit)


def _correct_node(graph: Graph, one: NodeMiss) -> Change:
    miss = one.miss
    arguments: dict[str, Any] = {"set": {miss.key: miss.wanted}}
    if miss.has_key != miss.key:
        arguments["unset"] = [miss.has_key]
    reason = f"other nodes carry {miss.key}={miss.wanted}, and this one alone says {miss.has_key}={miss.has}"
    return Change(tool="kubernetes_label", target=graph.ref_of(one.node), arguments=arguments, reason=reason)
