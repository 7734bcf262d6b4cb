"""What the Kubernetes analyzers say of one snapshot: an ``Analysis``, which the ranking can read.

Comes in: a snapshot and the alert. Goes out: the problems, what depends on what, what the alert is about in terms of
objects that exist, and what is in order. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.alert import Alert
from agentops.core.analysis import Analysis, Gap
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.alert_labels import subject_of_labels
from agentops.providers.kubernetes.analysis.checks import gaps, in_order, recovery
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.own_condition import is_judged, unsettled
from agentops.providers.kubernetes.analysis.target import resolve_target
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.declaration import DeclaredAnalyzer
from agentops.providers.kubernetes.analyzers.edges import KubernetesEdges
from agentops.providers.kubernetes.analyzers.registry import CONDITIONS
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from agentops.providers.kubernetes.objects.unwritten import unwritten, unwritten_gaps

_RUNS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
"""Whoever could read none of these has seen nothing that runs."""
_TELLS_HEALTH = ("Pod", "Event", "Deployment", "Node")
"""A gap in one of these leaves open whether something is unwell; for nodes see ``_leaves_open``."""


_NEEDED = frozenset((*_RUNS, *_TELLS_HEALTH, "Service", "EndpointSlice", "PersistentVolumeClaim"))
"""What is needed to say that all is well, unless this identity may not read it or was told not to."""


def _is_needed(gap: Gap) -> bool:
    """Return whether nobody may say that all is well without what a gap is about: pods always, others if expected."""
    return any(kind == "Pod" or (kind in _NEEDED and not gap.chosen) for kind in _kinds(gap))


def _leaves_open(gap: Gap) -> bool:
    """Return whether something may be unwell behind a gap.

    Nodes that nobody expects to be read are no such thing, be it by right or by ``--namespace``: a node that fails
    takes its pods' readiness with it.
    """
    return any(kind in _TELLS_HEALTH and not (kind == "Node" and gap.chosen) for kind in _kinds(gap))


def _kinds(gap: Gap) -> list[str]:
    """Return the kinds that a gap is about: ``Pod in shop``, ``Node, Namespace``."""
    return [one.partition(" ")[0] for one in gap.what.split(", ")]


_COUNTED_FIRST = ("Node", "Pod", "Deployment", "Service", "Event")


def _place_of_kind(kind: str) -> tuple[int, str]:
    """Return where a kind stands in the counts: what people know a cluster by, then by name."""
    return (_COUNTED_FIRST.index(kind) if kind in _COUNTED_FIRST else len(_COUNTED_FIRST), kind)


def examine(
    snapshot: Snapshot,
    alert: Alert | None = None,
    problems: Sequence[Problem] | None = None,
    *,
    more: Sequence[DeclaredAnalyzer] = (),
) -> Analysis:
    """Return what the analyzers say of ``snapshot``.

    Arguments:
        snapshot: what was read; its ``target`` says what the alert is about.
        alert: for its time, labels and text; None for a plain scan.
        problems: what ``analyze`` returned for this snapshot, where that was called already.
        more: analyzers that the user added.
    """
    found = tuple(analyze(snapshot, more) if problems is None else problems)
    graph = Graph(snapshot)
    target = subject_of_labels(graph, alert, resolve_target(graph, snapshot.target, alert))
    return Analysis(
        provider="Kubernetes",
        place=snapshot.context,
        observed_at=snapshot.observed_at,
        groups=snapshot.namespaces,
        target=target,
        counts={kind: len(snapshot.objects[kind]) for kind in sorted(snapshot.objects, key=_place_of_kind)},
        gaps=(*snapshot.gaps, *unwritten_gaps(snapshot)),
        problems=found,
        edges=KubernetesEdges(graph),
        conditions={**CONDITIONS, **{one.name: one for each in more for one in each.conditions}},
        healthy=in_order(graph, found),
        not_checked=gaps(graph),
        recovered=recovery(graph, target.refs, alert.started_at if alert is not None else None),
        blind=any(map(_leaves_open, snapshot.gaps)),
        unread=tuple(gap.what for gap in snapshot.gaps if _is_needed(gap)),
        sighted=any(map(snapshot.was_read, _RUNS)) and not any(unwritten(snapshot)),
        judged=is_judged(alert),
        unsettled=unsettled(graph, target.refs),
        everything="all namespaces",
    )
