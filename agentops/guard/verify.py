"""Stage 11, verify: is the world what was previewed, is the workload well, do the checks pass, is nobody worse off?

A plan that takes back a change is judged by its objects alone: the state it goes back to may have been an unwell one.

Comes in: ``Applied``. Goes out: ``Verified``, or ``Failing`` with every reason. It looks until all is well for a while,
something is known to be beyond waiting, or policy's time is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from agentops.core.errors import ToolError
from agentops.core.jsonable import in_words
from agentops.core.outcome import Health, Observation
from agentops.core.plan import Check, ObjectChange
from agentops.guard.diff import deviations
from agentops.guard.parts import GuardParts, Trail
from agentops.guard.states import Applied, Ruled, Verified

BAKE_S = 15.0
"""How long all must stay well before it counts: a crash loop looks well between its crashes."""
_POLL_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """An applied plan that did not verify, with the reasons; ``interrupted`` by Ctrl-C while it was watched."""

    state: Applied
    reasons: tuple[str, ...]
    interrupted: bool = False


def verify(parts: GuardParts, trail: Trail, state: Applied) -> Verified | Failing:
    """Watch the world until it is what was promised, or will not be.

    Raises:
        AuditError: the result could not be recorded.
    """
    trail.say("verifying", key="verify")
    try:
        deadline = parts.monotonic() + state.plan.obligation.verify_s
        after, reasons = _watch(parts, trail, state, deadline)
        checked = {} if reasons else _checked(parts, trail, state, deadline)
    except KeyboardInterrupt:
        trail.failed("verify", "interrupted", change=state.change_id)
        return Failing(state=state, reasons=("interrupted while it was verified",), interrupted=True)
    reasons = (*reasons, *(why for why in checked.values() if why))
    if reasons:
        trail.failed("verify", "; ".join(reasons), change=state.change_id)
        trail.say(f"verification failed: {reasons[0]}", key="verify", done=True)
        return Failing(state=state, reasons=reasons)
    words = "; ".join(_well(one) for observation in after for one in observation.targets) or "as previewed"
    trail.passed("verify", words, change=state.change_id)
    trail.say(f"verified: {words}", key="verify", done=True)
    inherited = {item.name: getattr(state, item.name) for item in fields(Applied)}
    return Verified(**inherited, after=after, checked=checked)


def _watch(
    parts: GuardParts, trail: Trail, state: Applied, deadline: float
) -> tuple[tuple[Observation, ...], tuple[str, ...]]:
    well_since: float | None = None
    while True:
        after, waiting, hopeless = _look(parts, state)
        now = parts.monotonic()
        if hopeless:
            return after, hopeless
        if waiting:
            well_since = None
            trail.say(f"verifying: {waiting[0]}", key="verify")
        elif well_since is None:
            well_since = now
        if well_since is not None and now - well_since >= BAKE_S:
            return after, ()
        if now >= deadline:
            return after, tuple(f"{why} after {state.plan.obligation.verify_s} s" for why in waiting)
        parts.pause(min(_POLL_S, max(deadline - now, 0.1)))


def _look(parts: GuardParts, state: Applied) -> tuple[tuple[Observation, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the world, what is not well yet, and what will not become well by waiting."""
    after: list[Observation] = []
    waiting: list[str] = []
    hopeless: list[str] = []
    for step, before in zip(state.steps, state.before, strict=True):
        try:
            seen = parts.tools[step.change.tool].observe(step.preview)
        except ToolError as error:
            waiting.append(f"{step.change.target.short} cannot be read: {error.message}")
            continue
        after.append(seen)
        hopeless += _not_as_previewed(step, seen)
        if state.plan.rolls_back:
            continue  # it goes back to what was there, well or not; that is what was asked for
        # What had failed before may still come right: a deadline that was missed stays missed until pods are ready.
        known = {(one.ref, one.failed) for one in before.targets}
        lost = [one for one in seen.targets if one.failed and (one.ref, one.failed) not in known]
        hopeless += [f"{one.ref.short} failed: {one.failed}" for one in lost]
        waiting += [one.failed or _well(one) for one in seen.targets if one not in lost and not one.settled]
        waiting += worse(before.bystanders, seen.bystanders)
    return tuple(after), tuple(waiting), tuple(hopeless)


def _not_as_previewed(step: Ruled, seen: Observation) -> Iterator[str]:
    for one in step.preview.objects:
        live = seen.objects.get(str(one.ref))
        if (live is None) != (one.after is None):
            yield f"{one.ref.short} is {'gone' if live is None else 'still there'}"
            continue
        for edit in deviations(one, one.after, live):
            differs = f"should be {in_words(edit.old)}, is {in_words(edit.new)}"
            yield f"{one.ref.short}: {edit.path} {differs}{_blamed(one, edit.path)}"


def _blamed(one: ObjectChange, path: str) -> str:
    mine = any(edit.path == path for edit in one.edits)
    return " (somebody took it back)" if mine else " (not part of this change)"


def worse(before: Sequence[Health], after: Sequence[Health]) -> list[str]:
    """Return the workloads that have fewer ready pods than before, or are gone."""
    now = {one.ref: one for one in after}
    found = []
    for one in before:
        live = now.get(one.ref)
        ready = live.ready if live else 0
        if ready < min(one.ready, live.wanted if live else one.ready):
            found.append(f"{one.ref.short} has {ready} ready, had {one.ready} before")
    return found


def _checked(parts: GuardParts, trail: Trail, state: Applied, deadline: float) -> dict[str, str]:
    """Return the checks that the tools' own observation does not cover, each with why it fails, or nothing.

    They are asked again until all pass or the time is over: what they look at may lag behind the workload.
    """
    checks = {_name(check): check for step in state.plan.steps for check in step.checks if check.kind != "healthy"}
    while True:
        found = {name: parts.check(check) for name, check in checks.items()}
        failing = [why for why in found.values() if why]
        if not failing or parts.monotonic() >= deadline:
            return found
        trail.say(f"verifying: {failing[0]}", key="verify")
        parts.pause(_POLL_S)


def _name(check: Check) -> str:
    return " ".join(filter(None, (check.kind, check.target.short, check.path, str(check.value or ""))))


def _well(one: Health) -> str:
    return one.detail or f"{one.ref.short} has {one.ready} of {one.wanted} ready"
