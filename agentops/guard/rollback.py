"""Stage 13, rollback: what was done is undone in reverse order, and that is verified too.

Comes in: the steps that took effect or may have. Goes out: ``RollbackResult``: all undone, or what was not and why.
Each undo is previewed on the live world first, so that it undoes this change and nothing that came after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentops.core.errors import AgentopsError, AuditError, NotFound, PreviewWrote, ToolError
from agentops.core.outcome import Observation
from agentops.core.plan import Change, ObjectChange, Verb
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal
from agentops.guard.diff import deviations
from agentops.guard.doubts import unwell
from agentops.guard.dry_run import try_out
from agentops.guard.recheck_step import patiently
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Decided, Journaled
from agentops.guard.verify import worse

_POLL_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackResult:
    """How a rollback went: ``undone`` step numbers, and ``left`` in words, each a thing that a person must look at.

    ``unwell`` is what was not well before the change either and is not now, and what somebody has deleted meanwhile: of
    such an object nothing is left to undo.
    """

    undone: tuple[int, ...] = ()
    left: tuple[str, ...] = ()
    unwell: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything is as it was before."""
        return not self.left


def roll_back(
    services: GuardServices, log: StageLog, state: Journaled, indexes: Sequence[int], *, reason: str
) -> RollbackResult:
    """Take back the given steps, last first.

    Arguments:
        indexes: the steps that took effect, and those of which it is not known.
        reason: why; goes into the record.

    Raises:
        AuditError: a record could not be written; what was not recorded before was not sent.
        PreviewWrote: the trial of a step's undo had an effect; the steps before it are not tried any more.
    """
    undone: list[int] = []
    left: list[str] = []
    log.say(f"rolling back: {reason}", key="rollback")
    for index in sorted(indexes, reverse=True):
        step = state.steps[index]
        why = _undo(services, log, state.change_id, step, index + 1, wait_s=state.plan.obligation.verify_s)
        if why:
            left.append(f"step {index + 1}, {step.change.tool} on {step.change.target.short}: {why}")
            log.failed("rollback", why, step=index + 1, change=state.change_id)
        else:
            undone.append(index + 1)
            log.passed("rollback", step.change.target.short, step=index + 1, change=state.change_id)
    if not left:
        left += _not_as_before(services, state, [index - 1 for index in undone])
        if left:
            log.failed("rollback", "; ".join(left), change=state.change_id)
    gone = [text for index in indexes for text in _deleted(services, state.steps[index])]
    sick = tuple(dict.fromkeys((*gone, *unwell(state.before))))
    words = f"rolled back; as unhealthy as before: {sick[0]}" if sick else "rolled back"
    log.say(words if not left else f"NOT rolled back: {left[0]}", key="rollback", done=True)
    return RollbackResult(undone=tuple(undone), left=tuple(left), unwell=sick)


def _undo(services: GuardServices, log: StageLog, change_id: str, step: Decided, number: int, *, wait_s: float) -> str:
    """Undo one step; return why it could not be undone, or nothing."""
    try:
        seen = services.tools[step.change.tool].observe(step.preview)
        if untouched(step.preview.objects, seen):
            return ""
        if not step.preview.undo and step.preview.reversal is not Reversal.NONE:
            return ""  # what it took away comes back by itself: a controller replaces it
        if not step.preview.undo:
            return "it cannot be undone" + "".join(f"; {words}" for words in step.preview.residue)
        for undo in step.preview.undo:
            _send(services, log, change_id, undo, number, wait_s=wait_s)
    except (AuditError, PreviewWrote):
        raise
    except NotFound as error:
        return "" if _is_gone(services, step) else error.message
    except AgentopsError as error:
        return error.message
    except Exception as error:  # noqa: BLE001 - the guard's edge: whatever happens here, a person must learn of it
        return f"unexpected {type(error).__name__}: {error}"
    return ""


def _is_gone(services: GuardServices, step: Decided) -> bool:
    """Whether all that the step made or changed is gone, whoever deleted it: then nothing is left to undo."""
    if any(one.verb is Verb.DELETE for one in step.preview.objects):
        return False
    try:
        seen = services.tools[step.change.tool].observe(step.preview)
    except ToolError:
        return False
    return all(seen.objects.get(str(one.ref)) is None for one in step.preview.objects)


def _deleted(services: GuardServices, step: Decided) -> list[str]:
    """Say which objects of the step were there before and are not any more, though the step deletes none of them."""
    try:
        seen = services.tools[step.change.tool].observe(step.preview)
    except ToolError:
        return []
    return [f"{ref.short} is gone: somebody deleted it meanwhile" for ref in _vanished(step, seen)]


def _vanished(step: Decided, seen: Observation) -> list[ResourceRef]:
    updated = [one.ref for one in step.preview.objects if one.verb is Verb.UPDATE]
    return [ref for ref in updated if seen.objects.get(str(ref)) is None]


def _send(services: GuardServices, log: StageLog, change_id: str, undo: Change, number: int, *, wait_s: float) -> None:
    preview = patiently(services, lambda: try_out(services, log, undo, step=number), wait_s=wait_s)
    if not any(one.edits or one.verb is not Verb.UPDATE for one in preview.objects):
        return
    record = {"change": change_id, "step": number, "undo": undo, "calls": preview.calls}
    log.note("rollback_apply", record)
    receipt = services.appliers[undo.tool].apply(preview)
    log.note("rollback_applied", {"change": change_id, "step": number, "receipt": receipt})


def untouched(objects: Sequence[ObjectChange], seen: Observation) -> bool:
    """Return whether every object is as it was before the change."""
    return all(not _off(one, seen) for one in objects)


def _off(one: ObjectChange, seen: Observation) -> str:
    live = seen.objects.get(str(one.ref))
    if (live is None) != (one.before is None):
        return f"{one.ref.short} is {'gone' if live is None else 'still there'}"
    edits = deviations(one, one.before, live)
    return f"{one.ref.short}: {edits[0].path} was {edits[0].old!r}, is {edits[0].new!r}" if edits else ""


def _not_as_before(services: GuardServices, state: Journaled, indexes: Sequence[int]) -> list[str]:
    """Watch until the objects are as they were before, or say what is not."""
    deadline = services.monotonic() + state.plan.obligation.verify_s
    # Where several steps touched one object, it is to be what it was before the first of them.
    touched = ((one.ref, index) for index in sorted(indexes) for one in state.steps[index].preview.objects)
    first: dict[ResourceRef, int] = {}
    for ref, index in touched:
        first.setdefault(ref, index)
    while True:
        left = [why for index in indexes for why in _still_off(services, state, index, first)]
        now = services.monotonic()
        if not left or now >= deadline:
            return left
        services.pause(min(_POLL_S, max(deadline - now, 0.1)))


def _still_off(services: GuardServices, state: Journaled, index: int, first: Mapping[ResourceRef, int]) -> list[str]:
    step, before = state.steps[index], state.before[index]
    try:
        seen = services.tools[step.change.tool].observe(step.preview)
    except ToolError as error:
        return [f"{step.change.target.short} cannot be read: {error.message}"]
    # A compensating undo brings back what was written, not what was deleted on the way.
    exact = step.preview.reversal is Reversal.EXACT
    gone = _vanished(step, seen)
    kept = [
        one
        for one in step.preview.objects
        if first[one.ref] == index and (exact or one.verb is not Verb.DELETE) and one.ref not in gone
    ]
    targets = [one for one in before.targets if one.ref not in gone]
    return [*filter(None, (_off(one, seen) for one in kept)), *worse(targets, seen.targets)]
