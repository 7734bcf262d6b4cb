"""Stage 11, apply: sends the approved calls step by step, each recorded before it is sent.

Comes in: ``Journaled``. Goes out: ``Applied``, or ``PartlyApplied`` with what is certainly done and what is in doubt.
This file and ``rollback.py`` are the only ones that may call a tool's ``apply``.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.errors import AgentopsError, AuditError, InDoubt, NotFound, PreviewWrote
from agentops.core.outcome import Receipt
from agentops.guard.recheck_step import recheck_step
from agentops.guard.renewal import require_unchanged
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Applied, Journaled


@dataclass(frozen=True, slots=True, kw_only=True)
class PartlyApplied:
    """A plan that stopped on the way.

    ``done`` are the indexes of the steps that took effect, in order; ``doubtful`` is the one of which it is not known.
    ``trial_wrote`` says that a step's trial had an effect: then nothing more is tried, also to undo it.
    """

    state: Journaled
    done: tuple[int, ...]
    doubtful: int | None
    reason: str
    interrupted: bool = False
    trial_wrote: bool = False
    receipts: tuple[Receipt, ...] = ()


def apply(services: GuardServices, log: StageLog, state: Journaled) -> Applied | PartlyApplied:
    """Send the calls of every step.

    Raises:
        AuditError: a record could not be written; what was not recorded before was not sent.
    """
    receipts: list[Receipt] = []
    for index, step in enumerate(state.steps):
        what = f"{step.change.tool} on {step.change.target.short}"
        log.say(f"applying {what}", key=f"apply-{index}")
        is_sent = False
        try:
            require_unchanged(services, state)
            recheck_step(services, log, step, number=index + 1, wait_s=state.plan.obligation.verify_s)
            log.note("apply", {"change": state.change_id, "step": index + 1, "calls": step.preview.calls})
            is_sent = True
            receipts.append(_sent(services, state, index))
        except AuditError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever stops a change half-way, the objects must be looked at
            partly = _partly_applied(state, index, tuple(receipts), error, is_sent=is_sent)
            log.failed(
                "apply", partly.reason, step=index + 1, change=state.change_id, in_doubt=partly.doubtful is not None
            )
            return partly
        log.passed("apply", what, step=index + 1, change=state.change_id, receipt=receipts[-1])
        log.say(f"applied {what}", key=f"apply-{index}", done=True)
    return Applied(journaled=state, receipts=tuple(receipts))


def _sent(services: GuardServices, state: Journaled, index: int) -> Receipt:
    """Send the calls of a step; what a rollback finds gone already counts as undone."""
    step = state.steps[index]
    try:
        return services.appliers[step.change.tool].apply(step.preview)
    except NotFound as error:
        if not state.plan.rolls_back or any(one.after is not None for one in step.preview.objects):
            raise
        gone = {str(one.ref): ("", "") for one in step.preview.objects}
        return Receipt(at=services.clock(), objects=gone, notes=(f"it was gone already: {error.message}",))


def _partly_applied(
    state: Journaled, index: int, receipts: tuple[Receipt, ...], error: BaseException, *, is_sent: bool
) -> PartlyApplied:
    """Return what is known when a step raised: not sent or refused in its one call is certain, all else is in doubt."""
    refused = isinstance(error, AgentopsError) and not isinstance(error, InDoubt)
    single = len(state.steps[index].preview.calls) == 1
    interrupted = isinstance(error, KeyboardInterrupt)
    words = error.message if isinstance(error, AgentopsError) else f"unexpected {type(error).__name__}: {error}"
    return PartlyApplied(
        state=state,
        done=tuple(range(index)),
        doubtful=None if not is_sent or (refused and single) else index,
        reason="interrupted while it was applied" if interrupted else words,
        interrupted=interrupted,
        trial_wrote=isinstance(error, PreviewWrote),
        receipts=receipts,
    )
