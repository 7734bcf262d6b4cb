"""Stage 8, confirm: asks whom policy names to approve exactly this digest; anything absent or in doubt means no.

Comes in: ``Planned``. Goes out: ``Approved``, or what the person wants instead (``RevisionRequest``). It checks every
field of every approval itself: digest, time, person, key; an approver cannot approve by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.errors import Declined, Interrupted, NotApproved
from agentops.core.plan import Approval, ChangePlan
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Approved, Planned

_METHODS = {
    Approval.NONE: ("policy", "terminal", "key"),
    Approval.ONE: ("terminal", "key"),
    Approval.TWO_PERSON: ("key",),
}
_RELAYED = "client"
"""What a client relays proves nothing of a person: it counts only where a setting says so, and never for two people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRequest:
    """What the person wants instead: steps left out, or other arguments. A new plan must be made of it."""

    decision: Decision


def confirm(
    services: GuardServices, log: StageLog, planned: Planned, given: Sequence[SignedApproval], trouble: str = ""
) -> Approved | RevisionRequest:
    """Return the plan as approved, or what the person wants instead of it.

    Arguments:
        given: signed approvals that were handed in; with any, nobody is asked.
        trouble: why no plan could be made of what the person last asked for instead.

    Raises:
        NotApproved: declined, missing, expired, for another plan, by the wrong person.
        Interrupted: the person pressed Ctrl-C at the question.
        AuditError: it could not be recorded.
    """
    plan = planned.plan
    approvals = tuple(given) or _without_asking(services, plan)
    try:
        if not approvals:
            decision = _ask(services, log, plan, trouble)
            if decision.answer in (Answer.SKIP, Answer.EDIT):
                log.passed("confirm", f"the person chose to {decision.answer.value}", digest=plan.digest)
                return RevisionRequest(decision=decision)
            if decision.answer is not Answer.APPROVE:
                said = Declined("declined" + (f": {one_line(decision.why, 200)}" if decision.why else ""))
                said.tell = decision.tell
                raise said
            approvals = decision.approvals
        names = tuple(_counted(services, plan, approval) for approval in approvals)
        _require_enough(plan, approvals, names, services.requester)
    except (NotApproved, Interrupted) as error:
        log.failed("confirm", error.message, digest=plan.digest, approvals=approvals)
        raise
    log.passed("confirm", f"approved by {', '.join(names)}", digest=plan.digest, approvals=approvals)
    return Approved(planned=planned, approvals=approvals)


def require_still_approved(services: GuardServices, plan: ChangePlan, approvals: Sequence[SignedApproval]) -> None:
    """Raise unless approvals that counted once count now: whose keys are trusted may have changed since.

    Raises:
        NotApproved: one does not; the message says whose, and why.
    """
    try:
        names = tuple(_counted(services, plan, approval) for approval in approvals)
        _require_enough(plan, approvals, names, services.requester)
    except NotApproved as error:
        said = f"an approval that counted does not any more: {error.message}"
        raise NotApproved(said, hint=error.hint, code=error.code) from error


def _without_asking(services: GuardServices, plan: ChangePlan) -> tuple[SignedApproval, ...]:
    """Return policy's own approval when it asks for nobody and the user wants no questions."""
    if not services.yes or plan.obligation.approval is not Approval.NONE:
        return ()
    now = services.clock().replace(microsecond=0)
    approval = SignedApproval(
        plan_digest=plan.digest,
        by=plan.requester,
        method="policy",
        at=now,
        expires_at=plan.expires_at,
        nonce=services.nonce(),
    )
    return (approval,)


def _ask(services: GuardServices, log: StageLog, plan: ChangePlan, trouble: str) -> Decision:
    if plan.obligation.approval is Approval.TWO_PERSON:
        raise NotApproved(
            f"policy asks for two people other than {plan.requester}",
            hint="Save the plan (--out plan.json); each runs: agentops approve plan.json; then: "
            "agentops fix --plan plan.json --approval A.json --approval B.json",
            code="two-people",
        )
    log.note("approval_asked", {"digest": plan.digest, "code": plan.code, "risk": plan.risk})
    typed = plan.code if plan.risk.rank >= Risk.HIGH.rank or plan.reversal is Reversal.NONE else ""
    request = ApprovalRequest(plan=plan, typed=typed, can_tell=services.can_tell, trouble=trouble)
    decision = services.approver.ask(request)
    log.passed("asked", f"the answer was {decision.answer.value}", digest=plan.digest)
    return decision


def _counted(services: GuardServices, plan: ChangePlan, approval: SignedApproval) -> str:
    """Return whose approval it is, when it counts for this plan now."""
    now = services.clock()
    if approval.plan_digest != plan.digest:
        raise NotApproved(f"the approval by {one_line(approval.by, 60)} is for another plan", code="other-plan")
    if now >= plan.expires_at:
        raise NotApproved(f"the plan expired at {_clock(plan.expires_at)}", hint="Make it again.", code="expired")
    if now >= approval.expires_at:
        raise NotApproved(
            f"the approval by {one_line(approval.by, 60)} expired at {_clock(approval.expires_at)}", code="expired"
        )
    wanted = plan.obligation.approval
    relayed = approval.method == _RELAYED and wanted in services.relayed and wanted is not Approval.TWO_PERSON
    if not relayed and approval.method not in _METHODS[wanted]:
        raise NotApproved(f"an approval by {approval.method!r} does not count where policy asks for {wanted.value}")
    return services.trust.signer(approval) if approval.method == "key" else approval.by


def _require_enough(
    plan: ChangePlan, approvals: Sequence[SignedApproval], names: Sequence[str], requester: str
) -> None:
    if not approvals:
        raise NotApproved("nobody approved it")
    if plan.obligation.approval is not Approval.TWO_PERSON:
        return
    # The file says who asked for the plan; whoever runs it now is not one of the two either.
    people = set(names) - {plan.requester, requester}
    keys = {approval.key_id for approval in approvals}
    if len(people) < 2 or len(keys) < 2:
        raise NotApproved(
            f"policy asks for two people other than {plan.requester}, with a key each; there is "
            + (f"only {', '.join(sorted(people))}" if people else "none"),
            hint="A second person runs: agentops approve plan.json",
        )


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
