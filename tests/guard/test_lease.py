"""The cluster's lease: taken after the approval and its record, before the first call; let go of at the end."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from agentops.core.errors import Forbidden, Stale
from agentops.core.plan import Call
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]


class Held:
    """A lease in memory; ``refuse`` makes its taking fail."""

    place = "Lease ops/agentops"

    def __init__(self) -> None:
        self.by = ""
        self.sent: list[str] = []
        self.refuse: Exception | None = None

    def holder(self, own: str = "") -> str:
        return "" if own and self.by == own else self.by

    def taking(self, change_id: str, seconds: int) -> Call:
        return Call(verb="create", method="POST", path="/leases", body={"by": change_id, "seconds": seconds})

    def releasing(self) -> Call | None:
        return Call(verb="patch", method="PATCH", path="/leases/agentops", body={"by": ""})

    def send(self, call: Call) -> None:
        if self.refuse is not None and call.method == "POST":
            raise self.refuse
        self.by = call.body["by"]
        self.sent.append(call.method)


@pytest.fixture
def lease() -> Held:
    """A lease that nobody holds."""
    return Held()


def test_it_is_taken_after_the_intent_and_let_go_of_at_the_end(stage: Any, lease: Held) -> None:
    """Its records stand before its calls, and between the intent and the first call of the plan."""
    result = execute(stage.services(lease=lease), world.proposal())
    events = stage.log.events()
    assert (result.outcome.status.value, lease.sent, lease.by) == ("applied", ["POST", "PATCH"], "")
    order = [events.index(name) for name in ("confirm", "intent", "lease", "apply", "verify", "lease_released")]
    assert order == sorted(order)


def test_a_preview_never_takes_it(stage: Any, lease: Held) -> None:
    """A dry run reads and shows which lease would be held; the plan's digest covers that."""
    plan = make_plan(stage.services(lease=lease), world.proposal()).planned.plan
    assert (plan.lease, lease.sent) == ("Lease ops/agentops", [])


def test_who_holds_it_is_said_before_anybody_is_asked(stage: Any, lease: Held) -> None:
    """A run with another home sees the change that is under way."""
    lease.by = "human:eve pid 7 on laptop change 20261122T030000-7Q4M0ZKD"
    result = execute(stage.services(lease=lease), world.proposal())
    assert result.error is not None
    assert (result.error.code, lease.by in result.error.message, stage.person.asked) == ("busy", True, [])


def test_a_crashed_change_may_be_taken_back_under_its_own_lease(stage: Any, lease: Held) -> None:
    """What died holds it still; the way back of that very change does not wait for it to expire."""
    lease.by = "change-1"
    result = execute(stage.services(lease=lease), world.proposal(rolls_back="change-1"))
    assert (result.outcome.status.value, lease.by) == ("applied", "")


@pytest.mark.parametrize(
    ("error", "by", "code"), [(Forbidden("cannot create leases"), "", "no-lease"), (Stale("it moved"), "eve", "busy")]
)
def test_without_it_nothing_is_applied(stage: Any, lease: Held, error: Exception, by: str, code: str) -> None:
    """It may not be written, or another run was faster: nothing of the plan is sent, and nothing is left open."""
    lease.refuse = error
    taking = lease.taking

    def late(change_id: str, seconds: int) -> Call:
        lease.by = by
        return taking(change_id, seconds)

    lease.taking = late  # type: ignore[method-assign]
    result = execute(stage.services(lease=lease), world.proposal())
    assert result.error is not None
    assert (result.outcome.status.value, result.error.code, stage.world.writes) == ("declined", code, [])
    assert [one["status"] for one in stage.journal.closed.values()] == ["declined"]


def test_a_plan_for_another_lease_is_stale(stage: Any, lease: Held) -> None:
    """What is written beside the plan was shown with it: a run that would write something else does not run it."""
    plan = make_plan(stage.services(), world.proposal()).planned.plan
    result = execute_saved(stage.services(lease=lease), plan, ())
    assert result.error is not None
    assert (result.error.code, stage.world.writes) == ("stale", [])
