"""Looking at the cluster: one sweep, what the analyzers say of it, and a second look after a change.

Comes in: parts, a cluster, what it is about. Goes out: a snapshot and a ranking. Reads only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentops.copilot.parts import Investigation, Parts
from agentops.core.alert import Alert, Target
from agentops.core.finding import Finding, Problem
from agentops.core.progress import Stage, Step, unseen
from agentops.core.snapshot import Snapshot
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.tools.kubernetes.client import Cluster
    from agentops.triage.ranking import Ranking

LOG_WINDOW_S = 30
"""After a change, older log lines tell of the trouble that it cured."""


def sweep_and_rank(
    parts: Parts, cluster: Cluster, target: Target, alert: Alert | None, *, log_window_s: int = 0
) -> tuple[Snapshot, Ranking]:
    """Read the neighbourhood and rank what the analyzers say of it."""
    from agentops.tools.kubernetes.sweep import sweep
    from agentops.triage.afterwards import without_outlived_ends
    from agentops.triage.analyze import analyze
    from agentops.triage.rank import rank

    begun = parts.monotonic()
    snapshot = sweep(
        cluster,
        target=target,
        namespaces=parts.namespaces,
        clock=parts.clock,
        progress=parts.progress,
        log_window_s=log_window_s,
    )
    if log_window_s:
        snapshot = without_outlived_ends(snapshot)
    ranking = rank(snapshot, analyze(snapshot), alert)
    text = f"triage found {plural(len(ranking.problems), 'problem')} ({parts.monotonic() - begun:.1f} s)"
    parts.progress(Step(stage=Stage.PROBLEM, text=text))
    return snapshot, ranking


def problems_at(parts: Parts, cluster: Cluster, target: Target) -> tuple[Problem, ...]:
    """Return what triage sees now round one object.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    quiet = replace(parts, progress=unseen)
    _snapshot, ranking = sweep_and_rank(quiet, cluster, target, None, log_window_s=LOG_WINDOW_S)
    return ranking.problems


def rank_again(parts: Parts, cluster: Cluster, found: Investigation) -> tuple[Finding, tuple[Problem, ...]]:
    """Return what triage says now of what an earlier investigation was about.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    from agentops.triage.rank import conclude

    group = found.incident.group
    quiet = replace(parts, progress=unseen)
    _snapshot, ranking = sweep_and_rank(quiet, cluster, group.target, group.lead, log_window_s=LOG_WINDOW_S)
    # No evidence is kept of a second look, and none is cited; the objects themselves were just read.
    finding = conclude(ranking, group.lead, [""] * len(ranking.problems))
    return replace(finding, evidence=(), supported=True), ranking.problems
