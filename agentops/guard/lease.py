"""Holds the cluster's lease while a plan runs, so that runs with separate homes see each other; off unless set.

Comes in: ``Journaled``: approved, re-checked, its intent on record. Goes out: nothing, or ``Busy``. The lease is a
write of agentops' own beside the plan: the plan names it, so whoever approves knows; each call is recorded before it is
sent; a preview never takes it. A run that dies holds it until it expires, or until its change is rolled back.
"""

from __future__ import annotations

from agentops.core.errors import AgentopsError, AuditError, Busy, NotApproved, StoreError, ToolError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.guard.doubts import BACK_OFF_S
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Journaled

_SLACK_S = 120


def take_lease(services: GuardServices, log: StageLog, state: Journaled) -> None:
    """Take the lease for a change whose intent is declared; nothing of the plan was sent yet.

    A change that does not get it is closed in the journal: it never began.

    Raises:
        Busy: another run took it in between.
        NotApproved: it could not be taken.
        AuditError: the call could not be recorded; it was not sent.
        StoreError: the change could not be closed.
    """
    try:
        _take(services, log, state)
    except (NotApproved, Busy) as error:
        result = {"change": state.change_id, "status": Status.DECLINED, "why": error.message, "verified": False}
        services.journal.close(state.change_id, to_json(result))
        raise


def _take(services: GuardServices, log: StageLog, state: Journaled) -> None:
    lease = services.lease
    if lease is None:
        return
    # Twice the verification: forward, and back if it has to be rolled back.
    seconds = int(2 * state.plan.obligation.verify_s + BACK_OFF_S) + _SLACK_S
    try:
        call = lease.taking(state.change_id, seconds)
        log.note("lease", {"change": state.change_id, "call": call})
        lease.send(call)
    except (AuditError, StoreError):
        raise
    except AgentopsError as error:
        log.failed("lease", error.message, change=state.change_id)
        if holder := _holder(services, state.change_id):
            raise Busy(holder) from error
        raise NotApproved(
            f"{lease.place} could not be taken: {error.message}",
            hint="Nothing was changed. Allow this identity to write leases there, or unset cluster_lease.",
            code="no-lease",
        ) from error
    log.passed("lease", lease.place, change=state.change_id)


def release_lease(services: GuardServices, log: StageLog, change_id: str) -> None:
    """Let go of the lease once a change is closed; that it could not be let go of is said: it expires by itself.

    Raises:
        AuditError: the call could not be recorded; it was not sent.
    """
    lease = services.lease
    if lease is None:
        return
    try:
        call = lease.releasing()
        if call is not None:
            log.note("lease_released", {"change": change_id, "call": call})
            lease.send(call)
    except AuditError:
        raise
    except AgentopsError as error:
        log.say(f"{lease.place} could not be released: {error.message}; it expires by itself")


def _holder(services: GuardServices, own: str) -> str:
    try:
        return "" if services.lease is None else services.lease.holder(own)
    except ToolError:
        return ""
