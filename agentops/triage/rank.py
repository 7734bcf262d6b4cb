"""From problems to an answer: ``rank`` orders them as explanations of the alert, ``conclude`` draws the conclusion.

Comes in: a snapshot, its problems, and the alert when there is one. Goes out: a ``Ranking``, and a ``Finding``. No
model, no I/O, no randomness: the same input gives the same answer. Points are documented in ``docs/triage.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agentops.core.alert import Alert, Severity
from agentops.core.clock import age
from agentops.core.finding import Finding, Problem
from agentops.core.snapshot import Snapshot
from agentops.triage.aim import Aim, aim
from agentops.triage.causality import is_beside, is_exact, links, undone_by_rollback
from agentops.triage.checks import gaps, in_order, recovery, unwell_keys
from agentops.triage.conclusion import draw
from agentops.triage.fields import Key
from agentops.triage.graph import Graph
from agentops.triage.ranking import Ranking, Score
from agentops.triage.report import subject
from agentops.triage.routes import Reach, Routes, key_of_ref

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


def rank(snapshot: Snapshot, problems: Sequence[Problem], alert: Alert | None = None) -> Ranking:
    """Return ``problems`` ordered by how well they explain the alert.

    Arguments:
        snapshot: what the problems were found in; its ``target`` says what the alert is about.
        problems: what ``analyze`` returned.
        alert: the alert, for its time and its labels; None for a plain scan.
    """
    graph = Graph(snapshot)
    routes = Routes(graph, problems)
    aimed = aim(graph, snapshot.target, alert)
    unwell = unwell_keys(problems)
    reached = routes.reach(aimed.keys, unwell)
    own = _own(routes, aimed.keys)
    started = alert.started_at if alert is not None else None
    pairs = links(problems, routes, unwell)
    explained = _explained(problems, pairs)
    scores = [
        _score(problem, aimed, reached, started, explained=index in explained) for index, problem in enumerate(problems)
    ]
    order = sorted(range(len(problems)), key=lambda i: (-scores[i].points, i))
    place = {old: new for new, old in enumerate(order)}
    return Ranking(
        problems=tuple(problems[i] for i in order),
        scores=tuple(scores[i] for i in order),
        links=tuple(sorted((place[a], place[b]) for a, b in pairs)),
        aim=aimed,
        healthy=in_order(graph, problems),
        not_checked=gaps(graph),
        recovered=recovery(graph, aimed.keys, started),
        target_well=bool(aimed.keys) and not own & unwell,
        own=own,
        snapshot=snapshot,
        alert=alert,
    )


def conclude(ranking: Ranking, alert: Alert | None, evidence_ids: Sequence[str]) -> Finding:
    """Return the finding: the root cause first, what was ruled out, what was not checked.

    Arguments:
        ranking: what ``rank`` returned.
        alert: the alert; when ``ranking`` was made without it, its time and labels are taken into account now.
        evidence_ids: ``evidence_ids[i]`` is the evidence of ``ranking.problems[i]``; missing ids cite nothing.
    """
    by_problem = dict(zip(map(id, ranking.problems), evidence_ids, strict=False))
    if alert is not None and ranking.alert is None:
        ranking = rank(ranking.snapshot, ranking.problems, alert)
    return draw(ranking, alert, tuple(by_problem.get(id(problem), "") for problem in ranking.problems))


def _own(routes: Routes, keys: Sequence[Key]) -> frozenset[Key]:
    """Return the target and what is part of it: its owners, its pods' workload, what serves it."""
    own, queue = set(keys), list(keys)
    while queue:
        for hop in routes.below(queue.pop()):
            if hop.relation in ("is part of", "is served by", "routes to", "scales") and hop.key not in own:
                own.add(hop.key)
                queue.append(hop.key)
    return frozenset(own)


def _explained(problems: Sequence[Problem], pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Return the effects of another problem; of two that explain one another the first in order keeps its place."""
    forward = set(pairs)
    found = set()
    for cause, effect in pairs:
        mutual = (effect, cause) in forward
        if not mutual or (is_exact(problems[cause]), -cause) > (is_exact(problems[effect]), -effect):
            found.add(effect)
    return found


def _score(
    problem: Problem, aimed: Aim, reached: dict[Key, Reach], started: datetime | None, *, explained: bool
) -> Score:
    points, reasons, reach = _place(problem, aimed, reached)
    related = points > 0
    if problem.root:
        exact = is_exact(problem)
        points += EXACT if exact else VAGUE
        reasons.append("an exact cause" if exact else "may itself be an effect")
    else:
        reasons.append("a symptom or information, no cause by itself")
    points += _SEVERITY[problem.severity]
    if reach is not None and len(reach.path) > 1 and is_beside(problem):
        points += BESIDE
        reasons.append("it may be there beside the trouble")
    if undone_by_rollback(problem) and problem.root:
        points += CHANGED
        reasons.append("the last rollout explains it")
    points += _timing(problem, started, reasons)
    if explained:
        points += EXPLAINED
        reasons.append("another problem explains it")
    return Score(
        points=points,
        reasons=tuple(reasons),
        path=reach.path if reach else (),
        related=related,
        broken=reach.broken if reach else False,
    )


def _place(problem: Problem, aimed: Aim, reached: dict[Key, Reach]) -> tuple[int, list[str], Reach | None]:
    key = key_of_ref(problem.resource)
    reach = reached.get(key)
    if reach is not None:
        if not reach.dependencies:
            return AT_TARGET - min(len(reach.path) - 1, 5), [f"it is at {subject(reach.path[0])} itself"], reach
        steps = " -> ".join(subject(step) for step in reach.path)
        if reach.broken:
            return CHAIN - 2 * reach.dependencies, [f"the target depends on it: {steps}"], reach
        return POSSIBLE - 2 * reach.dependencies, [f"the target may depend on it: {steps}"], reach
    if aimed.whole and aimed.namespace in ("", key[1], key[2]):
        return IN_SCOPE, ["it is in the scope of the alert"], None
    if aimed.whole and any(ref.namespace == aimed.namespace for ref in problem.affects):
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
