"""Why a pod does not fit a node: the scheduler's predicates, asked again for one pod and each node.

Comes in: the graph and a pending pod. Goes out: per node, the blockers as values. It computes what the scheduler's
one-line message only counts, so the answer to "which node would take it, if" can be given by name.
Source: kube-scheduler filter plugins NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodeResourcesFit,
VolumeZone/VolumeBinding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.objects.fields import (
    Key,
    flag,
    items,
    mapping,
    name_of,
    namespace_of,
    string_map,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_active
from agentops.providers.kubernetes.objects.pod_requests import pod_requests
from agentops.providers.kubernetes.objects.pod_template import claim_names
from agentops.providers.kubernetes.objects.quantity import amount, quantity_text
from agentops.providers.kubernetes.objects.selectors import holds
from agentops.providers.kubernetes.objects.taints import CORDONED_TAINT, covering_toleration

_NODE_TROUBLE = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
)
_UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
"""Removed by the cloud controller manager once it knows the node; where none runs, nobody removes it."""
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One reason why a node does not take the pod: ``condition`` as in the catalogue, and the words."""

    condition: str
    words: str


def is_control_plane(node: dict[str, Any]) -> bool:
    """Return whether the node is tainted or labelled for the control plane."""
    taints = {text(taint, "key") for taint in items(node, "spec", "taints")}
    return any(name in taints for name in _CONTROL_PLANE)


def blockers(graph: Graph, pod: dict[str, Any], node: dict[str, Any], requests: dict[str, float]) -> list[Blocker]:
    """Return everything that keeps ``pod`` off ``node``; empty when it fits as far as the objects tell."""
    spec = mapping(pod, "spec")
    found = list(_taints(spec, node))
    found.extend(_labels(spec, node))
    found.extend(_resources(graph, node, requests))
    found.extend(_volumes(graph, pod, node))
    return found


def _taints(spec: dict[str, Any], node: dict[str, Any]) -> Iterable[Blocker]:
    tolerations = items(spec, "tolerations")
    cordoned = flag(node, "spec", "unschedulable")
    if cordoned and covering_toleration(tolerations, {"key": CORDONED_TAINT, "effect": "NoSchedule"}) is None:
        yield Blocker(condition="NodeCordoned", words="it is cordoned")
    for taint in items(node, "spec", "taints"):
        key = text(taint, "key")
        binding = text(taint, "effect") != "PreferNoSchedule" and key != CORDONED_TAINT
        if not binding or covering_toleration(tolerations, taint) is not None:
            continue
        if key in _NODE_TROUBLE:
            yield Blocker(condition="NodeNotReady", words=f"it is in trouble ({key.rpartition('/')[2]})")
        else:
            value = f"={text(taint, 'value')}" if text(taint, "value") else ""
            words = f"taint {key}{value}:{text(taint, 'effect')} is not tolerated"
            if key == _UNINITIALIZED:
                words += ": the cloud controller manager has not initialised the node"
            yield Blocker(condition="UntoleratedTaint", words=words)


def _labels(spec: dict[str, Any], node: dict[str, Any]) -> Iterable[Blocker]:
    labels = string_map(node, "metadata", "labels")
    wanted = string_map(spec, "nodeSelector")
    for key, value in wanted.items():
        if labels.get(key) != value:
            has = f"it has {key}={labels[key]}" if key in labels else "it has no such label"
            yield Blocker(condition="NodeSelectorMismatch", words=f"nodeSelector {key}={value}: {has}")
            return
    required = mapping(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    if required and not node_terms_match(required, node):
        yield Blocker(condition="NodeSelectorMismatch", words="its labels do not meet the required node affinity")


def node_terms_match(selector: dict[str, Any], node: dict[str, Any]) -> bool:
    """Return whether a ``NodeSelector`` (terms are alternatives) matches the node's labels and name."""
    labels, fields = string_map(node, "metadata", "labels"), {"metadata.name": name_of(node)}
    for term in items(selector, "nodeSelectorTerms"):
        expressions, names = items(term, "matchExpressions"), items(term, "matchFields")
        if (
            all(holds(e, labels) for e in expressions)
            and all(holds(e, fields) for e in names)
            and (expressions or names)
        ):
            return True
    return False


def node_usage(graph: Graph, name: str) -> tuple[dict[str, float], int]:
    """Return what the node's active pods ask for, and how many they are."""
    used: dict[str, float] = {}
    pods = [pod for pod in graph.pods_by_node.get(name, ()) if is_active(pod)]
    for pod in pods:
        for resource, wanted in pod_requests(mapping(pod, "spec")).items():
            used[resource] = used.get(resource, 0.0) + wanted
    return used, len(pods)


_INSUFFICIENT = {"cpu": "InsufficientCpu", "memory": "InsufficientMemory"}


def _resources(graph: Graph, node: dict[str, Any], requests: dict[str, float]) -> Iterable[Blocker]:
    allocatable = mapping(node, "status", "allocatable") or mapping(node, "status", "capacity")
    if not allocatable:
        return
    used, count = node_usage(graph, name_of(node))
    for resource, wanted in sorted(requests.items()):
        free = amount(allocatable.get(resource)) - used.get(resource, 0.0)
        if wanted > 0 and wanted > free + 1e-9:
            words = (
                f"{resource}: asks {quantity_text(wanted, resource)}, free {quantity_text(max(free, 0.0), resource)}"
            )
            words += f" of {quantity_text(amount(allocatable.get(resource)), resource)}"
            yield Blocker(condition=_INSUFFICIENT.get(resource, "InsufficientResource"), words=words)
    limit = amount(allocatable.get("pods"))
    if limit and count >= limit:
        yield Blocker(condition="TooManyPods", words=f"{count} pods run, {limit:g} are allowed")


def _volumes(graph: Graph, pod: dict[str, Any], node: dict[str, Any]) -> Iterable[Blocker]:
    for claim in claim_names(mapping(pod, "spec")):
        volume = graph.find("PersistentVolumeClaim", namespace_of(pod), claim)
        bound = graph.find("PersistentVolume", "", text(volume, "spec", "volumeName")) if volume else None
        required = mapping(bound, "spec", "nodeAffinity", "required")
        if required and not node_terms_match(required, node):
            yield Blocker(
                condition="VolumeZoneConflict", words=f"volume of claim {claim} is bound to another node or zone"
            )


def node_key(node: dict[str, Any]) -> Key:
    """Return the node's identity."""
    return "Node", "", name_of(node)
