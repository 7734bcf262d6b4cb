"""The analyzers, run one after the other over one snapshot.

Comes in: a ``Snapshot``. Goes out: every ``Problem`` that an analyzer found, without duplicates, worst first. It does
no I/O, knows no alert and draws no conclusion (``rank`` does). One analyzer that fails on a strange object is reported
as a problem of its own and hides none of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agentops.core.alert import Severity
from agentops.core.conditions import ANALYZER_FAILED
from agentops.core.finding import Fact, Problem
from agentops.core.resource import kubernetes_ref
from agentops.core.text import one_line
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.notes import with_notes
from agentops.providers.kubernetes.analyzers.declaration import DeclaredAnalyzer
from agentops.providers.kubernetes.analyzers.registry import ANALYZERS
from agentops.providers.kubernetes.objects.snapshot import Snapshot

ROLLBACK = "kubernetes_rollout_undo"
"""The tool that undoes the last rollout; an analyzer that proposes it blames that rollout."""

# What arithmetic, comparison and lookups on objects of a wrong type can raise; anything else is a fault of ours that
# must be seen. RecursionError comes from objects nested beyond reason.
_MANGLED = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


def analyze(snapshot: Snapshot, more: Iterable[DeclaredAnalyzer] = ()) -> tuple[Problem, ...]:
    """Return what is wrong in ``snapshot``, worst first.

    Arguments:
        snapshot: what the sweep read; objects may be incomplete or mangled.
        more: analyzers that the user added.

    Returns:
        Problems without duplicates, ordered by severity, then by resource and condition. An analyzer that could not
        finish appears as a problem with condition ``AnalyzerFailed`` and severity info.
    """
    return analyze_with(snapshot, (*ANALYZERS, *more))


def analyze_with(snapshot: Snapshot, analyzers: Iterable[DeclaredAnalyzer]) -> tuple[Problem, ...]:
    """Return what the given analyzers find; see ``analyze``."""
    graph = Graph(snapshot)
    found: dict[tuple[str, str, str], Problem] = {}
    for analyzer in analyzers:
        for problem in _run(graph, analyzer):
            identity = (str(problem.resource), problem.condition, problem.summary.partition(": ")[2])
            found.setdefault(identity, with_notes(graph, _marked(problem)))
    return tuple(
        sorted(found.values(), key=lambda p: (p.severity.rank, not p.root, p.resource, p.condition, p.summary))
    )


def _marked(problem: Problem) -> Problem:
    """Return the problem with what the ranking must know of its remedies and facts."""
    blames_change = any(change.tool == ROLLBACK for change in problem.remedies)
    located = any(fact.path.startswith("data[") for fact in problem.facts)
    return replace(problem, blames_change=blames_change, located=located) if blames_change or located else problem


def _run(graph: Graph, analyzer: DeclaredAnalyzer) -> list[Problem]:
    problems: list[Problem] = []
    try:
        problems.extend(analyzer.function(graph))
    except _MANGLED as error:
        problems.append(_failure(graph, analyzer.name, error))
    return problems


def _failure(graph: Graph, name: str, error: Exception) -> Problem:
    ref = kubernetes_ref(graph.snapshot.context or "-", None, "Analyzer", name)
    words = one_line(f"{type(error).__name__}: {error}", 160)
    return Problem(
        resource=ref,
        condition=ANALYZER_FAILED,
        summary=f"analyzer {name} could not finish: {words}",
        severity=Severity.INFO,
        analyzer=name,
        facts=(Fact(resource=ref, path="error", value=words),),
        advice="Report this; what it looks at was not checked completely.",
        root=False,
    )
