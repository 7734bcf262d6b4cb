"""How a plan ends: not run, applied and verified, rolled back, or left open for a person; each with its record.

Comes in: the state that the pipeline got to. Goes out: a ``PipelineResult``. A change that is in doubt is never closed:
the next run says so, and ``agentops recover`` closes it with a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentops.core.errors import AgentopsError, PolicyRefused, PreviewWrote, StoreError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Outcome, Receipt, Status
from agentops.guard.apply import PartlyApplied
from agentops.guard.diff import leaves_no_trace
from agentops.guard.grant import release_grant
from agentops.guard.lease import release_lease
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.rollback import RollbackResult, roll_back
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Journaled, Planned, Verified
from agentops.guard.verify import Failing


def not_run(log: StageLog, planned: Planned, error: AgentopsError) -> PipelineResult:
    """Return a plan that was not run: declined, not approved, stale, or refused at the last moment."""
    status = Status.REFUSED if isinstance(error, PolicyRefused) else Status.DECLINED
    log.note("plan_not_run", {"digest": planned.plan.digest, "code": error.code, "why": error.message})
    outcome = Outcome(status=status, stages=tuple(log.records), why=error.message)
    return PipelineResult(planned=planned, outcome=outcome, error=error)


def close_verified(services: GuardServices, log: StageLog, state: Verified) -> PipelineResult:
    """Close a change that was applied and verified, but for its doubts."""
    applied = state.applied
    return _close(services, log, applied.journaled, Status.APPLIED, receipts=applied.receipts, doubts=state.doubts)


def undo_partly_applied(services: GuardServices, log: StageLog, stopped: PartlyApplied) -> PipelineResult:
    """Roll back what was done, and what may have been done, of a plan that stopped on the way."""
    if stopped.trial_wrote:
        # The server carries trials out, and an undo would begin with one.
        return _leave_open(log, stopped.state, f"{stopped.reason}; nothing more was tried or sent")
    unclear = "" if stopped.doubtful is None else _untold(stopped.state, stopped.doubtful)
    indexes = [*stopped.done, *([] if stopped.doubtful is None or unclear else [stopped.doubtful])]
    return _undo(
        services, log, stopped.state, indexes, stopped.reason, interrupted=stopped.interrupted, unclear=unclear
    )


def _untold(state: Journaled, index: int) -> str:
    """Return that nothing tells whether a step took effect, where that is so: it looks untouched either way."""
    step = state.steps[index]
    if not all(map(leaves_no_trace, step.preview.objects)):
        return ""
    what = f"step {index + 1}, {step.change.tool} on {step.change.target.short}"
    return f"{what}: it leaves no trace, so nothing that can be read tells whether it took effect"


def undo_failing(services: GuardServices, log: StageLog, failing: Failing) -> PipelineResult:
    """Roll back a plan that was applied and did not verify."""
    applied, reason = failing.state, "; ".join(failing.reasons)
    return _undo(
        services,
        log,
        applied.journaled,
        range(len(applied.steps)),
        reason,
        interrupted=failing.interrupted,
        receipts=applied.receipts,
    )


def _undo(
    services: GuardServices,
    log: StageLog,
    state: Journaled,
    indexes: Sequence[int],
    reason: str,
    *,
    interrupted: bool,
    receipts: tuple[Receipt, ...] = (),
    unclear: str = "",
) -> PipelineResult:
    if interrupted and not services.on_interrupt():
        return _leave_open(log, state, f"{reason}; stopped where it was, as asked")
    back = _rolled_back(services, log, state, indexes, reason) if indexes or not unclear else RollbackResult()
    if unclear:
        back = replace(back, left=(*back.left, unclear))
    if back.complete:
        return _close(services, log, state, Status.ROLLED_BACK, why=reason, receipts=receipts, doubts=back.unwell)
    # Left open on purpose: the next run says so, and ``agentops recover`` closes it with a person.
    words = f"{reason}; and not all of it could be rolled back: {'; '.join(back.left)}"
    log.note("needs_person", {"change": state.change_id, "left": back.left})
    outcome = Outcome(status=Status.ROLLBACK_FAILED, stages=tuple(log.records), change_id=state.change_id, why=words)
    return PipelineResult(planned=state.planned, outcome=outcome)


def _leave_open(log: StageLog, state: Journaled, reason: str) -> PipelineResult:
    """Return a change that is left open where it is, for a person."""
    log.note("stopped", {"change": state.change_id, "reason": reason})
    words = f"{reason}. Close it: agentops recover"
    outcome = Outcome(status=Status.STOPPED, stages=tuple(log.records), change_id=state.change_id, why=words)
    return PipelineResult(planned=state.planned, outcome=outcome)


def _rolled_back(
    services: GuardServices, log: StageLog, state: Journaled, indexes: Sequence[int], reason: str
) -> RollbackResult:
    try:
        return roll_back(services, log, state, indexes, reason=reason)
    except KeyboardInterrupt:
        log.note("stopped", {"change": state.change_id, "reason": "interrupted while it was rolled back"})
        return RollbackResult(left=("interrupted while it was rolled back",))
    except PreviewWrote as error:
        return RollbackResult(left=(error.message,))


def _close(
    services: GuardServices,
    log: StageLog,
    state: Journaled,
    status: Status,
    *,
    why: str = "",
    receipts: tuple[Receipt, ...],
    doubts: tuple[str, ...],
) -> PipelineResult:
    outcome = Outcome(
        status=status,
        stages=tuple(log.records),
        change_id=state.change_id,
        receipts=receipts,
        why=why,
        doubts=doubts,
    )
    result = {
        "change": state.change_id,
        "status": status,
        "why": why,
        "digest": state.plan.digest,
        "verified": outcome.verified,
        "doubts": services.redactor.value(list(doubts)),
    }
    release_grant(services, log, state)
    release_lease(services, log, state.change_id)
    log.note("change_closed", result)
    try:
        services.journal.close(state.change_id, to_json(result))
    except StoreError as error:
        log.say(f"the change is over, but its folder could not be closed: {error.message}")
    return PipelineResult(planned=state.planned, outcome=outcome)
