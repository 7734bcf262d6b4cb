"""``rank`` orders the problems of every provider as explanations of one alert.

Comes in: what each provider's analyzers said, and the alert when there is one. Goes out: a ``Ranking``, of which
``conclusion.py`` makes a finding. No model, no I/O, no randomness: the same input gives the same answer. It knows no
provider. Points are documented in ``docs/triage.md``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from agentops.core.alert import Alert, Severity
from agentops.core.analysis import Analysis, Gap, ResolvedTarget
from agentops.core.clock import age
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.triage.causality import Causality
from agentops.triage.dependency_graph import DependencyGraph, Route
from agentops.triage.ranking import Ranking, Score

T = TypeVar("T", bound=Hashable)
AT_TARGET, CHAIN, POSSIBLE, IN_SCOPE = 100, 80, 50, 40
EXACT, VAGUE = 20, 8
CHANGED, IN_TIME, TOO_LATE, EXPLAINED, BESIDE = 6, 8, -12, -40, -20
_SEVERITY = {
    Severity.CRITICAL: 6,
    Severity.HIGH: 4,
    Severity.WARNING: 0,
    Severity.INFO: -30,
    Severity.UNKNOWN: 0,
}
_BEFORE, _AFTER = timedelta(minutes=60), timedelta(minutes=5)


def rank(analyses: Sequence[Analysis], alert: Alert | None = None, *, gaps: Sequence[Gap] = ()) -> Ranking:
    """Return the problems of all analyses ordered by how well they explain the alert.

    Arguments:
        analyses: one for each provider that looked; at least one.
        alert: the alert, for its time; None for a plain scan.
        gaps: what nobody looked at: providers that could not be opened.
    """
    problems = tuple(chain.from_iterable(one.problems for one in analyses))
    conditions = {name: condition for one in analyses for name, condition in one.conditions.items()}
    target = merged_target([one.target for one in analyses])
    graph = DependencyGraph([one.edges for one in analyses], problems)
    unwell = unwell_resources(problems)
    causality = Causality(conditions=conditions, graph=graph, unwell=unwell)
    # What is unwell decides how far the graph is followed, and what is explained by another problem scores less:
    # so the order is graph, links, scores, and only then places.
    reached = graph.reach(target.refs, unwell)
    own = graph.own(target.refs)
    pairs = causality.links(problems)
    explained = _explained(problems, pairs, causality)
    started = alert.started_at if alert is not None else None
    scores = [
        _score(problem, target, reached, started, causality, explained=index in explained)
        for index, problem in enumerate(problems)
    ]
    order = sorted(range(len(problems)), key=lambda i: (-scores[i].points, i))
    place = {old: new for new, old in enumerate(order)}
    return Ranking(
        problems=tuple(problems[i] for i in order),
        scores=tuple(scores[i] for i in order),
        links=tuple(sorted((place[a], place[b]) for a, b in pairs)),
        target=target,
        healthy=_of_all(one.healthy for one in analyses),
        not_checked=(*(f"{gap.what}: {gap.reason}" for gap in gaps), *_of_all(one.not_checked for one in analyses)),
        recovered=_of_all(one.recovered for one in analyses),
        target_well=bool(target.refs) and not own & unwell,
        own=own,
        # Whoever sees only what is wrong cannot say that nothing is.
        providers=_of_all((one.provider,) for one in analyses if one.sighted)
        or _of_all((one.provider,) for one in analyses),
        gaps=(*gaps, *_of_all(one.gaps for one in analyses)),
        blind=any(one.blind for one in analyses),
        sighted=any(one.sighted for one in analyses),
        unread=_of_all((tuple(gap.what for gap in gaps if gap.needed), *(one.unread for one in analyses))),
        judged=all(one.judged for one in _concerned(analyses)),
        unsettled=_of_all(one.unsettled for one in analyses),
        conditions=conditions,
        alert=alert,
    )


def _concerned(analyses: Sequence[Analysis]) -> Sequence[Analysis]:
    """Return what the providers said that know the alert's target; of all of them, where none does."""
    return [one for one in analyses if one.target.refs] or analyses


def unwell_resources(problems: Iterable[Problem]) -> frozenset[ResourceRef]:
    """Return the resources that a problem of some weight is about."""
    return frozenset(problem.resource for problem in problems if problem.severity.rank <= Severity.HIGH.rank)


