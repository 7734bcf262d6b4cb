"""What the alert is about, in terms of objects that exist: a ``ResolvedTarget``.

Comes in: the graph, the sweep's target and the alert. Goes out: the objects to start from, how they were found, and
whether that was exact. Labels and text of an alert are untrusted: they can point at an object, nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Alert, Target
from agentops.core.analysis import ResolvedTarget
from agentops.providers.kubernetes.analysis.graph import WORKLOAD_KINDS, Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import subject
from agentops.providers.kubernetes.objects.fields import Key, key_of, name_of, namespace_of
from agentops.providers.kubernetes.objects.suggestions import only_nearest

_POD_SUFFIX = re.compile(r"-(?:[0-9a-f]{5,10}-[a-z0-9]{5}|[a-z0-9]{5}|\d{1,5}|\d{8,10}-[a-z0-9]{5})$")
_JOB_SUFFIX = re.compile(r"-\d{8,10}$")
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,62}[a-z0-9])")
_LABELS = (
    "pod", "deployment", "statefulset", "daemonset", "job_name", "cronjob", "service", "service_name", "app",
    "app_kubernetes_io_name", "workload", "container", "component", "persistentvolumeclaim", "node", "ingress",
    "horizontalpodautoscaler", "job", "instance", "release", "name",
)  # fmt: skip
_NAMED_KINDS = (
    *WORKLOAD_KINDS, "Service", "Ingress", "PersistentVolumeClaim", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    "ResourceQuota", "Node", "NetworkPolicy", "Pod",
)  # fmt: skip
_NOT_NAMES = frozenset({"firing", "resolved", "critical", "warning", "error", "default", "kube-system", "alert"})


def resolve_target(graph: Graph, target: Target, alert: Alert | None) -> ResolvedTarget:
    """Return the objects that the alert is about."""
    if alert is not None and not target.known and alert.target.known:
        target = alert.target
    if target.known:
        found = _named(graph, target)
        if found is not None:
            return found
    for candidate in _from_labels(graph, target, alert):
        return candidate
    if target.known:
        words = _absent(graph, target)
        return ResolvedTarget(refs=(), how=words, exact=False, group=target.namespace, gone=words)
    if target.namespace:
        if _no_namespace(graph, target.namespace):
            words = f"there is no Namespace {quoted(target.namespace, 80)} in this cluster"
            return ResolvedTarget(refs=(), how=words, exact=False, group=target.namespace, gone=words)
        how = f"namespace {target.namespace}"
        return ResolvedTarget(refs=(), how=how, exact=False, whole=True, group=target.namespace)
    if alert is None or alert.source == "resource":
        return ResolvedTarget(refs=(), how="no object is named", exact=False, whole=True)
    return ResolvedTarget(refs=(), how="nothing of this cluster", exact=False, gone=_names_nothing(alert))


def _no_namespace(graph: Graph, namespace: str) -> bool:
    """Return whether the namespaces were read and this one, and anything in it, is not among what was read."""
    if not graph.of("Namespace") or graph.find("Namespace", "", namespace) is not None:
        return False
    return not any(graph.in_namespace(kind, namespace) for kind in ("Pod", "Service", "Deployment", "Event"))


def _absent(graph: Graph, target: Target) -> str:
    """Return the sentence for a target that was looked for; a kind that nobody read is not said to be missing."""
    key = (target.kind, target.namespace, target.name)
    where = f"{target.kind} {quoted(subject(key).partition(' ')[2], 200)}"
    if graph.snapshot.was_read(target.kind):
        return f"there is no {where} in this cluster, and nothing of a similar name"
    return f"there is no {where} among what was read: objects of that kind were not, or it does not exist"


def _names_nothing(alert: Alert) -> str:
    """Return the sentence for an alert that leads nowhere, with the labels that were tried."""
    tried = [f"{label}={quoted(alert.labels[label], 60)}" for label in _LABELS if alert.labels.get(label)]
    words = f" ({', '.join(tried[:4])})" if tried else ""
    return f"the alert names nothing that is in this cluster{words}"


def _node_at(graph: Graph, address: str) -> Key | None:
    """Return the node that has the address: exporters of nodes are named by where they are reached."""
    for node in graph.of("Node"):
        listed = (node.get("status") or {}).get("addresses") or ()
        if any(one.get("address") == address for one in listed if isinstance(one, dict)):
            return key_of(node)
    return None


def _named(graph: Graph, target: Target) -> ResolvedTarget | None:
    if target.kind == "Node" and graph.get(("Node", "", target.name)) is None:
        node = _node_at(graph, target.name)
        if node is not None:
            return _one(graph, node, f"(at {quoted(target.name, 60)})", exact=True)
    for namespace in _namespaces(graph, target):
        key = (target.kind, namespace, target.name)
        if target.kind == "Namespace" and graph.find("Namespace", "", target.name):
            named = (graph.ref_of(("Namespace", "", target.name)),)
            how = f"namespace {target.name}"
            return ResolvedTarget(refs=named, how=how, exact=True, whole=True, group=target.name)
        if graph.get(key) is not None:
            return ResolvedTarget(refs=(graph.ref_of(key),), how=subject(key), exact=True)
    stem = _stem(target)
    kinds = WORKLOAD_KINDS if target.kind in ("Pod", *WORKLOAD_KINDS) else (target.kind,)
    found = _by_name(graph, target.namespace, stem, kinds) or _by_name(
        graph, target.namespace, target.name, _NAMED_KINDS
    )
    gone = f"{subject((target.kind, target.namespace, target.name))} is not there any more"
    if found:
        # A pod that its owner has replaced is still what was named; anything else of that name is a guess.
        return _one(graph, found, f"({gone})", exact=target.kind == "Pod", gone=gone)
    scope = [obj for kind in (*kinds, "Service") for obj in _objects(graph, kind, target.namespace)]
    near = only_nearest(stem, {name_of(obj) for obj in scope})
    chosen = next((key_of(obj) for obj in scope if name_of(obj) == near), None) if near else None
    if chosen is None:
        return None
    return _one(graph, chosen, f"(the nearest name to {quoted(target.name, 60)})")


def _one(graph: Graph, key: Key, reason: str, *, exact: bool = False, gone: str = "") -> ResolvedTarget:
    return ResolvedTarget(refs=(graph.ref_of(key),), how=f"{subject(key)} {reason}", exact=exact, gone=gone)


def _namespaces(graph: Graph, target: Target) -> Iterable[str]:
    if target.namespace:
        return (target.namespace, "")
    found = {namespace_of(obj) for obj in graph.of(target.kind) if name_of(obj) == target.name}
    return sorted(found) if len(found) == 1 else ("",)


def _stem(target: Target) -> str:
    """Return the workload's name inside a pod's name: generated suffixes are cut off."""
    if target.kind == "Job":
        return _JOB_SUFFIX.sub("", target.name)
    return _POD_SUFFIX.sub("", target.name, count=1) if target.kind == "Pod" else target.name


def _objects(graph: Graph, kind: str, namespace: str) -> Iterable[dict[str, Any]]:
    return graph.in_namespace(kind, namespace) if namespace and kind != "Node" else graph.of(kind)


def _by_name(graph: Graph, namespace: str, name: str, kinds: Iterable[str]) -> Key | None:
    """Return the one object of that name, the top of its owner chain first; None when there are several or none."""
    for kind in kinds:
        found = {graph.top_of(o) if kind in WORKLOAD_KINDS else key_of(o)
                 for o in _objects(graph, kind, namespace) if name_of(o) == name}  # fmt: skip
        if len(found) == 1:
            return found.pop()
    return None


_EXPORTERS = frozenset({"job", "instance", "release", "name", "service", "container"})
"""Labels that often name who reports, not who is unwell: no substitute for a target that the alert does name."""


def _from_labels(graph: Graph, target: Target, alert: Alert | None) -> Iterator[ResolvedTarget]:
    if alert is None:
        return
    namespace = target.namespace or alert.target.namespace or alert.labels.get("namespace", "")
    for label in _LABELS:
        value = alert.labels.get(label, "")
        if not value or (target.known and (label in _EXPORTERS or value == target.name)):
            continue
        stem = _POD_SUFFIX.sub("", value)
        for name in dict.fromkeys((value, value.partition(":")[0], stem)):
            found = _by_name(graph, namespace, name, _NAMED_KINDS)
            if found:
                yield _one(graph, found, f"(label {label}={quoted(value, 60)})")
    if not target.known:
        yield from _from_prose(graph, namespace, alert)


def _from_prose(graph: Graph, namespace: str, alert: Alert) -> Iterator[ResolvedTarget]:
    """Yield what the alert's text names; the namespace's own name is no name of a quota or a policy in it."""
    prose = " ".join((alert.name, alert.summary, *alert.annotations.values()))[:4000].lower()
    words = [word for word in _WORD.findall(prose) if word not in _NOT_NAMES]
    for word in sorted(dict.fromkeys(words), key=lambda w: ("-" not in w and "." not in w, words.index(w))):
        kinds = (*WORKLOAD_KINDS, "Service") if word == namespace else _NAMED_KINDS
        found = _by_name(graph, namespace, word, kinds)
        if found:
            yield _one(graph, found, "(named in the alert's text)")
