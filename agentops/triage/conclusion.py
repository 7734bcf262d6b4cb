"""The conclusion that a ranking allows: a verdict, the cause, its chain to the alert, and what was ruled out.

It claims a root cause only for a problem that the alert's target can suffer from; everything else is "also seen". The
rules for verdict and confidence stand in ``docs/triage.md``. Text of objects is quoted, never obeyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from agentops.core.alert import Alert, Severity
from agentops.core.commands import command_line
from agentops.core.conditions import ANALYZER_FAILED, CHANGED, CHANGES, EDITED, OUTSIDE, SUSPICIOUS, Trait
from agentops.core.finding import Cause, Confidence, Finding, Hypothesis, Problem, Verdict
from agentops.triage.beside import Beside, beside
from agentops.triage.ranking import Ranking

BY = "triage"
CONVINCING = 70
"""Points from which a problem that is not at the target itself counts as its cause."""
RIVAL = 12
_CHANGE_WINDOW = timedelta(minutes=45)
_MOST_NAMED = 3
_MOST_UNREAD = 6


def conclude(ranking: Ranking, evidence_ids: Sequence[str]) -> Finding:
    """Return the finding: the root cause first, what was ruled out, what was not checked.

    Arguments:
        ranking: what ``rank`` returned.
        evidence_ids: ``evidence_ids[i]`` is the evidence of ``ranking.problems[i]``; missing ids cite nothing.
    """
    ids = (*evidence_ids, *[""] * (len(ranking.problems) - len(evidence_ids)))
    return _held_back(ranking, ids, _concluded(ranking, ids))


def _held_back(ranking: Ranking, ids: Sequence[str], finding: Finding) -> Finding:
    """Return what may be said of it when some of what was needed was not read, or cannot be right."""
    if finding.verdict in (Verdict.NO_PROBLEM, Verdict.RECOVERED) and ranking.unread:
        words = "Nothing is wrong in what was read, but it could not be judged whether all is well: not read in full"
        named = ", ".join(ranking.unread[:_MOST_UNREAD])
        more = f" and {len(ranking.unread) - _MOST_UNREAD} more" if len(ranking.unread) > _MOST_UNREAD else ""
        finding = _plain(ranking, ids, Verdict.UNDETERMINED, f"{words}: {named}{more}.", ())
    if any(gap.broken for gap in ranking.gaps):
        warning = "Some of what was answered cannot be right, so this rests on what was left of it."
        return replace(finding, confidence=Confidence.LOW, warnings=(*finding.warnings, warning))
    return finding


def _concluded(ranking: Ranking, ids: Sequence[str]) -> Finding:
    alert = ranking.alert
    best = _best(ranking)
    if _is_named_and_well(ranking) and (best is None or ranking.problems[best].resource not in ranking.own):
        return _named_and_well(ranking, ids)
    if best is not None:
        change = _recent_change(ranking, alert) if ranking.has(ranking.problems[best], Trait.ONLY_SAID) else None
        if change is not None and ranking.problems[change].resource in ranking.own:
            return _blame_change(ranking, ids, change, said=best)
        return _root_cause(ranking, alert, ids, best)
    if ranking.target.gone and not ranking.target.refs:
        return _plain(ranking, ids, Verdict.UNDETERMINED, _gone_words(ranking))
    symptom = _symptom(ranking)
    if symptom is not None:
        words = (
            f"{ranking.problems[symptom].summary}. What brings it about cannot be told from the objects that were read."
        )
        return _plain(ranking, ids, Verdict.UNDETERMINED, words, (symptom,))
    if ranking.recovered and ranking.target_well and ranking.judged and not ranking.unsettled:
        words = f"{ranking.target.how} is healthy now: {'; '.join(ranking.recovered[:2])}."
        return _plain(ranking, ids, Verdict.RECOVERED, words)
    change = _recent_change(ranking, alert)
    if change is not None:
        return _blame_change(ranking, ids, change)
    return _nothing(ranking, alert, ids)


def _is_named_and_well(ranking: Ranking) -> bool:
    """Return whether a person named one resource, and nothing is wrong with it or what is part of it."""
    named = ranking.alert is None or ranking.alert.is_named
    return named and ranking.target.exact and not ranking.target.whole and ranking.target_well and ranking.sighted


def _named_and_well(ranking: Ranking, ids: Sequence[str]) -> Finding:
    """Say so first. What else is wrong is also seen, and never taken for what was asked about."""
    words = f"{ranking.target.how} is healthy."
    verdict = Verdict.NO_PROBLEM
    if ranking.recovered:
        verdict, words = Verdict.RECOVERED, f"{ranking.target.how} is healthy now: {'; '.join(ranking.recovered[:2])}."
    others = _others(ranking)
    if not others:
        return _plain(ranking, ids, verdict, words)
    first = others[0].resource
    finding = _plain(ranking, ids, verdict, f"{words} Also seen: {_named(others)}.")
    if first.is_foreign:
        return finding
    return replace(
        finding, next_steps=(f"Look at that: {command_line('investigate', f'{first.scheme}:{first.short}')}",)
    )


def _gone_words(ranking: Ranking) -> str:
    """Say that the target is not there, and name other trouble, without blaming it: nothing connects the two."""
    words = ranking.target.gone[:1].upper() + ranking.target.gone[1:] + "."
    others = _others(ranking)
    if others:
        words += f" Other problems were found, and nothing connects them with this alert: {_named(others)}."
    return words


def _others(ranking: Ranking) -> list[Problem]:
    return [p for p in ranking.problems if p.root and p.severity.rank <= Severity.HIGH.rank]


def _named(problems: Sequence[Problem]) -> str:
    named = "; ".join(f"{_head(problem)} ({problem.condition})" for problem in problems[:_MOST_NAMED])
    return named + (f" and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else "")


def _best(ranking: Ranking) -> int | None:
    for index, (problem, score) in enumerate(zip(ranking.problems, ranking.scores, strict=True)):
        if problem.root and score.related and problem.is_wrong and _counts(ranking, index):
            return index
    return None


def _counts(ranking: Ranking, index: int) -> bool:
    """A problem in a dependency that nothing connects to trouble at the target must weigh more."""
    score, problem = ranking.scores[index], ranking.problems[index]
    if score.path and len(score.path) == 1:
        return True
    if ranking.target.whole:
        return problem.severity.rank <= Severity.HIGH.rank
    return score.points >= CONVINCING or (problem.severity.rank <= Severity.HIGH.rank and score.points >= 50)


def _symptom(ranking: Ranking) -> int | None:
    for index, (problem, score) in enumerate(zip(ranking.problems, ranking.scores, strict=True)):
        if score.related and problem.severity.rank <= Severity.HIGH.rank and not problem.root:
            return index
    return None


def _recent_change(ranking: Ranking, alert: Alert | None) -> int | None:
    """A rollout of the target (or of what it depends on) shortly before the alert, when nothing else is wrong."""
    started = alert.started_at if alert is not None and alert.status == "firing" else None
    if started is None:
        return None
    for index, (problem, score) in enumerate(zip(ranking.problems, ranking.scores, strict=True)):
        # A rollout that nobody would undo is a way back from another one: a cure, and no suspect.
        offered = problem.remedies or problem.withheld or problem.condition == EDITED
        if problem.condition not in CHANGES or not offered or not score.path or problem.since is None:
            continue
        if started - _CHANGE_WINDOW <= problem.since <= started + timedelta(minutes=1):
            return index
    return None


def _root_cause(ranking: Ranking, alert: Alert | None, ids: Sequence[str], best: int) -> Finding:
    problem = ranking.problems[best]
    chain, twins = _chain(ranking, best), _twins(ranking, best)
    late = alert is not None and any("after the alert" in reason for reason in ranking.scores[best].reasons)
    change = _change_of(ranking, best)
    cited = (best, *twins, *chain, *((change,) if change is not None else ()))
    found = [ranking.problems[index] for index in (best, *twins)]
    return Finding(
        verdict=Verdict.OUTSIDE if problem.condition == OUTSIDE else Verdict.ROOT_CAUSE,
        conclusion=_cause_words(ranking, best, twins, chain),
        confidence=_confidence(ranking, best),
        by=BY,
        cause=Cause(resource=problem.resource, condition=problem.condition),
        evidence=_cite(ids, cited),
        ruled_out=_ruled_out(ranking),
        not_checked=ranking.not_checked,
        next_steps=tuple(dict.fromkeys(step for one in found for step in _next_steps(one, first=one is problem))),
        proposed=tuple(change for one in found for change in one.remedies),
        supported=bool(_cite(ids, cited)),
        warnings=(*_warnings(ranking), *(("This began after the alert did.",) if late else ())),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def _cause_words(ranking: Ranking, best: int, twins: Sequence[int], chain: tuple[int, ...]) -> str:
    words = ranking.problems[best].summary.rstrip(".") + "."
    if twins:
        words += f" The same holds for {', '.join(_head(ranking.problems[index]) for index in twins[:5])}."
    return f"{words} {_chain_words(ranking, best, chain)}" if chain else words


def _next_steps(problem: Problem, *, first: bool) -> Iterator[str]:
    """Yield what to do, and what is not proposed for an owner's sake; of further objects only the latter."""
    if first and problem.advice:
        yield problem.advice
    yield from (one.why for one in problem.withheld)


