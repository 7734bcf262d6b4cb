"""Objects whose deletion does not finish: namespaces that hang in Terminating, objects that a finalizer keeps alive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact
from agentops.providers.kubernetes.objects.fields import items, key_of, mapping, moment, name_of, strings, text

NAME = "lifecycle"
_PATIENCE = timedelta(minutes=5)
_TELLING = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)
_KINDS = (
    "PersistentVolumeClaim",
    "PersistentVolume",
    "Service",
    "Deployment",
    "StatefulSet",
    "Job",
    "Ingress",
    "ConfigMap",
)

FINALIZER_STUCK = exact("FinalizerStuck", "the object", "a finalizer keeps a deleted object")


@analyzer(
    NAME,
    exact("NamespaceTerminating", "Namespace", "its deletion does not finish"),
    FINALIZER_STUCK,
)
def lifecycle(graph: Graph) -> Iterable[Problem]:
    """Return namespaces and objects whose deletion does not finish."""
    for namespace in graph.of("Namespace"):
        yield from _namespace(graph, namespace)
    for kind in _KINDS:
        for obj in graph.of(kind):
            if mapping(obj, "metadata").get("deletionTimestamp"):
                yield from _stuck(graph, obj)


def _overdue(graph: Graph, obj: dict[str, Any]) -> datetime | None:
    asked = moment(obj, "metadata", "deletionTimestamp")
    return asked if asked is not None and graph.now - asked > _PATIENCE else None


def _namespace(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    asked = _overdue(graph, obj)
    if asked is None:
        return
    facts = [quote(graph, obj, "metadata.deletionTimestamp", text(obj, "metadata", "deletionTimestamp"))]
    reasons = [
        entry
        for entry in items(obj, "status", "conditions")
        if entry.get("type") in _TELLING and entry.get("status") == "True"
    ]
    facts += [quote(graph, obj, f"status.conditions[{text(e, 'type')}].message", text(e, "message")) for e in reasons]
    why = quoted(text(reasons[-1], "message")) if reasons else "the objects do not say why"
    yield Problem(
        resource=graph.ref(obj),
        condition="NamespaceTerminating",
        summary=f"Namespace {name_of(obj)}: terminating for {age(asked, graph.now)}: {why}",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=tuple(facts),
        since=asked,
        advice="Remove what the message names: an API service without backend, or an object with a finalizer.",
    )


def _stuck(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    asked, finalizers = _overdue(graph, obj), strings(obj, "metadata", "finalizers")
    if asked is None or not finalizers:
        return
    yield Problem(
        resource=graph.ref(obj),
        condition="FinalizerStuck",
        summary=f"{subject(key_of(obj))}: deleted {age(asked, graph.now)} ago, finalizer {finalizers[0]} keeps it",
        severity=Severity.WARNING,
        analyzer=NAME,
        facts=tuple(quote(graph, obj, "metadata.finalizers", name) for name in finalizers),
        since=asked,
        advice="Find the controller that owns the finalizer, or what still uses the object.",
    )
