"""Stage 6, decision: policy decides on the change and on its undo, with all the facts known.

Comes in: ``Measured``. Goes out: ``Decided``. The undo is decided on now, so that it cannot be denied in the
middle of a plan.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.errors import PolicyRefused
from agentops.core.plan import BlastRadius, PolicyDecision, Preview
from agentops.core.policy_facts import inverted
from agentops.core.text import one_line
from agentops.guard.policy_input import PolicyInput, ask_policy
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Decided, Measured

REFUSED_HINT = (
    "See which clause decided: save the plan (fix --dry-run --out plan.json), then: agentops policy explain plan.json"
)


def taken_back(preview: Preview) -> str:
    """Return who would undo the change, and where to make it instead, as the end of a refusal; empty for nobody."""
    said = (
        f"{one.by} owns {one.what} and would undo it" + (f"; change this instead: {one.where}" if one.where else "")
        for one in preview.owners
        if one.reverts
    )
    return "".join(f". {one_line(words, 300)}" for words in said)


def decide(services: GuardServices, log: StageLog, state: Measured, *, step: int, policy_input: PolicyInput) -> Decided:
    """Return the change with policy's decision.

    Raises:
        PolicyRefused: policy denies the change or its undo, or could not decide.
    """
    full = replace(policy_input, dry_run=False)
    decision = ask_policy(services, full, state.change, state.spec, state.preview, state.blast_radius)
    what = f"{state.change.tool} on {state.change.target.short}"
    if not decision.allowed:
        log.failed("ruling", decision.why, step=step, ruling=decision)
        raise PolicyRefused(f"policy refuses {what}: {decision.why}{taken_back(state.preview)}", hint=REFUSED_HINT)
    undo_decision = decide_undo(
        services, log, state.preview, state.blast_radius, step=step, policy_input=replace(full, rollback=True)
    )
    log.passed("ruling", decision.why, step=step, ruling=decision)
    return Decided(measured=state, decision=decision, undo_decision=undo_decision)


def decide_undo(
    services: GuardServices,
    log: StageLog,
    preview: Preview,
    reach: BlastRadius,
    *,
    step: int,
    policy_input: PolicyInput,
) -> PolicyDecision | None:
    """Return policy's decision on the undo; None when there is none.

    Raises:
        PolicyRefused: policy denies it: a change that could not be rolled back is not started.
    """
    decision = None
    for undo in preview.undo:
        what = f"the undo, {undo.tool} on {undo.target.short},"
        tool = services.tools.get(undo.tool)
        if tool is None:
            raise PolicyRefused(f"{what} needs a tool that is not there")
        decision = ask_policy(services, policy_input, undo, tool.spec, inverted(preview), reach)
        if not decision.allowed:
            log.failed("ruling", decision.why, step=step, ruling=decision)
            raise PolicyRefused(
                f"policy would refuse {what} too: {decision.why}",
                hint="A change that could not be rolled back is not started.",
            )
    return decision
