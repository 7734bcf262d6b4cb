"""Stage 6, ruling: policy decides with all the facts on the table, on the change and on its way back.

Comes in: ``Measured``. Goes out: ``Ruled``. The way back is ruled on now, so that it cannot be denied in mid-flight.
"""

from __future__ import annotations

from dataclasses import fields, replace

from agentops.core.errors import PolicyRefused
from agentops.core.plan import BlastRadius, Preview, Ruling
from agentops.guard.inquiry import Inquiry, ask
from agentops.guard.parts import GuardParts, Trail
from agentops.guard.policy.facts import inverted
from agentops.guard.states import Measured, Ruled

REFUSED_HINT = (
    "See which clause decided: save the plan (fix --dry-run --out plan.json), then: agentops policy explain plan.json"
)


def rule(parts: GuardParts, trail: Trail, state: Measured, *, step: int, inquiry: Inquiry) -> Ruled:
    """Return the change with policy's ruling.

    Raises:
        PolicyRefused: policy denies the change or its way back, or could not decide.
    """
    full = replace(inquiry, dry_run=False)
    ruling = ask(parts, full, state.change, state.spec, state.preview, state.blast_radius)
    what = f"{state.change.tool} on {state.change.target.short}"
    if not ruling.allowed:
        trail.failed("ruling", ruling.why, step=step, ruling=ruling)
        raise PolicyRefused(f"policy refuses {what}: {ruling.why}", hint=REFUSED_HINT)
    undo_ruling = rule_on_undo(
        parts, trail, state.preview, state.blast_radius, step=step, inquiry=replace(full, rollback=True)
    )
    trail.passed("ruling", ruling.why, step=step, ruling=ruling)
    inherited = {item.name: getattr(state, item.name) for item in fields(Measured)}
    return Ruled(**inherited, ruling=ruling, undo_ruling=undo_ruling)


def rule_on_undo(
    parts: GuardParts, trail: Trail, preview: Preview, reach: BlastRadius, *, step: int, inquiry: Inquiry
) -> Ruling | None:
    """Return policy's ruling on the way back; None when there is none.

    Raises:
        PolicyRefused: policy denies it: a change that could not be taken back in mid-flight is not begun.
    """
    ruling = None
    for undo in preview.undo:
        what = f"{undo.tool} on {undo.target.short}, the way back,"
        tool = parts.tools.get(undo.tool)
        if tool is None:
            raise PolicyRefused(f"{what} needs a tool that is not there")
        ruling = ask(parts, inquiry, undo, tool.spec, inverted(preview), reach)
        if not ruling.allowed:
            trail.failed("ruling", ruling.why, step=step, ruling=ruling)
            raise PolicyRefused(
                f"policy would refuse {what} too: {ruling.why}",
                hint="A change that could not be taken back in mid-flight is not begun.",
            )
    return ruling
