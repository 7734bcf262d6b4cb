"""The pipeline as a whole, from proposed changes to an outcome: the only door to a mutation, for the CLI and MCP alike.

Comes in: a ``Proposal`` or a saved plan. Goes out: an ``Outcome`` that says how far it got and why. This is one of the
two places that catch every exception: before the intent an error means that nothing happened; after it, that the world
is looked at and taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentops.core.approval import Answer, Decision, SignedApproval
from agentops.core.errors import AgentopsError, AuditError, Busy, NotApproved, PolicyRefused, PreviewWrote, StoreError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Outcome, Status
from agentops.core.plan import Change, ChangePlan
from agentops.core.text import one_line
from agentops.guard.apply import PartlyApplied, apply
from agentops.guard.confirm import RevisionRequest, confirm
from agentops.guard.intent import record_intent, require_free
from agentops.guard.lease import release_lease, take_lease
from agentops.guard.planning import Proposal, draft, revive
from agentops.guard.recheck import recheck
from agentops.guard.rollback import RollbackResult, roll_back
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Applied, Approved, Journaled, Planned
from agentops.guard.verify import Failing, verify

_MOST_REVISIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """A plan and what came of it; ``error`` is why it did not run, when it did not."""

    planned: Planned
    outcome: Outcome
    error: AgentopsError | None = None


def make_plan(services: GuardServices, proposal: Proposal) -> PipelineResult:
    """Make the plan and stop there.

    Raises:
        ToolInputError, ToolError, PolicyRefused: a stage stopped it; nothing was changed.
    """
    log = StageLog(services)
    planned = draft(services, log, proposal)
    return PipelineResult(planned=planned, outcome=Outcome(status=Status.DRY_RUN, stages=tuple(log.records)))


def execute(services: GuardServices, proposal: Proposal) -> PipelineResult:
    """Make the plan, ask, and run what was approved.

    Raises:
        ToolInputError, ToolError, PolicyRefused: no plan came of it; nothing was changed.
        AuditError, StoreError: what must be recorded cannot be.
    """
    log = StageLog(services)
    planned = draft(services, log, proposal)
    for _ in range(_MOST_REVISIONS):
        try:
            require_free(services, log, planned.plan)
            answer = confirm(services, log, planned, ())
            if isinstance(answer, Approved):
                return _run(services, log, answer)
            proposal = _revised(proposal, answer)
        except (NotApproved, Busy) as error:
            return _not_run(log, planned, error)
        planned = draft(services, log, proposal)
    too_often = NotApproved("the plan was changed too often in one run", hint="Start again with what you want.")
    return _not_run(log, planned, too_often)


def execute_saved(services: GuardServices, plan: ChangePlan, given: Sequence[SignedApproval]) -> PipelineResult:
    """Run a saved plan exactly as it is, with the approvals that were handed in, or ask.

    Raises:
        NotApproved: it says that it takes back a change: policy is milder then, and a file's word is not enough.
        Stale: the world or policy is not what was shown, before anybody was asked.
        as ``execute``.
    """
    log = StageLog(services)
    if plan.rolls_back:
        raise NotApproved(
            f"the plan says that it takes back change {one_line(plan.rolls_back, 60)}, which a file cannot say",
            hint="agentops rollback CHANGE makes that plan from what was run.",
            code="plan-altered",
        )
    planned = revive(services, log, plan)
    try:
        require_free(services, log, planned.plan)
        answer = confirm(services, log, planned, given)
        if isinstance(answer, RevisionRequest):
            hint = "Make a new one: agentops fix --dry-run --out plan.json"
            raise NotApproved("a saved plan runs as it is or not at all", hint=hint)
        return _run(services, log, answer)
    except (NotApproved, Busy) as error:
        return _not_run(log, planned, error)


def _not_run(log: StageLog, planned: Planned, error: AgentopsError) -> PipelineResult:
    """Return a plan that was not run: declined, not approved, stale, or refused at the last moment."""
    status = Status.REFUSED if isinstance(error, PolicyRefused) else Status.DECLINED
    log.note("plan_not_run", {"digest": planned.plan.digest, "code": error.code, "why": error.message})
    outcome = Outcome(status=status, stages=tuple(log.records), why=error.message)
    return PipelineResult(planned=planned, outcome=outcome, error=error)


def _revised(proposal: Proposal, revision: RevisionRequest) -> Proposal:
    """Return the proposal as the person wants it: a new plan, with a new digest."""
    decision = revision.decision
    kept = [(n, change) for n, change in enumerate(proposal.changes) if n not in decision.skipped]
    if not kept:
        raise NotApproved("declined: every step was skipped", code="declined")
    left = {change.target for n, change in enumerate(proposal.changes) if n in decision.skipped}
    # What a person left as it is on purpose need not have come right afterwards.
    checks = tuple(check for check in proposal.checks if check.target not in left)
    return replace(proposal, changes=tuple(_edited(change, decision, n) for n, change in kept), checks=checks)


def _edited(change: Change, decision: Decision, index: int) -> Change:
    if decision.answer is not Answer.EDIT or index not in decision.arguments:
        return change
    return replace(change, arguments=decision.arguments[index], reason=f"{change.reason} (edited by a person)".strip())


def _run(services: GuardServices, log: StageLog, approved: Approved) -> PipelineResult:
    """Re-check, record the intent, apply, verify; otherwise take it back."""
    try:
        # Whoever got in while the person thought is waited for first: the re-check must see what they did.
        require_free(services, log, approved.plan)
        state = record_intent(services, log, recheck(services, log, approved))
    except (AuditError, StoreError, PreviewWrote):
        raise
    except AgentopsError as error:
        return _not_run(log, approved, error)
    try:
        take_lease(services, log, state)
    except (NotApproved, Busy) as error:
        result = {"change": state.change_id, "status": Status.DECLINED, "why": error.message, "verified": False}
        services.journal.close(state.change_id, to_json(result))
        return _not_run(log, approved, error)
    went = apply(services, log, state)
    if isinstance(went, PartlyApplied) and went.trial_wrote:
        # The server carries trials out, and the way back would begin with one.
        return _stopped(log, went.state, f"{went.reason}; nothing more was tried or sent")
    if isinstance(went, PartlyApplied):
        indexes = [*went.done, *([] if went.doubtful is None else [went.doubtful])]
        return _undo(services, log, went.state, indexes, went.reason, interrupted=went.interrupted)
    try:
        verdict = verify(services, log, went)
    except AuditError:
        raise
    except Exception as error:  # noqa: BLE001 - the guard's edge: what cannot be verified is taken back
        reason = f"it could not be verified: unexpected {type(error).__name__}: {error}"
        return _undo(services, log, went, range(len(went.steps)), reason, interrupted=False)
    if isinstance(verdict, Failing):
        indexes = list(range(len(went.steps)))
        reason = "; ".join(verdict.reasons)
        return _undo(services, log, went, indexes, reason, interrupted=verdict.interrupted)
    return _closed(services, log, went, Status.APPLIED, "", doubts=verdict.doubts)


def _undo(
    services: GuardServices, log: StageLog, state: Journaled, indexes: Sequence[int], reason: str, *, interrupted: bool
) -> PipelineResult:
    if interrupted and not services.on_interrupt():
        return _stopped(log, state, f"{reason}; stopped where it was, as asked")
    back = _rolled_back(services, log, state, indexes, reason)
    if back.complete:
        return _closed(services, log, state, Status.ROLLED_BACK, reason, doubts=back.unwell)
    # Left open on purpose: the next run says so, and ``agentops recover`` closes it with a person.
    words = f"{reason}; and not all of it could be taken back: {'; '.join(back.left)}"
    log.note("needs_person", {"change": state.change_id, "left": back.left})
    outcome = Outcome(status=Status.ROLLBACK_FAILED, stages=tuple(log.records), change_id=state.change_id, why=words)
    return PipelineResult(planned=state, outcome=outcome)


def _stopped(log: StageLog, state: Journaled, reason: str) -> PipelineResult:
    """Return a change that is left open where it is, for a person."""
    log.note("stopped", {"change": state.change_id, "reason": reason})
    words = f"{reason}. Close it: agentops recover"
    outcome = Outcome(status=Status.STOPPED, stages=tuple(log.records), change_id=state.change_id, why=words)
    return PipelineResult(planned=state, outcome=outcome)


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


def _closed(
    services: GuardServices, log: StageLog, state: Journaled, status: Status, why: str, *, doubts: tuple[str, ...]
) -> PipelineResult:
    outcome = Outcome(
        status=status,
        stages=tuple(log.records),
        change_id=state.change_id,
        receipts=state.receipts if isinstance(state, Applied) else (),
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
    release_lease(services, log, state.change_id)
    log.note("change_closed", result)
    try:
        services.journal.close(state.change_id, to_json(result))
    except StoreError as error:
        log.say(f"the change is over, but its folder could not be closed: {error.message}")
    return PipelineResult(planned=state, outcome=outcome)
