"""A plan's own credential: asked for after the approval and its record, given back at the end, never recorded."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from agentops.core.errors import AuditError, Forbidden, ToolError, Unreachable
from agentops.core.plan import Call, Preview
from agentops.guard.pipeline import execute, execute_saved, make_plan
from tests.guard.test_lease import Held

world = sys.modules["agentops_test_world"]


class Granted:
    """A grant in memory; ``fails`` names the step that raises."""

    account = "ServiceAccount agentops/agentops-fix"
    place = "its entry among the approved plans, and is sent as ServiceAccount agentops/agentops-fix"

    def __init__(self, fails: str = "", error: Exception | None = None) -> None:
        self.fails, self.error = fails, error
        self.done: list[str] = []
        self.is_held = False

    def _do(self, step: str) -> None:
        if step == self.fails and self.error is not None:
            raise self.error
        self.done.append(step)

    def asking(self, seconds: int, _digest: str, _previews: Sequence[Preview]) -> Call | None:
        if self.fails == "none":
            return None
        return Call(verb="create", method="POST", path="/token", body={"seconds": seconds})

    def ask(self, _call: Call) -> Mapping[str, str]:
        self._do("ask")
        self.is_held = True
        return {"account": self.account, "token_id": "t-1", "expires_at": "2026-11-22T03:10:00Z"}

    def opening(self, digest: str, previews: Sequence[Preview]) -> Call | None:
        self._do("opening")
        body = {"digest": digest, "calls": sum(len(one.calls) for one in previews)}
        return Call(verb="patch", method="PATCH", path="/approved", body=body)

    def closing(self, digest: str) -> Call | None:
        self._do("closing")
        return Call(verb="patch", method="PATCH", path="/approved", body={"remove": digest})

    def send(self, call: Call) -> None:
        self._do("remove" if "remove" in call.body else "add")

    def give_back(self) -> None:
        self.is_held = False
        self.done.append("give_back")


def test_it_is_asked_for_after_the_intent_and_given_back_at_the_end(stage: Any) -> None:
    """Each call stands in the log before it is sent, between the intent and the plan's first call."""
    grant = Granted()
    result = execute(stage.services(grant=grant), world.proposal())
    events = stage.log.events()
    assert result.outcome.status.value == "applied"
    assert grant.done == ["ask", "opening", "add", "closing", "remove", "give_back"]
    order = [events.index(name) for name in ("intent", "grant_asked", "grant", "apply", "verify", "grant_closed")]
    assert order == sorted(order)


def test_where_nothing_of_the_plan_is_the_account_s_nothing_is_asked_for(stage: Any) -> None:
    """A plan of another place: no credential, and the change is made as it always was."""
    grant = Granted("none")
    result = execute(stage.services(grant=grant), world.proposal())
    assert (result.outcome.status.value, "ask" in grant.done, "add" in grant.done) == ("applied", False, False)


def test_the_entry_is_of_exactly_this_plan(stage: Any) -> None:
    """What is said to the provider is the digest of the plan that was approved, and its calls."""
    result = execute(stage.services(grant=Granted()), world.proposal())
    plan = result.planned.plan
    (note,) = (one.payload for one in stage.log.records if one.event == "grant" and "call" in one.payload)
    calls = sum(len(step.preview.calls) for step in plan.steps)
    assert note["call"]["body"] == {"digest": plan.digest, "calls": calls}
    assert (note["account"], note["token_id"]) == ("ServiceAccount agentops/agentops-fix", "t-1")


def test_a_preview_asks_for_nothing(stage: Any) -> None:
    """A plan that is only made has no credential."""
    grant = Granted()
    make_plan(stage.services(grant=grant), world.proposal())
    assert grant.done == []


def test_the_plan_says_as_whom_it_is_sent(stage: Any) -> None:
    """Whoever approves knows the account; a run that would use another one, or none, does not run the plan."""
    plan = make_plan(stage.services(grant=Granted(), lease=Held()), world.proposal()).planned.plan
    result = execute_saved(stage.services(lease=Held()), plan, ())
    assert plan.lease == f"Lease ops/agentops and {Granted.place}"
    assert result.error is not None
    assert (result.error.code, stage.world.writes) == ("stale", [])


@pytest.mark.parametrize("step", ["ask", "opening", "add"])
@pytest.mark.parametrize("error", [Forbidden("may not"), Unreachable("gone"), ToolError("no")])
def test_without_it_nothing_is_applied(stage: Any, step: str, error: Exception) -> None:
    """Refused, unreachable or not enough: nothing of the plan is sent, the lease is let go of, nothing is left open."""
    grant, lease = Granted(step, error), Held()
    result = execute(stage.services(grant=grant, lease=lease), world.proposal())
    assert result.error is not None
    assert (result.outcome.status.value, result.error.code, stage.world.writes) == ("declined", "no-grant", [])
    assert (grant.is_held, lease.by) == (False, "")
    assert [one["status"] for one in stage.journal.closed.values()] == ["declined"]


@pytest.mark.parametrize("step", ["closing", "remove"])
def test_what_cannot_be_taken_back_is_no_failure_of_the_change(stage: Any, step: str) -> None:
    """The change is over; its entry names a token that ends by itself, and the credential is forgotten."""
    grant = Granted(step, Unreachable("gone"))
    result = execute(stage.services(grant=grant), world.proposal())
    assert (result.outcome.status.value, grant.is_held) == ("applied", False)


def test_an_unwritable_log_leaves_no_credential(stage: Any) -> None:
    """What cannot be recorded is not sent, and what was asked for is forgotten."""
    grant = Granted("add", AuditError("full"))
    with pytest.raises(AuditError):
        execute(stage.services(grant=grant), world.proposal())
    assert (grant.is_held, stage.world.writes) == (False, [])
