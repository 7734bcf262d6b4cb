"""Who is asked in the tests of the seam."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.clock import utc_now


class Person:
    """Gives one answer to whatever is asked."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def ask(self, request: ApprovalRequest) -> Decision:
        """Approve exactly the plan that is shown, or do not."""
        if self._answer is not Answer.APPROVE:
            return Decision(answer=self._answer)
        now = utc_now()
        approval = SignedApproval(
            plan_digest=request.plan.digest,
            by="human:ana",
            method="terminal",
            at=now,
            expires_at=now + timedelta(minutes=5),
            nonce="test",
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


@pytest.fixture
def agrees() -> Person:
    """Somebody who approves."""
    return Person(Answer.APPROVE)


@pytest.fixture
def declines() -> Person:
    """Somebody who says no."""
    return Person(Answer.STOP)
