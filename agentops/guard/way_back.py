"""Later regret: a change that was applied and verified is taken back as a plan of its own, up the same stair.

Comes in: the plan that was run. Goes out: a ``Proposal`` of its undo changes, in reverse order.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change, ChangePlan, Intent
from agentops.guard.planning import Proposal


def proposal_to_undo(plan: ChangePlan, change_id: str, indexes: Sequence[int] | None = None) -> Proposal:
    """Return what takes the plan back.

    Arguments:
        indexes: the steps to take back; None means all.

    Raises:
        ToolInputError: nothing takes one of them back; the message says which and why.
    """
    wanted = range(len(plan.steps)) if indexes is None else indexes
    changes: list[Change] = []
    for index in sorted(wanted, reverse=True):
        step = plan.steps[index]
        if not step.preview.undo:
            why = "; ".join(step.preview.residue) or "the tool cannot undo it"
            raise ToolInputError(
                f"nothing takes back step {index + 1}, {step.change.tool} on {step.change.target.short}: {why}",
                hint="What it was before stands in the plan: agentops changes --output json",
                code="irreversible",
            )
        changes += step.preview.undo
    intent = Intent(
        by=plan.requester,
        words=f"takes back change {change_id}",
        incident=plan.intent.incident,
        alert=plan.intent.alert,
    )
    return Proposal(changes=tuple(changes), intent=intent, rolls_back=change_id)