def merged_target(targets: Sequence[ResolvedTarget]) -> ResolvedTarget:
    """Return what the alert is about when several providers looked: exact before guessed, found before not found."""
    found = _best_found(targets)
    if len(found) == 1:
        return found[0]
    groups = {one.group for one in found}
    return ResolvedTarget(
        refs=tuple(dict.fromkeys(ref for one in found for ref in one.refs)),
        how="; ".join(dict.fromkeys(one.how for one in found)),
        exact=all(one.exact for one in found),
        whole=all(one.whole for one in found),
        group=groups.pop() if len(groups) == 1 else "",
        gone="; ".join(dict.fromkeys(one.gone for one in found if one.gone)),
    )


def _best_found(targets: Sequence[ResolvedTarget]) -> Sequence[ResolvedTarget]:
    # A provider that says nothing of how it looked did not look for the target at all.
    targets = [one for one in targets if one.how or one.gone] or targets
    named = [one for one in targets if one.refs]
    exact = [one for one in named if one.exact]
    return exact or named or [one for one in targets if one.whole] or targets


def _of_all(parts: Iterable[Sequence[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


def _explained(problems: Sequence[Problem], pairs: Sequence[tuple[int, int]], causality: Causality) -> set[int]:
    """Return the effects of another problem; of two that explain one another the first in order keeps its place."""
    forward = set(pairs)
    found = set()
    for cause, effect in pairs:
        mutual = (effect, cause) in forward
        if not mutual or (causality.is_exact(problems[cause]), -cause) > (
            causality.is_exact(problems[effect]),
            -effect,
        ):
            found.add(effect)
    return found


def _score(
    problem: Problem,
    target: ResolvedTarget,
    reached: Mapping[ResourceRef, Route],
    started: datetime | None,
    causality: Causality,
    *,
    explained: bool,
) -> Score:
    points, reasons, route = _place(problem, target, reached)
    related = points > 0
    if problem.root:
        exact = causality.is_exact(problem)
        points += EXACT if exact else VAGUE
        reasons.append("an exact cause" if exact else "may itself be an effect")
    else:
        reasons.append("a symptom or information, no cause by itself")
    points += _SEVERITY[problem.severity]
    if route is not None and len(route.path) > 1 and causality.is_beside(problem):
        points += BESIDE
        reasons.append("it may be there beside the trouble")
    if problem.blames_change and problem.root:
        points += CHANGED
        reasons.append("the last rollout explains it")
    points += _timing(problem, started, reasons)
    if explained:
        points += EXPLAINED
        reasons.append("another problem explains it")
    return Score(
        points=points,
        reasons=tuple(reasons),
        path=route.path if route else (),
        related=related,
        broken=route.broken if route else False,
    )


def _place(
    problem: Problem, target: ResolvedTarget, reached: Mapping[ResourceRef, Route]
) -> tuple[int, list[str], Route | None]:
    ref = problem.resource
    route = reached.get(ref)
    if route is not None:
        if not route.dependencies:
            return AT_TARGET - min(len(route.path) - 1, 5), [f"it is at {route.path[0].subject} itself"], route
        steps = " -> ".join(step.subject for step in route.path)
        if route.broken:
            return CHAIN - 2 * route.dependencies, [f"the target depends on it: {steps}"], route
        return POSSIBLE - 2 * route.dependencies, [f"the target may depend on it: {steps}"], route
    if target.whole and target.group in ("", ref.namespace, ref.name):
        return IN_SCOPE, ["it is in the scope of the alert"], None
    if target.whole and any(one.namespace == target.group for one in problem.affects):
        return IN_SCOPE, ["it touches the alert's namespace"], None
    return 0, ["nothing connects it with the alert's target"], None


def _timing(problem: Problem, started: datetime | None, reasons: list[str]) -> int:
    if started is None or problem.since is None:
        return 0
    if problem.since > started + _AFTER:
        reasons.append(f"it began {age(started, problem.since)} after the alert")
        return TOO_LATE
    if problem.since >= started - _BEFORE:
        reasons.append(f"it began {age(problem.since, started)} before the alert")
        return IN_TIME
    return 0