def _twins(ranking: Ranking, best: int) -> tuple[int, ...]:
    """Return problems of the same condition on other objects that hit the same workload: three cordoned nodes."""
    cause = ranking.problems[best]
    if not cause.affects:
        return ()
    return tuple(
        index
        for index, other in enumerate(ranking.problems)
        if index != best
        and other.root
        and other.condition == cause.condition
        and other.resource.kind == cause.resource.kind
        and set(other.affects) & set(cause.affects)
    )


def _confidence(ranking: Ranking, best: int) -> Confidence:
    """The rule: high for an exact cause that the target reaches and that has no rival; see ``docs/triage.md``."""
    problem, is_exact = ranking.problems[best], ranking.is_exact(ranking.problems[best])
    if ranking.target.whole or not ranking.scores[best].broken:
        return Confidence.MEDIUM if is_exact else Confidence.LOW
    if is_exact:
        is_found = ranking.target.exact or bool(ranking.target.refs)
        return Confidence.HIGH if is_found and not _rivals(ranking, best) else Confidence.MEDIUM
    # A line in the log of what is well tells of something; that it is what the alert is about it does not tell.
    telling = ranking.has(problem, Trait.TELLING) and problem.severity.rank <= Severity.HIGH.rank
    says_enough = problem.blames_change or problem.located or telling
    return Confidence.MEDIUM if says_enough else Confidence.LOW


