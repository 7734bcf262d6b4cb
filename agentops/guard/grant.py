"""A plan's own credential: asked for once the plan is approved, given back when it is closed; off unless set.

Comes in: ``Journaled``: approved, re-checked, its intent on record. Goes out: nothing, or ``NotApproved``. What is
asked for and what is said to the provider is recorded before it is sent; of the credential itself only whose it is, its
id and its end. A preview never asks for one.
"""

from __future__ import annotations

from agentops.core.errors import AgentopsError, AuditError, NotApproved, StoreError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.guard.doubts import BACK_OFF_S
from agentops.guard.lease import release_lease
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Journaled

_SLACK_S = 120


def take_grant(services: GuardServices, log: StageLog, state: Journaled) -> None:
    """Ask for the credential of a change whose intent is declared; nothing of the plan was sent yet.

    A change that does not get it is closed in the journal: it never began.

    Raises:
        NotApproved: there is no credential, or it may not do what the plan needs.
        AuditError: a call could not be recorded; it was not sent.
        StoreError: the change could not be closed.
    """
    grant = services.grant
    if grant is None:
        return
    # Twice the verification: forward, and back if it has to be rolled back.
    seconds = int(2 * state.plan.obligation.verify_s + BACK_OFF_S) + _SLACK_S
    try:
        previews = [step.preview for step in state.steps]
        asking = grant.asking(seconds, state.plan.digest, previews)
        if asking is None:
            return
        log.note("grant_asked", {"change": state.change_id, "account": grant.account, "call": asking})
        given = grant.ask(asking)
        call = grant.opening(state.plan.digest, previews)
        log.note("grant", {"change": state.change_id, **given, "call": call})
        if call is not None:
            grant.send(call)
    except (AuditError, StoreError):
        grant.give_back()
        raise
    except AgentopsError as error:
        grant.give_back()
        log.failed("grant", error.message, change=state.change_id)
        release_lease(services, log, state.change_id)
        result = {"change": state.change_id, "status": Status.DECLINED, "why": error.message, "verified": False}
        services.journal.close(state.change_id, to_json(result))
        raise NotApproved(
            f"{grant.account} could not be used for this plan: {error.message}",
            hint=error.hint or "Nothing was changed. See docs/least-privilege.md, or unset change_account.",
            code="no-grant",
        ) from error
    log.passed("grant", grant.account, change=state.change_id)


def release_grant(services: GuardServices, log: StageLog, state: Journaled) -> None:
    """Give the credential back once a change is closed; what could not be taken back is said: it ends by itself.

    Raises:
        AuditError: the call could not be recorded; it was not sent.
    """
    grant = services.grant
    if grant is None:
        return
    try:
        call = grant.closing(state.plan.digest)
        if call is not None:
            log.note("grant_closed", {"change": state.change_id, "call": call})
            grant.send(call)
    except AuditError:
        raise
    except AgentopsError as error:
        log.say(f"the plan's entry could not be removed: {error.message}; its token ends by itself")
    finally:
        grant.give_back()
