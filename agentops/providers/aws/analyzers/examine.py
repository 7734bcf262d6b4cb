"""What the AWS analyzers say of one snapshot: an ``Analysis``, which the ranking can read.

Comes in: a snapshot and the alert. Goes out: the problems, what depends on what, what the alert is about, and what is
in order. Pure. Where what was asked about could not be read, nothing is said to be well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from agentops.core.alert import Alert, Severity
from agentops.core.analysis import Analysis, Edge, Gap, ResolvedTarget
from agentops.core.conditions import ANALYZER_FAILED
from agentops.core.finding import Fact, Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.analyzers.registry import AWS_ANALYZERS, AWS_CONDITIONS
from agentops.providers.aws.analyzers.remedies import remedies_for
from agentops.providers.aws.objects.place import ALARM
from agentops.providers.aws.objects.snapshot import AwsSnapshot, moment

TITLE = "AWS"
_DEFECTS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
_SAYS_NOTHING = ("CloudTrail",)
"""A gap in these leaves nothing open of whether something is unwell."""
_NAMED = 6


def examine(snapshot: AwsSnapshot, alert: Alert | None, redacted: Callable[[str], str] = str) -> Analysis:
    """Return what the analyzers say of ``snapshot``.

    Arguments:
        redacted: hides the secrets of a text: problems quote log lines, events and messages.
    """
    found, failed = _problems(snapshot)
    problems = tuple(_without_secrets(one, redacted) for one in found)
    gaps = (*snapshot.gaps, *failed)
    target = _target(snapshot)
    return Analysis(
        provider=TITLE,
        place=f"{snapshot.place.account} {snapshot.place.region}",
        observed_at=snapshot.at,
        target=target,
        counts=_counts(snapshot),
        gaps=gaps,
        problems=problems,
        edges=lambda ref: _edges(snapshot, ref),
        conditions=AWS_CONDITIONS,
        healthy=tuple(_healthy(snapshot, problems)),
        not_checked=tuple(f"{gap.what}: {gap.reason}" for gap in gaps),
        recovered=tuple(_recovered(snapshot, alert)),
        blind=any(gap.what not in _SAYS_NOTHING for gap in gaps),
        sighted=bool(snapshot.things) or (snapshot.whole and not gaps),
        judged=_is_judged(snapshot, target),
        everything="all alarms that fire",
    )


def _counts(snapshot: AwsSnapshot) -> dict[str, int]:
    """Return what was read; that no alarm fires is read, too, and is not nothing."""
    fires = {"firing alarm": len(snapshot.starts)} if snapshot.whole else {}
    return fires | dict(sorted(Counter(ref.kind for ref in snapshot.things).items()))


def _problems(snapshot: AwsSnapshot) -> tuple[tuple[Problem, ...], tuple[Gap, ...]]:
    found: list[Problem] = []
    failed: list[Gap] = []
    for analyzer in AWS_ANALYZERS:
        try:
            found += [
                replace(one, analyzer=analyzer.name, remedies=one.remedies or remedies_for(snapshot, one))
                for one in analyzer.function(snapshot)
            ]
        except _DEFECTS as error:
            # What AWS answers is foreign: one odd field must not cost what all the others tell.
            reason = one_line(f"{type(error).__name__}: {error}", 200)
            failed.append(Gap(what=f"analyzer {analyzer.name}", reason=reason))
            found.append(_failure(snapshot, analyzer.name, reason))
    return tuple(sorted(found, key=lambda one: one.severity.rank)), tuple(failed)


def _without_secrets(problem: Problem, redacted: Callable[[str], str]) -> Problem:
    facts = tuple(replace(one, value=redacted(one.value)) for one in problem.facts)
    return replace(problem, summary=redacted(problem.summary), facts=facts)


def _failure(snapshot: AwsSnapshot, name: str, reason: str) -> Problem:
    ref = snapshot.ref("agentops/analyzer", name)
    return Problem(
        resource=ref,
        condition=ANALYZER_FAILED,
        summary=f"the analyzer {name} met something that it cannot read ({reason}); what it looks at was not checked",
        severity=Severity.INFO,
        analyzer=name,
        facts=(Fact(resource=ref, path="error", value=reason),),
        root=False,
    )


def _edges(snapshot: AwsSnapshot, ref: ResourceRef) -> tuple[Edge, ...]:
    return snapshot.edges.get(ref, ())


def _target(snapshot: AwsSnapshot) -> ResolvedTarget:
    if snapshot.whole:
        fires = ", ".join(ref.name for ref in snapshot.starts[:_NAMED])
        return ResolvedTarget(refs=(), how=f"all alarms that fire ({fires or 'none'})", exact=False, whole=True)
    there = tuple(ref for ref in snapshot.starts if ref not in snapshot.absent)
    named = ", ".join(ref.subject for ref in snapshot.starts[:_NAMED])
    gone = [ref.subject for ref in snapshot.starts if ref in snapshot.absent]
    where = f"account {snapshot.place.account}, region {snapshot.place.region}"
    return ResolvedTarget(
        refs=there,
        how=named,
        exact=bool(there),
        gone=f"there is no {' nor '.join(gone)} in {where}" if gone else "",
    )


def _is_judged(snapshot: AwsSnapshot, target: ResolvedTarget) -> bool:
    """Return whether an alarm that was read says itself whether it fires; metrics of ours do not stand for it."""
    read = [ref for ref in target.refs if ref in snapshot.things]
    return len(read) == len(target.refs) and not snapshot.unread


def _healthy(snapshot: AwsSnapshot, problems: tuple[Problem, ...]) -> Iterator[str]:
    unwell = {one.resource for one in problems if one.severity.rank <= Severity.WARNING.rank}
    for ref in snapshot.things:
        if ref not in unwell and ref.kind not in (ALARM, "ec2/securitygroup", "ec2/instance"):
            yield f"{ref.subject} shows no problem"


def _recovered(snapshot: AwsSnapshot, alert: Alert | None) -> Iterator[str]:
    for ref in snapshot.starts:
        data = snapshot.things.get(ref, {})
        since = moment(data.get("StateUpdatedTimestamp"))
        fired = alert is not None and not alert.is_named
        if ref.kind == ALARM and data.get("StateValue") == "OK" and fired:
            yield f"alarm {ref.name} has been OK{f' since {since:%H:%M} UTC' if since else ''}"
