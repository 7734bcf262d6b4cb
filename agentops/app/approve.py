"""The use case ``approve``: a person reads a saved plan and signs an approval of exactly that plan.

Comes in: settings, the plan's file, who is asked, how the key's owner is asked. Goes out: the approval, in a file that
``fix --plan`` takes. It cannot be given in advance, and is in the audit log before it is in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.actor import current_actor
from agentops.app.approvers import KeyDialogue, is_trusted, own_key
from agentops.app.audit_run import record
from agentops.core.approval import ApprovalRequest, Approver, SignedApproval
from agentops.core.clock import utc_now
from agentops.core.commands import command_line
from agentops.core.errors import Interrupted, NotApproved, PolicyRefused
from agentops.core.jsonable import to_json
from agentops.core.plan import Approval, ChangePlan
from agentops.core.publickey import PublicKey
from agentops.store.plans import load_plan, save_approval
from agentops.store.results import APPROVAL_SCHEMA, require_replaceable

if TYPE_CHECKING:
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """A plan with the approval that was signed for it.

    Arguments:
        file: where the approval is.
        key: the public half of the key that signed it.
        is_trusted: whether this installation trusts that key.
    """

    plan: ChangePlan
    approval: SignedApproval
    file: Path
    key: PublicKey
    is_trusted: bool

    @property
    def approvals_missing(self) -> int:
        """How many more people must approve the plan."""
        return 1 if self.plan.obligation.approval is Approval.TWO_PERSON else 0


def approve(
    settings: Settings,
    path: Path,
    approver: Approver,
    dialogue: KeyDialogue,
    *,
    ttl_s: int | None = None,
    save_to: Path | None = None,
) -> ApprovedPlan:
    """Show the plan of a file, and sign an approval of it when it is approved.

    Arguments:
        ttl_s: how long the approval is to be valid; neither plan nor policy lets it last longer than they say.
        save_to: the file to write; None means beside the plan.

    Raises:
        UsageError: the file is no plan.
        Interrupted: the person pressed Ctrl-C at the question.
        NotApproved: the plan expired, is the approver's own, was changed after it was made, or was not approved.
        PolicyRefused: policy refused one of its steps.
        AuditError, StoreError: the approval could not be recorded or written.
    """
    from agentops.approvals.approvals import sign

    plan = load_plan(path)
    if save_to is not None:
        require_replaceable(save_to, APPROVAL_SCHEMA, "an approval")
    _require_usable(plan, utc_now())
    _require_not_own(plan, current_actor())
    try:
        decision = approver.ask(ApprovalRequest(plan=plan, typed=plan.code))
    except Interrupted as stop:
        record(settings, "approval_declined", {"digest": plan.digest, "code": plan.code, "why": stop.message})
        raise
    if not decision.approvals:
        record(settings, "approval_declined", {"digest": plan.digest, "code": plan.code, "why": decision.why})
        hint = f"Nothing was signed. Ask again: {command_line('approve', path)}"
        raise NotApproved(f"plan {plan.code} was not approved: {decision.why}", hint=hint, code="declined")
    key = own_key(settings, dialogue)
    _require_not_own(plan, f"human:{key.name}")
    (shown,) = decision.approvals
    ends = shown.expires_at if ttl_s is None else min(shown.expires_at, shown.at + timedelta(seconds=ttl_s))
    approval = sign(
        key,
        plan_digest=plan.digest,
        at=shown.at,
        expires_at=ends,
        nonce=shown.nonce,
        shown_digest=shown.shown_digest,
    )
    file = save_to or path.with_name(f"{path.stem}.{key.name}.approval.json")
    # Before the record: what it says is signed must be in the file.
    require_replaceable(file, APPROVAL_SCHEMA, "an approval")
    said = {"digest": plan.digest, "code": plan.code, "approval": to_json(approval), "file": str(file)}
    said["shown_at"] = shown.method
    record(settings, "approval_signed", said)
    save_approval(file, approval)
    trusted = is_trusted(settings, key.public)
    return ApprovedPlan(plan=plan, approval=approval, file=file, key=key.public, is_trusted=trusted)


def _require_usable(plan: ChangePlan, now: datetime) -> None:
    """Raise unless an approval of the plan could be used."""
    if now >= plan.expires_at:
        raise NotApproved(
            f"plan {plan.code} expired at {plan.expires_at:%Y-%m-%d %H:%M:%S} UTC",
            hint="Make a new plan: agentops fix --dry-run --out FILE",
            code="expired",
        )
    for number, step in enumerate(plan.steps, 1):
        if not step.ruling.allowed:
            raise PolicyRefused(f"policy refuses step {number} of plan {plan.code}: {step.ruling.why}")


def _require_not_own(plan: ChangePlan, who: str) -> None:
    """Raise where two people must agree and ``who`` asked for the plan."""
    if plan.obligation.approval is Approval.TWO_PERSON and plan.requester == who:
        raise NotApproved(
            f"plan {plan.code} needs the approval of two people other than {plan.requester}, who asked for it",
            hint="Two others run: agentops approve PLAN",
            code="own-plan",
        )
