"""The use case ``rollback``: undoes what still stands of an applied change, as a plan of its own.

Comes in: a run, the change's id (or its plan's code), and who is asked. Goes out: the plan and what came of it, or that
nothing is left to roll back. The plan goes through the guard like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentops.app.changes import journal_of, require_nothing_open
from agentops.app.guard_wiring import ApprovalOptions, guard_for_change
from agentops.app.recorded import require_recorded
from agentops.app.recorded_changes import require_changes_recorded
from agentops.core.errors import ExitCode, NotApproved, UsageError
from agentops.core.outcome import Status
from agentops.guard.pipeline import execute, make_plan
from agentops.guard.rollback_plan import proposal_to_undo, standing

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.core.plan import ChangePlan
    from agentops.guard.pipeline_result import PipelineResult
    from agentops.guard.proposal import Proposal
    from agentops.guard.services import GuardServices
    from agentops.store.changes import ChangeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToRollBack:
    """A change of which nothing is left to roll back; ``words`` say what was seen of each step."""

    change_id: str
    words: tuple[str, ...]


def roll_back(
    app: App, change_id: str, asking: ApprovalOptions, *, stop_at_plan: bool = False
) -> PipelineResult | NothingToRollBack:
    """Take back what stands of a change that was applied.

    Arguments:
        stop_at_plan: a dry run: the pipeline runs up to the plan, and nobody is asked.

    Raises:
        InDoubt: an earlier change is open.
        UsageError: there is no such change, it does not stand, or it was made in another place.
        NotApproved: the audit log does not know it.
        ToolInputError: it cannot be undone.
    """
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    record = _applied_change(app, change_id)
    # Policy is milder with a rollback: only what the audit log knows counts as one.
    require_recorded(app.settings.folders.audit, record.digest, record.id)
    guard = guard_for_change(app, record, asking)
    indexes, gone = standing(guard, record.plan)
    app.log.append("way_back", {"change": record.id, "standing": [index + 1 for index in indexes], "gone": list(gone)})
    if not indexes:
        app.finish("nothing-to-do", ExitCode.DONE)
        return NothingToRollBack(change_id=record.id, words=gone)
    proposal = _rollback_proposal(record, indexes, gone)
    result = make_plan(guard, proposal) if stop_at_plan else execute(guard, proposal)
    app.finish(result.status, result.exit_code)
    return result


def require_way_back(app: App, guard: GuardServices, plan: ChangePlan) -> None:
    """Raise unless a plan is the one that rolls back the change that it names, as the journal and the log know it.

    Policy is milder with a rollback, and what a file says of itself is not enough for that.

    Raises:
        UsageError: there is no such change, or it does not stand.
        NotApproved: the audit log does not know it, or the plan does something else.
    """
    record = _applied_change(app, plan.rolls_back)
    require_recorded(app.settings.folders.audit, record.digest, record.id)
    indexes, gone = standing(guard, record.plan)
    wanted = _rollback_proposal(record, indexes, gone) if indexes else None
    if wanted is None or (wanted.rolls_back, wanted.changes) != (
        plan.rolls_back,
        tuple(step.change for step in plan.steps),
    ):
        raise NotApproved(
            f"plan {plan.code} is not what rolls back change {record.id} as it stands now",
            hint="Make the plan again: agentops rollback CHANGE",
            code="plan-altered",
        )


def _applied_change(app: App, change_id: str) -> ChangeRecord:
    record = journal_of(app.settings, app.services.clock).find(change_id)
    status = (record.result or {}).get("status")
    if status != Status.APPLIED.value:
        raise UsageError(
            f"change {record.id} is not applied: it ended as {status}", hint="agentops changes lists them."
        )
    return record


def _rollback_proposal(record: ChangeRecord, indexes: Sequence[int], gone: Sequence[str]) -> Proposal:
    """Return the proposal that rolls back the steps that stand, and names those that do not."""
    proposal = proposal_to_undo(record.plan, record.id, indexes)
    if gone:
        words = f"{proposal.intent.words}; {'; '.join(gone)}"
        proposal = replace(proposal, intent=replace(proposal.intent, words=words))
    if record.plan.rolls_back:
        # It would make the first change again, and policy is to look at that as at any change: what is milder is the
        # way back, and there and back again would be a way round two people, a freeze and the limits.
        proposal = replace(proposal, rolls_back="")
    return proposal
