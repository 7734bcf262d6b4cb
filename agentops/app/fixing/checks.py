"""What must have come right after a change, as triage saw it before; and whether it has.

Comes in: a finding with the problems that triage saw, or a check of a plan. Goes out: the checks that a plan carries
(they are part of its digest, so a saved plan is judged like a fresh one), and what is left of each. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentops.app.look import NOTED, Look, look_again, look_at
from agentops.app.services import Investigation, Services
from agentops.core.alert import Severity, Target
from agentops.core.errors import ToolError
from agentops.core.finding import Cause, Finding, Problem
from agentops.core.plan import Check
from agentops.guard.doubts import CONDITION, SYMPTOM
from agentops.guard.services import Symptom

if TYPE_CHECKING:
    from agentops.app.connections import Connections

MOST_SYMPTOMS = 8
_MOST_UNREAD = 4
_SAME_LOOK_S = 1.0


def checks_for(finding: Finding, problems: Sequence[Problem], symptoms: Sequence[Cause]) -> tuple[Check, ...]:
    """Return what must hold after a change that cures what the finding says.

    The cause must be gone, or the change is rolled back. What is wrong with the alert's target must be gone for the
    change to count as verified; it may have another cause besides.
    """
    cause = finding.cause
    seen = {(one.resource, one.condition) for one in problems}
    made = []
    if cause is not None and cause.condition == NOTED:
        # A rollout that is noted was no trouble that could be seen, and is noted again when it is undone.
        made.append(_check(SYMPTOM, cause, seen=False))
    elif cause is not None:
        made.append(_check(CONDITION, cause, seen=(cause.resource, cause.condition) in seen))
    wanted = symptoms or _effects(cause, problems)
    made += [_check(SYMPTOM, one, seen=True) for one in wanted if one != cause][:MOST_SYMPTOMS]
    return tuple(made)


def _check(kind: str, cause: Cause, *, seen: bool) -> Check:
    return Check(kind=kind, target=cause.resource, value=cause.condition, seen=seen)


def _effects(cause: Cause | None, problems: Sequence[Problem]) -> list[Cause]:
    """Return what is wrong with the objects that the cause hurts, where the alert names none."""
    if cause is None:
        return []
    mine = [one for one in problems if (one.resource, one.condition) == (cause.resource, cause.condition)]
    hurt = {ref for one in mine for ref in one.affects}
    return [
        Cause(resource=one.resource, condition=one.condition)
        for one in problems
        if one.resource in hurt and one.severity.rank <= Severity.HIGH.rank
    ]


@dataclass(slots=True)
class Checking:
    """Judges the checks of one plan by what triage sees; looks made in one moment are one look.

    Arguments:
        look: returns what triage sees now of a check's object and of what the alert is about.
        monotonic: seconds.
        before: the problems that triage saw before the change; empty for a saved plan.
    """

    look: Callable[[Check], Look]
    monotonic: Callable[[], float]
    before: Sequence[Problem] = ()
    _last: tuple[float, str, Look] | None = field(default=None, init=False)

    def failing(self, check: Check) -> str:
        """Return why a check fails, or nothing: here, whether triage still sees the condition on its object."""
        if check.kind != CONDITION:
            return f"there is no way to check {check.kind!r}"
        try:
            look = self._look(check)
        except ToolError as error:
            return f"nothing can be read: {error.message}"
        if still := still_there(look.problems, check):
            return still
        if look.unread:
            return f"it cannot be judged, not read in full: {', '.join(look.unread[:_MOST_UNREAD])}"
        moved = _moved(self.before, look.problems, check)
        return f"it is now {moved[0].resource.short} that is {check.value}: {moved[0].summary}" if moved else ""

    def symptom(self, check: Check) -> Symptom:
        """Return what is left of a symptom of the alert, and whether it may pass by itself."""
        try:
            look = self._look(check)
        except ToolError as error:
            return Symptom(why=f"nothing can be read: {error.message}", may_pass=True)
        still = still_there(look.problems, check)
        if look.unread and not still:
            return Symptom(why=f"not read in full: {', '.join(look.unread[:_MOST_UNREAD])}", may_pass=True)
        return Symptom(why=still, may_pass=bool(still) and look.is_vague)

    def _look(self, check: Check) -> Look:
        now, about = self.monotonic(), str(check.target)
        if self._last is None or now - self._last[0] > _SAME_LOOK_S or self._last[1] not in ("", about):
            # One look serves all checks where it is at the alert's target, and each its own object in a saved plan.
            self._last = (now, "" if self.before else about, self.look(check))
        return self._last[2]


def checking(services: Services, connections: Connections, found: Investigation) -> Checking:
    """Return what judges the plans of an investigation."""
    return Checking(
        look=lambda _check: look_again(services, connections, found),
        monotonic=services.monotonic,
        before=found.problems,
    )


def checking_saved(services: Services, connections: Connections) -> Checking:
    """Return what judges a saved plan, which says itself what it is about."""

    def look(check: Check) -> Look:
        ref = check.target
        target = Target(namespace=ref.namespace, kind=ref.kind, name=ref.name, scheme=ref.scheme)
        return look_at(services, connections, target, None)

    return Checking(look=look, monotonic=services.monotonic)


def still_there(problems: Sequence[Problem], check: Check) -> str:
    """Return that triage sees a check's condition on its object, or an empty text."""
    same = [one for one in problems if one.resource == check.target and one.condition == check.value]
    return f"{check.target.short} is still {check.value}: {same[0].summary}" if same else ""


def _moved(before: Sequence[Problem], after: Sequence[Problem], check: Check) -> list[Problem]:
    """Return where the condition went: to another object of the same kind, which now does it to the same things."""
    alike = [one for one in before if one.condition == check.value and one.resource.kind == check.target.kind]
    hurt = {ref for one in alike if one.resource == check.target for ref in one.affects}
    known = {one.resource for one in alike}
    return [
        one
        for one in after
        if one.condition == check.value
        and one.resource.kind == check.target.kind
        and one.resource not in known
        and hurt & set(one.affects)
    ]