def _rivals(ranking: Ranking, best: int) -> list[int]:
    """Return the other exact causes that explain the alert nearly as well, and are neither its effect nor its twin."""
    return [
        index
        for index, other in enumerate(ranking.problems)
        if index != best
        and ranking.is_exact(other)
        and ranking.scores[index].related
        and other.severity.rank <= Severity.HIGH.rank
        and ranking.scores[best].points - ranking.scores[index].points < RIVAL
        and (best, index) not in ranking.links
        and index not in _twins(ranking, best)
    ]


def _chain(ranking: Ranking, best: int) -> tuple[int, ...]:
    """Return the effects from the cause up to the target, one for each object, nearest to the cause first."""
    path = ranking.scores[best].path
    found: list[int] = []
    for ref in reversed(path):
        for index, problem in enumerate(ranking.problems):
            if index != best and problem.resource == ref and problem.severity.rank <= Severity.HIGH.rank:
                found.append(index)
                break
    return tuple(found)


def _chain_words(ranking: Ranking, best: int, chain: Sequence[int]) -> str:
    own = ranking.problems[best].resource
    steps = [ranking.problems[index] for index in chain if ranking.problems[index].resource != own]
    if not steps:
        return ""
    said = "; ".join(f"{_head(step)} ({step.condition})" for step in steps)
    return f"In consequence: {said}."


def _head(problem: Problem) -> str:
    return problem.resource.subject


def _change_of(ranking: Ranking, best: int) -> int | None:
    cause = ranking.problems[best]
    if not cause.blames_change:
        return None
    for index, problem in enumerate(ranking.problems):
        if problem.condition == CHANGED and problem.resource == cause.resource:
            return index
    return None


def _blame_change(ranking: Ranking, ids: Sequence[str], change: int, *, said: int | None = None) -> Finding:
    """Name a rollout for want of anything better; ``said`` is what a log complains of since then."""
    problem = ranking.problems[change]
    words = f"Nothing is unhealthy in the objects, but shortly before the alert {problem.summary}. "
    words += "That is the only thing found that could explain it."
    if said is not None:
        words = f"Shortly before the alert {problem.summary}. {ranking.problems[said].summary.rstrip('.')}."
    return Finding(
        verdict=Verdict.ROOT_CAUSE,
        conclusion=words,
        confidence=Confidence.LOW,
        by=BY,
        cause=Cause(resource=problem.resource, condition=problem.condition),
        evidence=_cite(ids, (change, *((said,) if said is not None else ()))),
        ruled_out=_ruled_out(ranking),
        not_checked=ranking.not_checked,
        next_steps=tuple(_next_steps(problem, first=True)),
        proposed=problem.remedies,
        supported=bool(_cite(ids, (change,))),
        warnings=_warnings(ranking),
        notes=problem.notes,
    )


