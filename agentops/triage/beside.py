"""What else went wrong beside a target that is well, when nothing that was read leads from the one to the other.

Comes in: a ranking whose alert fires and whose target has nothing wrong with it. Goes out: the one problem of the
target's group that time makes likely, in words that say so. It is never more than a guess: low confidence, nothing
proposed, and no word of a connection that nobody saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agentops.core.alert import Alert, Severity
from agentops.core.conditions import CHANGES, Trait
from agentops.core.finding import Problem
from agentops.triage.ranking import Ranking

_WINDOW = timedelta(minutes=60)
_AFTER = timedelta(minutes=5)
_CHANGE_WINDOW = timedelta(minutes=45)
_SHORTLY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The problem at ``index`` of the ranking, and the sentence that introduces it."""

    index: int
    words: str


def beside(ranking: Ranking, alert: Alert) -> Beside | None:
    """Return what is likeliest to be behind the alert among what is wrong beside its target; None: nothing stands out.

    In this order: what is broken since about then, the worst and the nearest in time first; what is broken and has no
    date, where it needs no further explanation; the one rollout after which a log complains; the one complaint or the
    one change about then. Where several are alike in the last two, none is named.
    """
    groups = {ref.namespace for ref in ranking.target.refs if ref.namespace}
    started = alert.started_at
    if started is None or not groups:
        return None
    # What another problem explains is no candidate; a change stands beside whatever else its resource has.
    effects = {effect for _, effect in ranking.links}
    near = [
        (index, problem)
        for index, problem in enumerate(ranking.problems)
        if (index not in effects or problem.condition in CHANGES) and _is_near(problem, groups)
    ]
    return _broken(ranking, near, started) or _changed(ranking, near, started)


def _is_near(problem: Problem, groups: set[str]) -> bool:
    """Return whether it is in the target's group, hits something there, or is of the whole place."""
    where = problem.resource.namespace
    return where in groups or any(ref.namespace in groups for ref in problem.affects) or not where


def _broken(ranking: Ranking, near: list[tuple[int, Problem]], started: datetime) -> Beside | None:
    found = []
    for index, problem in near:
        if not problem.root or problem.severity.rank > Severity.HIGH.rank:
            continue
        began = problem.since
        exact = ranking.is_exact(problem)
        if began is not None and started - _WINDOW <= began <= started + _AFTER:
            brings_about = ranking.has(problem, Trait.BRINGS_ABOUT)
            order = (not brings_about, problem.severity.rank, not exact, abs(started - began))
            found.append((0, *order, index))
        elif began is None and exact:
            found.append((1, False, problem.severity.rank, False, timedelta(0), index))
    if not found:
        return None
    first = min(found)
    when = "this began in the hour before it" if first[0] == 0 else "this is wrong, since when is not known"
    return Beside(index=first[-1], words=f"But {when}, and nothing that was read connects the two:")


def _changed(ranking: Ranking, near: list[tuple[int, Problem]], started: datetime) -> Beside | None:
    lately = {
        problem.resource: index
        for index, problem in near
        if problem.condition in CHANGES
        and problem.since is not None
        and started - _CHANGE_WINDOW <= problem.since <= started + timedelta(minutes=1)
    }
    warnings = [(index, one) for index, one in near if one.root and one.severity is Severity.WARNING]
    complaints = [index for index, one in warnings if ranking.has(one, Trait.ONLY_SAID) or _is_fresh(one, started)]
    exact = [index for index, one in warnings if ranking.is_exact(one)]
    both = [index for index in (*exact, *complaints) if ranking.problems[index].resource in lately]
    if both and len({ranking.problems[index].resource for index in both}) == 1:
        change = ranking.problems[lately[ranking.problems[both[0]].resource]].summary.rstrip(".")
        words = f"But shortly before it {change}, and nothing that was read connects the two. Since then:"
        return Beside(index=both[0], words=words)
    if len({ranking.problems[index].resource for index in complaints}) == 1:
        return Beside(index=complaints[0], words="But beside it, and nothing that was read connects the two:")
    if len(lately) == 1 and not complaints:
        (index,) = lately.values()
        return Beside(index=index, words="But shortly before it, and nothing that was read connects the two,")
    return None


def _is_fresh(problem: Problem, started: datetime) -> bool:
    return problem.since is not None and started - _SHORTLY <= problem.since <= started + timedelta(minutes=1)
