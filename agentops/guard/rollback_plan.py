"""Makes the plan that rolls back a change applied earlier; it goes through the same pipeline as any other.

Comes in: the plan that was run. Goes out: a ``Proposal`` of its undo changes, in reverse order, without the steps whose
objects are as they were before already.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change, ChangePlan, Intent
from agentops.guard.proposal import Proposal
from agentops.guard.rollback import untouched
from agentops.guard.services import GuardServices


def standing(services: GuardServices, plan: ChangePlan) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the indexes of the steps that still stand, and in words those that somebody has undone already.

    Raises:
        ToolError: the live objects cannot be read.
    """
    indexes: list[int] = []
    words: list[str] = []
    for index, step in enumerate(plan.steps):
        seen = services.tools[step.change.tool].observe(step.preview) if step.change.tool in services.tools else None
        if seen is None or not untouched(step.preview.objects, seen):
            indexes.append(index)
            continue
        is_gone = all(one.before is None for one in step.preview.objects)
        what = "is gone already" if is_gone else "is as it was before already"
        words.append(f"step {index + 1}: {step.change.target.short} {what}")
    return tuple(indexes), tuple(words)


def proposal_to_undo(plan: ChangePlan, change_id: str, indexes: Sequence[int] | None = None) -> Proposal:
    """Return what rolls the plan back.

    Arguments:
        indexes: the steps to roll back; None means all.

    Raises:
        ToolInputError: one of them cannot be undone; the message says which and why.
    """
    wanted = range(len(plan.steps)) if indexes is None else indexes
    changes: list[Change] = []
    for index in sorted(wanted, reverse=True):
        step = plan.steps[index]
        if not step.preview.undo:
            why = "; ".join(step.preview.residue) or "the tool cannot undo it"
            raise ToolInputError(
                f"step {index + 1}, {step.change.tool} on {step.change.target.short}, cannot be undone: {why}",
                hint="What it was before stands in the plan: agentops changes --output json",
                code="irreversible",
            )
        changes += step.preview.undo
    intent = Intent(
        by=plan.requester,
        words=f"rolls back change {change_id}",
        incident=plan.intent.incident,
        alert=plan.intent.alert,
    )
    return Proposal(changes=tuple(changes), intent=intent, rolls_back=change_id)
