"""Pods that no node takes, explained node by node, and by what would have to change.

The condition is chosen by asking of each node what alone keeps the pod off it: the one reason that stands in the way
most often (control-plane nodes aside) names the problem. What cannot be computed from the objects, affinity between
pods, spread and host ports, the scheduler's message counts, for the nodes that nothing else speaks against.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.node_labels import NodeMiss, correction, miss_words, node_misses
from agentops.providers.kubernetes.analysis.placement import Blocker, blockers, is_control_plane, node_key
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import OWNER, PATCH, UNDO, analyzer, exact, vague
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    flag,
    items,
    key_of,
    mapping,
    moment,
    namespace_of,
    text,
)
from agentops.providers.kubernetes.objects.pod_requests import pod_requests
from agentops.providers.kubernetes.objects.pod_template import claim_names
from agentops.providers.kubernetes.objects.quantity import quantity_text

NAME = "scheduling"
MOST_NODES = 400
_MESSAGE = (
    ("UntoleratedTaint", re.compile(r"(\d+) node\(s\) had untolerated taint\(?s?\)?")),
    ("NodeCordoned", re.compile(r"(\d+) node\(s\) were unschedulable")),
    ("InsufficientCpu", re.compile(r"(\d+) Insufficient cpu")),
    ("InsufficientMemory", re.compile(r"(\d+) Insufficient memory")),
    ("InsufficientResource", re.compile(r"(\d+) Insufficient (?!cpu|memory)")),
    ("TooManyPods", re.compile(r"(\d+) Too many pods")),
    ("NodeSelectorMismatch", re.compile(r"(\d+) node\(s\) didn't match Pod's node affinity/selector")),
    ("VolumeZoneConflict", re.compile(r"(\d+) node\(s\) had (?:no available )?volume (?:node affinity|zone) conflict")),
    ("VolumeZoneConflict", re.compile(r"(\d+) node\(s\) didn't match PersistentVolume's node affinity")),
    ("PodAffinityMismatch", re.compile(r"(\d+) node\(s\) didn't (?:match|satisfy).{0,14}[pP]ods?.{0,6}affinity")),
    ("TopologySpreadConflict", re.compile(r"(\d+) node\(s\) didn't match pod topology spread")),
    ("HostPortConflict", re.compile(r"(\d+) node\(s\) didn't have free ports")),
)  # fmt: skip
# What ``blockers`` cannot see: the message alone tells of it, and of how many nodes.
_ONLY_SAID = ("PodAffinityMismatch", "TopologySpreadConflict", "HostPortConflict")
_UNBOUND = re.compile(
    r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim \"([^\"]+)\" (?:not found|is being)"
)
_SPELLING = "Correct the label on the side that is misspelt: the node, or what the pods ask for."
_ADVICE = {
    "InsufficientCpu": "Lower the cpu request, free cpu on a node, or add a node.",
    "InsufficientMemory": "Lower the memory request, free memory on a node, or add a node.",
    "InsufficientResource": "Lower the request, or add a node that has the resource.",
    "NodeSelectorMismatch": "Correct nodeSelector or affinity, or label a node.",
    "UntoleratedTaint": "Add a toleration, or remove the taint from a node.",
    "PodAffinityMismatch": "Relax the pod affinity or anti-affinity, or add a node that meets it.",
    "TopologySpreadConflict": "Relax the topology spread constraint, or label or add a node that meets it.",
    "HostPortConflict": "Free the host port on a node, ask for another, or run fewer replicas.",
    "TooManyPods": "Add a node, or raise the kubelet's pod limit.",
    "VolumeZoneConflict": "Free room in the volume's zone, or move the volume.",
}


@analyzer(
    NAME,
    exact(
        "NodeSelectorMismatch",
        OWNER,
        "no node carries the labels that the pods ask for",
        fields=("nodeSelector", "affinity"),
        remedies=(
            UNDO,
            PATCH,
            "kubernetes_label",
        ),
    ),
    exact(
        "UntoleratedTaint",
        OWNER,
        "the nodes that the pods ask for carry a taint that they do not tolerate",
        fields=("tolerations", "nodeSelector"),
        remedies=(UNDO,),
    ),
    exact("VolumeZoneConflict", OWNER, "the pods' volume is bound to another node or zone", remedies=(UNDO,)),
    exact("PodAffinityMismatch", OWNER, "pod affinity or anti-affinity keeps the pods off", remedies=(UNDO,)),
    exact("TopologySpreadConflict", OWNER, "a topology spread constraint keeps the pods off", remedies=(UNDO,)),
    exact("HostPortConflict", OWNER, "the host port that the pods ask for is taken", remedies=(UNDO,)),
    vague(
        "InsufficientCpu",
        OWNER,
        "no node has the cpu that the pods request",
        Trait.SELF_CONTAINED,
        Trait.TELLING,
        fields=(".resources.requests.cpu", ".resources.limits.cpu"),
        remedies=(UNDO,),
    ),
    vague(
        "InsufficientMemory",
        OWNER,
        "no node has the memory that the pods request",
        Trait.SELF_CONTAINED,
        Trait.TELLING,
        fields=(".resources.requests.memory", ".resources.limits.memory"),
        remedies=(UNDO,),
    ),
    vague(
        "InsufficientResource",
        OWNER,
        "no node has another resource that the pods request",
        Trait.SELF_CONTAINED,
        remedies=(UNDO,),
    ),
    vague("TooManyPods", OWNER, "the nodes run as many pods as they may", Trait.SELF_CONTAINED, remedies=(UNDO,)),
    vague(
        "Unschedulable",
        OWNER,
        "no node takes the pods, for a reason that lies elsewhere or is not known",
        Trait.SELF_CONTAINED,
        remedies=(UNDO,),
    ),
)
def scheduling(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose pods cannot be scheduled."""
    pending: dict[Key, list[dict[str, Any]]] = {}
    for pod in graph.unwell_pods:
        if _unschedulable(graph, pod):
            pending.setdefault(graph.workload(pod), []).append(pod)
    signs: list[PodSymptom] = []
    for pods in pending.values():
        signs.extend(_signs(graph, pods))
    return collapse(graph, NAME, signs)


