"""Stage 12, verify: are the objects as previewed, is the workload well, do the checks pass, is nothing else worse?

A plan that rolls back a change is judged by its objects alone: the state it goes back to may have been an unwell one,
and then that is said. One that a person asked for in words need not make well what was unwell before, only no worse.

Comes in: ``Applied``. Goes out: ``Verified``, or ``Failing`` with every reason. It looks until all is well for a while,
something is known to be beyond waiting, or policy's time is over. What it could not judge, and what is still unwell of
what the alert is about, are ``doubts`` of the ``Verified``: then it was applied, and is never called verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentops.core.errors import ToolError
from agentops.core.jsonable import in_words
from agentops.core.outcome import Health, Observation
from agentops.core.plan import Check, ObjectChange
from agentops.core.resource import ResourceRef
from agentops.guard.diff import deviations
from agentops.guard.doubts import SYMPTOM, doubts_about, held, is_idle, well
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Applied, Decided, Verified

BAKE_S = 15.0
"""How long all must stay well before it counts: a crash loop looks well between its crashes."""
SETTLE_S = 60.0
"""How long a state that was restored may take to come to rest, before it is called as unhealthy as before."""
_POLL_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """An applied plan that did not verify, with the reasons; ``interrupted`` by Ctrl-C while it was watched."""

    state: Applied
    reasons: tuple[str, ...]
    interrupted: bool = False


def verify(services: GuardServices, log: StageLog, state: Applied) -> Verified | Failing:
    """Watch the objects until they are as previewed, or will not be.

    Raises:
        AuditError: the result could not be recorded.
    """
    log.say("verifying", key="verify")
    try:
        deadline = services.monotonic() + state.plan.obligation.verify_s
        after, reasons = _watch(services, log, state, deadline)
        checked = {} if reasons else _checked(services, log, state, deadline)
    except KeyboardInterrupt:
        log.failed("verify", "interrupted", change=state.change_id)
        return Failing(state=state, reasons=("interrupted while it was verified",), interrupted=True)
    reasons = (*reasons, *(why for why in checked.values() if why))
    if reasons:
        log.failed("verify", "; ".join(reasons), change=state.change_id)
        log.say(f"verification failed: {reasons[0]}", key="verify", done=True)
        return Failing(state=state, reasons=reasons)
    doubts = doubts_about(services, log, state, after)
    words = "; ".join(held(state, after)) or "as previewed"
    if doubts:
        words = f"not verified: {'; '.join(doubts)}" if not state.plan.rolls_back else f"unwell: {'; '.join(doubts)}"
    log.passed("verify", words, change=state.change_id, verified=not doubts)
    log.say(words if doubts else f"verified: {words}", key="verify", done=True)
    return Verified(applied=state, after=after, checked=checked, doubts=doubts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The observation, what is not well yet, what waiting will not cure, and what only has to come to rest."""

    after: tuple[Observation, ...]
    waiting: tuple[str, ...]
    hopeless: tuple[str, ...]
    settling: tuple[str, ...]


def _watch(
    services: GuardServices, log: StageLog, state: Applied, deadline: float
) -> tuple[tuple[Observation, ...], tuple[str, ...]]:
    well_since: float | None = None
    settled_by = min(deadline, services.monotonic() + SETTLE_S)
    while True:
        look = _look(services, state)
        now = services.monotonic()
        if look.hopeless:
            return look.after, look.hopeless
        if look.waiting or (look.settling and now < settled_by):
            well_since = None
            log.say(f"verifying: {(look.waiting or look.settling)[0]}", key="verify")
        elif well_since is None:
            well_since = now
        if well_since is not None:
            left = BAKE_S - (now - well_since)
            if left <= 0:
                return look.after, ()
            # Between two crashes a container looks as well as any.
            log.say(f"all is as it should be; watching {left:.0f} s more whether it stays so", key="verify")
        if now >= deadline:
            return look.after, tuple(f"{why} after {state.plan.obligation.verify_s} s" for why in look.waiting)
        services.pause(min(_POLL_S, max(deadline - now, 0.1)))


