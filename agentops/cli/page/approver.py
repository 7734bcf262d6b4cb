"""The ``Approver`` of the page: what a person said in a form, about the plan that this very page showed.

Comes in: what was shown and when. Goes out: an approval of exactly that plan. It asks nobody: the form is the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from agentops.cli.asking import is_typed
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.clock import Clock
from agentops.core.errors import NotApproved


@dataclass(frozen=True, slots=True, kw_only=True)
class PageApprover:
    """Says yes to one plan, because a person typed its code into the form below it.

    Arguments:
        plan_digest: of the plan that was on the page.
        shown_digest: over what the page showed.
        typed: what the person typed.
        actor: who sits there: ``human:ana``.
        nonce: fresh for this page.
    """

    plan_digest: str
    shown_digest: str
    typed: str
    actor: str
    nonce: str
    clock: Clock

    def ask(self, request: ApprovalRequest) -> Decision:
        """Return the approval.

        Raises:
            NotApproved: it is another plan than the one on the page, has expired, or was not typed back.
        """
        plan, now = request.plan, self.clock()
        if plan.digest != self.plan_digest:
            raise NotApproved("this is not the plan that the page showed", hint="Look at it again.", code="stale")
        if not request.typed or not is_typed(self.typed, request.typed):
            raise NotApproved(f"what was typed is not {request.typed}", code="wrong-code")
        if now >= plan.expires_at:
            raise NotApproved(f"plan {plan.code} expired before it was approved", code="expired")
        approval = SignedApproval(
            plan_digest=plan.digest,
            by=self.actor,
            method="page",
            at=now,
            expires_at=min(plan.expires_at, now + timedelta(seconds=plan.obligation.ttl_s)),
            nonce=self.nonce,
            shown_digest=self.shown_digest,
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,), why=f"approved on the page by {self.actor}")