def _unschedulable(graph: Graph, pod: dict[str, Any]) -> bool:
    if text(pod, "status", "phase") != "Pending" or text(pod, "spec", "nodeName"):
        return False
    entry = condition(pod, "PodScheduled")
    return entry.get("reason") == "Unschedulable" or bool(graph.events(key_of(pod), "FailedScheduling"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    condition: str
    per_node: tuple[tuple[Key, tuple[Blocker, ...]], ...]
    misses: tuple[NodeMiss, ...] = ()


def _signs(graph: Graph, pods: list[dict[str, Any]]) -> Iterator[PodSymptom]:
    """All pending pods of one workload share a template, so one of them is explained for all."""
    pod = pods[0]
    message = _said(graph, pod)
    since = min((time for time in map(_since, pods) if time), default=None)
    verdict = _judge(graph, pod, message)
    facts = tuple(_facts(graph, pod, message, verdict))
    name = verdict.condition
    # A misspelt label says it all; what keeps the other nodes from it stands among the facts.
    lines = [miss_words(verdict.misses)] if verdict.misses else [quoted(message, 200), *_node_lines(verdict)]
    words = f"no node takes it: {'; '.join(lines)}"
    root = name not in ("NodeCordoned", "NodeNotReady", "VolumeUnbound")
    condition_name = name if root else "Unschedulable"
    origin = blame(graph, graph.workload(pod), scheduling.condition(condition_name), since=since)
    if origin:
        words += f"; {origin.clause}"
    mending = correction(graph, pod, verdict.misses) if verdict.misses else ()
    for each in pods:
        yield PodSymptom(
            pod=each,
            condition=condition_name,
            what=words,
            facts=facts,
            since=since,
            root=root,
            advice=_SPELLING if verdict.misses else _ADVICE.get(name, "Change what the message names."),
            remedies=(*(origin.remedies if origin and root else ()), *mending),
        )


def _said(graph: Graph, pod: dict[str, Any]) -> str:
    """Return the scheduler's words: from the pod's own condition, else from its last event."""
    events = graph.events(key_of(pod), "FailedScheduling")
    return text(condition(pod, "PodScheduled"), "message") or (events[-1].message if events else "")


def _facts(graph: Graph, pod: dict[str, Any], message: str, verdict: _Verdict) -> Iterator[Fact]:
    yield from (_label_fact(graph, one) for one in verdict.misses[:2])
    yield quote(graph, pod, "status.conditions[PodScheduled].message", message)
    requests = sorted(pod_requests(mapping(pod, "spec")).items())
    asked = ", ".join(f"{resource} {quantity_text(value, resource)}" for resource, value in requests if value)
    if asked and verdict.condition.startswith("Insufficient"):
        yield quote(graph, pod, "spec.containers[*].resources.requests (sum)", asked)
    for key, found in verdict.per_node[:5]:
        if found:
            yield quote(graph, key, "why not", "; ".join(blocker.words for blocker in found))


def _label_fact(graph: Graph, one: NodeMiss) -> Fact:
    return quote(graph, one.node, f"metadata.labels[{one.miss.has_key}]", one.miss.has)


def _since(pod: dict[str, Any]) -> Any:
    return moment(condition(pod, "PodScheduled"), "lastTransitionTime") or moment(pod, "metadata", "creationTimestamp")


def _judge(graph: Graph, pod: dict[str, Any], message: str) -> _Verdict:
    if _UNBOUND.search(message) or _unbound_claims(graph, pod):
        return _Verdict(condition="VolumeUnbound", per_node=())
    nodes = graph.of("Node")[:MOST_NODES]
    requests = pod_requests(mapping(pod, "spec"))
    per_node = tuple((node_key(node), tuple(blockers(graph, pod, node, requests))) for node in nodes)
    # A label that is wanted and spelt otherwise on a node that is free is the cause, whatever else keeps other nodes.
    if misses := node_misses(graph, pod, nodes, requests):
        return _Verdict(condition="NodeSelectorMismatch", per_node=per_node, misses=misses)
    workers = _candidates(nodes, per_node)
    said = _counted(message)
    reasons = [{blocker.condition for blocker in found} for key, found in per_node if key in workers]
    # A node that one reason alone keeps away is freed by its cure, so such a reason comes before one among several;
    # the scheduler's own words are taken where the nodes show nothing.
    any_of = Counter(name for kinds in reasons for name in kinds)
    alone = Counter(name for kinds in reasons if len(kinds) == 1 for name in kinds)
    free = sum(not kinds for kinds in reasons)
    for name in _ONLY_SAID:
        alone[name] += min(said[name], free)
    chosen = _choose(alone) or _choose(any_of) or _choose(said) or "Unschedulable"
    return _Verdict(condition=chosen, per_node=per_node)


def _counted(message: str) -> Counter[str]:
    """Return on how many nodes the scheduler met each reason, by its own words."""
    said: Counter[str] = Counter()
    for name, form in _MESSAGE:
        said[name] += sum(map(int, form.findall(message)))
    return said


def _candidates(nodes: Sequence[dict[str, Any]], per_node: Sequence[tuple[Key, tuple[Blocker, ...]]]) -> set[Key]:
    """Return the nodes that are worth judging: those that the pod's own selector asks for, without control planes.

    A pod that asks for ``pool=gpu`` is not kept away by the nodes of other pools, but by what the gpu nodes lack.
    """
    chosen = {key for key, found in per_node if all(b.condition != "NodeSelectorMismatch" for b in found)}
    workers = {node_key(node) for node in nodes if not is_control_plane(node)}
    return (chosen & workers) or chosen or workers or {key for key, _ in per_node}


_PREFER = (
    "NodeCordoned",
    "NodeNotReady",
    # A taint keeps every pod off its node; a rule between pods was written for these.
    *_ONLY_SAID,
    "UntoleratedTaint",
    "NodeSelectorMismatch",
    "VolumeZoneConflict",
    "InsufficientCpu",
    "InsufficientMemory",
)


def _choose(counts: Counter[str]) -> str:
    """Return the most frequent reason; of equals the one that somebody did to a node or wrote into the pod."""
    most = max(counts.values(), default=0)
    if not most:
        return ""
    tied = [name for name, count in counts.items() if count == most]
    return min(tied, key=lambda name: (_PREFER.index(name) if name in _PREFER else len(_PREFER), name))


def _unbound_claims(graph: Graph, pod: dict[str, Any]) -> bool:
    for claim in claim_names(mapping(pod, "spec")):
        found = graph.find("PersistentVolumeClaim", namespace_of(pod), claim)
        if found is not None and text(found, "status", "phase") == "Pending" and not _waits(graph, found):
            return True
    return False


def _waits(graph: Graph, claim: dict[str, Any]) -> bool:
    storage_class = graph.find("StorageClass", "", text(claim, "spec", "storageClassName"))
    return text(storage_class, "volumeBindingMode") == "WaitForFirstConsumer"


def _node_lines(verdict: _Verdict) -> list[str]:
    lines = [f"{key[2]}: {', '.join(b.words for b in found)}" for key, found in verdict.per_node if found]
    return [quoted(line, 160) for line in lines[:3]] + ([f"and {len(lines) - 3} more nodes"] if len(lines) > 3 else [])


def blocked_by_nodes(graph: Graph) -> dict[Key, set[Key]]:
    """Return which workloads each unhealthy or cordoned node would take if it were well: node -> workloads."""
    found: dict[Key, set[Key]] = {}
    done: set[Key] = set()
    for pod in graph.unwell_pods:
        workload = graph.workload(pod)
        if workload in done or not _unschedulable(graph, pod):
            continue
        done.add(workload)
        requests, nodes = pod_requests(mapping(pod, "spec")), graph.of("Node")[:MOST_NODES]
        if node_misses(graph, pod, nodes, requests):
            continue  # what it waits for is the node whose label is misspelt
        for node in nodes:
            if _troubled(node):
                kinds = {blocker.condition for blocker in blockers(graph, pod, node, requests)}
                if kinds and kinds <= {"NodeCordoned", "NodeNotReady"}:
                    found.setdefault(node_key(node), set()).add(workload)
    return found


def _troubled(node: dict[str, Any]) -> bool:
    return flag(node, "spec", "unschedulable") or bool(items(node, "spec", "taints"))