def _look(services: GuardServices, state: Applied) -> _Look:
    after: list[Observation] = []
    waiting: list[str] = []
    hopeless: list[str] = []
    settling: list[str] = []
    # Where several steps touch one object, it is to be what the last of them makes of it.
    last = {one.ref: index for index, step in enumerate(state.steps) for one in step.preview.objects}
    for index, (step, before) in enumerate(zip(state.steps, state.before, strict=True)):
        try:
            seen = services.tools[step.change.tool].observe(step.preview)
        except ToolError as error:
            waiting.append(f"{step.change.target.short} cannot be read: {error.message}")
            continue
        after.append(seen)
        hopeless += _not_as_previewed([one for one in step.preview.objects if last[one.ref] == index], seen)
        if state.plan.rolls_back:
            # It goes back to what was there, well or not; that is what was asked for.
            settling += _not_at_rest(seen.targets)
            continue
        lost = _lost(before.targets, seen.targets)
        hopeless += [f"{one.ref.short} failed: {one.failed}" for one in lost]
        excused = _unwell_before(state, before)
        settling += _not_at_rest([one for one in seen.targets if one.ref in excused])
        waiting += worse([one for one in before.targets if one.ref in excused], seen.targets)
        still = [one for one in seen.targets if one not in lost and one.ref not in excused]
        waiting += [one.failed or well(one) for one in still if not one.settled]
        waiting += _emptied(step, before.targets, seen.targets)
        # What merely stood by may be a target once the change is there: a binding reaches who holds the account.
        waiting += worse(before.bystanders, (*seen.bystanders, *seen.targets))
    return _Look(after=tuple(after), waiting=tuple(waiting), hopeless=tuple(hopeless), settling=tuple(settling))


def _unwell_before(state: Applied, before: Observation) -> frozenset[ResourceRef]:
    """Return the targets that were unwell before a change that is meant to cure nothing."""
    if not state.plan.intent.is_requested:
        return frozenset()
    return frozenset(one.ref for one in before.targets if not one.settled)


def _not_at_rest(targets: Sequence[Health]) -> list[str]:
    return [well(one) for one in targets if not one.settled and not one.failed]


def _lost(before: Sequence[Health], after: Sequence[Health]) -> list[Health]:
    """Return the workloads that have failed since.

    What had failed before may still come right: a deadline that was missed stays missed until all is ready.
    """
    known = {(one.ref, one.failed) for one in before}
    return [one for one in after if one.failed and (one.ref, one.failed) not in known]


def _emptied(step: Decided, before: Sequence[Health], after: Sequence[Health]) -> Iterator[str]:
    """Say which workload wants to run nothing any more, without having been asked to."""
    wanted = {one.ref: one.wanted for one in before}
    for one in after:
        if is_idle(step, one) and wanted.get(one.ref):
            yield f"{one.ref.short} runs nothing any more, it wanted {wanted[one.ref]} before"


def _not_as_previewed(objects: Sequence[ObjectChange], seen: Observation) -> Iterator[str]:
    for one in objects:
        live = seen.objects.get(str(one.ref))
        if (live is None) != (one.after is None):
            yield f"{one.ref.short} is {'gone' if live is None else 'still there'}"
            continue
        for edit in deviations(one, one.after, live):
            differs = f"should be {in_words(edit.old)}, is {in_words(edit.new)}"
            yield f"{one.ref.short}: {edit.path} {differs}{_blamed(one, edit.path)}"


def _blamed(one: ObjectChange, path: str) -> str:
    mine = any(edit.path == path for edit in one.edits)
    return " (somebody changed it back)" if mine else " (not part of this change)"


def worse(before: Sequence[Health], after: Sequence[Health]) -> list[str]:
    """Return the workloads that have less that is ready than before, or are gone."""
    now = {one.ref: one for one in after}
    found = []
    for one in before:
        live = now.get(one.ref)
        ready = live.ready if live else 0
        if ready < min(one.ready, live.wanted if live else one.ready):
            found.append(f"{one.ref.short} has {ready} ready, had {one.ready} before")
    return found


def _checked(services: GuardServices, log: StageLog, state: Applied, deadline: float) -> dict[str, str]:
    """Return the checks that the tools' own observation does not cover, each with why it fails, or nothing.

    They are asked again until all pass or the time is over: what they look at may lag behind the workload.
    """
    kinds = ("healthy", SYMPTOM)
    checks = {_name(check): check for step in state.plan.steps for check in step.checks if check.kind not in kinds}
    while True:
        found = {name: services.check(check) for name, check in checks.items()}
        failing = [why for why in found.values() if why]
        if not failing or services.monotonic() >= deadline:
            return found
        log.say(f"verifying: {failing[0]}", key="verify")
        services.pause(_POLL_S)


def _name(check: Check) -> str:
    return " ".join(filter(None, (check.kind, check.target.short, check.path, str(check.value or ""))))
