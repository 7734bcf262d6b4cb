"""The use cases of pending plans: what other agents asked for is listed, looked at, and decided by a person.

Comes in: settings, a plan's code or digest, and whoever is asked. Goes out: pending plans, and the approval that was
signed. A no is kept beside the plan, so that the agent hears of it; a yes is a signed approval of exactly that plan.
Nothing runs here: whoever asked applies the plan, and the guard counts the approvals then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentops.app.actor import current_actor
from agentops.app.approve import ApprovedPlan, approve
from agentops.app.audit_run import record
from agentops.core.approval import Approver
from agentops.core.clock import Clock, utc_now
from agentops.core.errors import NotApproved
from agentops.store.pending import PendingPlan, PendingPlans, PlanStanding

if TYPE_CHECKING:
    from agentops.app.approvers import KeyDialogue
    from agentops.config import Settings

_CODE = re.compile(r"[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{8}|sha256:[0-9a-f]{64}")
_NO_MORE = {
    PlanStanding.DECLINED: "was declined",
    PlanStanding.EXPIRED: "has expired",
    PlanStanding.ENDED: "is over",
}


def is_code(text: str) -> bool:
    """Return whether ``text`` has the form of a plan's whole code, or of its digest."""
    return _CODE.fullmatch(text) is not None


def pending_plans(settings: Settings, clock: Clock = utc_now) -> PendingPlans:
    """Return the store of pending plans."""
    return PendingPlans(settings.folders.data / "pending", clock)


def list_pending(settings: Settings, *, every: bool = False) -> tuple[PendingPlan, ...]:
    """Return the plans that wait for a person or for whoever asked for them, the newest first.

    Arguments:
        every: those that are over, too.

    Raises:
        StoreError: they cannot be read.
    """
    now = utc_now()
    found = pending_plans(settings).list(every=every)
    return tuple(one for one in found if every or one.standing(now) in (PlanStanding.WAITING, PlanStanding.APPROVED))


def pending_plan(settings: Settings, text: str) -> PendingPlan:
    """Return the pending plan of this code or digest.

    Raises:
        UsageError: there is none, or several.
        NotApproved: its file was changed after it was made.
        StoreError: it cannot be read.
    """
    return pending_plans(settings).find(text)


def approve_pending(
    settings: Settings, text: str, approver: Approver, dialogue: KeyDialogue, *, ttl_s: int | None = None
) -> ApprovedPlan:
    """Show a pending plan, and sign an approval of exactly it when it is approved; a no is kept.

    Arguments:
        ttl_s: as for ``approve``.

    Raises:
        NotApproved: it was declined, now or before, has expired, or is over.
        as ``approve`` and ``pending_plan``.
    """
    pending = _undecided(settings, text)
    try:
        return approve(settings, pending.file, approver, dialogue, ttl_s=ttl_s)
    except NotApproved as error:
        if error.code == "declined":
            pending_plans(settings).decline(pending, current_actor(), error.message)
        raise


def decline_pending(settings: Settings, text: str, why: str) -> PendingPlan:
    """Say no to a pending plan, on record, and return it as it was; whoever asked for it hears ``why``.

    Raises:
        NotApproved: it was declined before, has expired, or is over.
        AuditError: it could not be recorded.
        as ``pending_plan``.
    """
    pending = _undecided(settings, text)
    said = {"digest": pending.plan.digest, "code": pending.plan.code, "why": why}
    record(settings, "approval_declined", said)
    pending_plans(settings).decline(pending, current_actor(), why)
    return pending


def _undecided(settings: Settings, text: str) -> PendingPlan:
    pending = pending_plan(settings, text)
    standing = pending.standing(utc_now())
    if standing in _NO_MORE:
        raise NotApproved(
            f"plan {pending.plan.code} {_NO_MORE[standing]}",
            hint="Whoever asked for it makes a new one.",
            code="expired" if standing is PlanStanding.EXPIRED else "decided",
        )
    return pending
