"""Stage 10, intent: the approval is spent and what is about to happen is on disk, before it happens.

Comes in: ``Rechecked``. Goes out: ``Journaled``. The journal's claim is one atomic step that both spends the plan's
digest and keeps the plan; of two processes with one approval, exactly one passes. A crash between the claim and the
audit record leaves a spent approval and an untouched world.
"""

from __future__ import annotations

from datetime import timedelta

from agentops.core.errors import AgentopsError, AuditError, Busy, Stale, StoreError
from agentops.core.plan import ChangePlan
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.staleness import STALE_HINT
from agentops.guard.states import Journaled, Rechecked

_POLL_S = 3.0


def require_free(services: GuardServices, log: StageLog, plan: ChangePlan) -> None:
    """Return once nobody else is changing something; before a person is asked, and once more before the re-check.

    Raises:
        Stale: the plan names another lease, or another account, than this run would use.
        ToolError: the cluster's lease cannot be read.
        Busy: another run holds the lock, and still did when this one had waited as long as it may.
        StoreError: it cannot be found out.
    """
    place = services.beside
    if plan.lease != place:
        raise Stale(
            f"the plan was made to hold {plan.lease or 'no lease'}, and this run would hold {place or 'none'}",
            hint=STALE_HINT,
        )
    begun = services.monotonic()
    # A crashed change's own lease does not stand in the way of taking that change back.
    while holder := services.journal.holder() or (services.lease.holder(plan.rolls_back) if services.lease else ""):
        left = services.wait_s - (services.monotonic() - begun)
        if left <= 0:
            log.failed("intent", f"busy: {holder}")
            raise Busy(holder)
        until = services.clock() + timedelta(seconds=left)
        log.say(f"waiting until {until:%H:%M:%S} UTC at most for another run: {holder}", key="busy")
        services.pause(min(_POLL_S, left))


def record_intent(services: GuardServices, log: StageLog, state: Rechecked) -> Journaled:
    """Return the plan as one that is about to run.

    Raises:
        NotApproved: the approval was spent already, by this or another process.
        InDoubt, AgentopsError: an earlier change is open, or another process is changing something now.
        AuditError, StoreError: it could not be made durable; nothing will happen.
    """
    change_id = f"{services.clock():%Y%m%dT%H%M%S}-{state.plan.code}"
    try:
        services.journal.claim(state.plan, change_id)
    except (AuditError, StoreError):
        raise
    except AgentopsError as error:
        log.failed("intent", error.message, digest=state.plan.digest, code=error.code)
        raise
    log.note(
        "intent",
        {
            "change": change_id,
            "digest": state.plan.digest,
            "approvals": state.approved.approvals,
            "steps": [{"calls": step.preview.calls, "undo": step.preview.undo} for step in state.steps],
        },
    )
    log.passed("intent", f"change {change_id}", digest=state.plan.digest)
    return Journaled(rechecked=state, change_id=change_id)