def _nothing(ranking: Ranking, alert: Alert | None, ids: Sequence[str]) -> Finding:
    """Say that nothing was found: that all is well only where the alert's own condition was looked at and is gone."""
    if not ranking.sighted:
        # Whoever may read nothing that could be unwell has looked at nothing; that is no sign of health.
        words = "Nothing that runs could be read, so nothing can be said."
        told = [index for index, problem in enumerate(ranking.problems) if problem.is_wrong][:_MOST_NAMED]
        if told:
            words = f"{words} Told of it: {'; '.join(ranking.problems[index].summary for index in told)}."
        return _plain(ranking, ids, Verdict.UNDETERMINED, words, tuple(told))
    if not ranking.target_well and not ranking.target.whole:
        words = f"Nothing that was found explains this alert about {ranking.target.how}."
        return _plain(ranking, ids, Verdict.UNDETERMINED, words)
    if alert is not None and alert.status == "resolved" and ranking.target_well:
        words = f"The alert is resolved and {ranking.target.how} is healthy."
        return _plain(ranking, ids, Verdict.RECOVERED, words)
    if alert is None or alert.status != "firing":
        words = f"Nothing is wrong with {ranking.target.how}." if ranking.target.refs else "Nothing is wrong."
        return _plain(ranking, ids, Verdict.NO_PROBLEM, words)
    about = f" about {ranking.target.how}" if ranking.target.refs or ranking.target.group else ""
    words = f"Nothing visible in {' or '.join(ranking.providers)} explains this alert{about}."
    doubts = _doubts(ranking)
    near = beside(ranking, alert) if doubts else None
    if near is not None:
        return _name_beside(ranking, ids, near, words)
    return _plain(ranking, ids, Verdict.UNDETERMINED if doubts else Verdict.NO_PROBLEM, " ".join((words, *doubts)))


def _name_beside(ranking: Ranking, ids: Sequence[str], near: Beside, words: str) -> Finding:
    """Name it with low confidence and propose nothing for it: it may be another matter."""
    problem = ranking.problems[near.index]
    return Finding(
        verdict=Verdict.ROOT_CAUSE,
        conclusion=f"{words} {near.words} {problem.summary.rstrip('.')}.",
        confidence=Confidence.LOW,
        by=BY,
        cause=Cause(resource=problem.resource, condition=problem.condition),
        evidence=_cite(ids, (near.index,)),
        ruled_out=_ruled_out(ranking),
        not_checked=ranking.not_checked,
        next_steps=(f"Find out whether {ranking.target.how} needs {_head(problem)}.",),
        supported=bool(_cite(ids, (near.index,))),
        warnings=_warnings(ranking),
    )


def _doubts(ranking: Ranking) -> tuple[str, ...]:
    """Return why a firing alert may be right although nothing is wrong with the resources."""
    found = []
    if ranking.unsettled:
        found.append(f"In the last minutes: {'; '.join(ranking.unsettled[:2])}.")
    noted = [
        problem.summary
        for problem, score in zip(ranking.problems, ranking.scores, strict=True)
        if len(score.path) == 1 and problem.condition not in (*CHANGES, SUSPICIOUS, ANALYZER_FAILED)
    ]
    found += [f"{words.rstrip('.')}." for words in noted[:1]]
    if ranking.recovered and not ranking.judged:
        found.append(f"It was unwell lately: {ranking.recovered[0]}.")
    if not ranking.judged:
        found.append("What the alert measures cannot be seen there, so it may be right although nothing is unhealthy.")
    return tuple(found)


def _plain(ranking: Ranking, ids: Sequence[str], verdict: Verdict, words: str, cited: tuple[int, ...] = ()) -> Finding:
    sure = verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM) and not ranking.blind
    confidence = Confidence.MEDIUM if sure and ranking.target.refs else Confidence.LOW
    if verdict is Verdict.RECOVERED and sure and ranking.target.exact:
        confidence = Confidence.HIGH
    return Finding(
        verdict=verdict,
        conclusion=words,
        confidence=confidence,
        by=BY,
        evidence=_cite(ids, cited),
        ruled_out=_ruled_out(ranking),
        not_checked=ranking.not_checked,
        next_steps=_steps(ranking, verdict),
        warnings=_warnings(ranking),
    )


def _steps(ranking: Ranking, verdict: Verdict) -> tuple[str, ...]:
    """Return what to do next when there is no cause; what could not be read comes first."""
    if verdict is Verdict.RECOVERED:
        if ranking.alert is None or ranking.alert.is_named:
            # A person named the resource: no alert fires that could be closed.
            return ()
        return ("Silence or close the alert, and look at why it still fires if it does.",)
    if verdict is not Verdict.UNDETERMINED:
        return ()
    if ranking.gaps:
        return ("Ask for what could not be read, or look at the application itself.",)
    if ranking.target.gone and not ranking.target.refs:
        return ("Check the name, the cluster (context) and the namespace that the alert is about.",)
    return ("Look at the application itself: its own logs and metrics.",)


def _ruled_out(ranking: Ranking) -> tuple[Hypothesis, ...]:
    """Return what was checked and is in order; another problem that is there is never ruled out."""
    return tuple(Hypothesis(statement=sentence) for sentence in ranking.healthy)


def _cite(ids: Sequence[str], indexes: Sequence[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids[index] for index in indexes if index < len(ids) and ids[index]))


def _warnings(ranking: Ranking) -> tuple[str, ...]:
    return tuple(p.summary for p in ranking.problems if p.condition in (SUSPICIOUS, ANALYZER_FAILED))
