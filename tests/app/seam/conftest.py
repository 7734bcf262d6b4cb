"""Who is asked in the tests of the seam."""

from __future__ import annotations

import pytest

from agentops.core.approval import Answer, ApprovalRequest, Decision
from agentops.core.clock import utc_now
from tests.support.world import approve


class Person:
    """Gives one answer to whatever is asked."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def ask(self, request: ApprovalRequest) -> Decision:
        """Approve exactly the plan that is shown, or do not."""
        if self._answer is not Answer.APPROVE:
            return Decision(answer=self._answer)
        approval = approve(request.plan, utc_now())
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


@pytest.fixture
def agrees() -> Person:
    """Somebody who approves."""
    return Person(Answer.APPROVE)


@pytest.fixture
def declines() -> Person:
    """Somebody who says no."""
    return Person(Answer.STOP)
