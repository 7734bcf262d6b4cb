"""``agentops approve CODE``: a plan that another agent asked for is decided at a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.plan import ChangePlan
from agentops.store.pending import AskedBy, PendingPlan, PendingPlans, PlanStanding

ENTER = "\r"
Cli = Callable[..., Any]


@pytest.fixture
def kept(plans: ModuleType, home: Path) -> Callable[[], PendingPlan]:
    """Keep a plan that a client asked for, and return it as it stands now."""
    store = PendingPlans(home / "pending", utc_now)
    now = datetime.now(UTC).replace(microsecond=0)
    plan: ChangePlan = plans.plan(created_at=now, expires_at=now + timedelta(hours=1))
    store.keep(plan, AskedBy(client="claude-code", door="mcp-stdio", on_behalf_of="ana", at=now))
    return lambda: store.find(plan.digest)


def _decide(terminal: ModuleType, home: Path, code: str, dialogue: list[tuple[str, str]]) -> Any:
    return terminal.at_terminal(["approve", code, "-o", "json"], dialogue, {"AGENTOPS_HOME": str(home)})


def test_a_yes_is_signed_beside_the_plan(kept: Any, terminal: ModuleType, home: Path) -> None:
    """The approval of exactly this plan lies where the server looks for it."""
    code = kept().plan.code
    said = _decide(
        terminal, home, code, [("sign an approval of it?", "a" + ENTER), ("to approve:", code.lower() + ENTER)]
    )
    found = kept()
    assert (said.code, found.standing(utc_now())) == (0, PlanStanding.APPROVED)
    assert json.loads(said.out)["approval"]["file"] == str(next(found.folder.glob("plan.*.approval.json")))


def test_a_no_is_kept_and_final(kept: Any, terminal: ModuleType, home: Path, cli: Cli) -> None:
    """Who says no has said it: the plan cannot be approved any more, and the log has it."""
    code = kept().plan.code
    said = _decide(terminal, home, code, [("sign an approval of it?", ENTER)])
    again = cli("approve", code, "-o", "json")
    assert (said.code, kept().standing(utc_now())) == (5, PlanStanding.DECLINED)
    assert (again.code, again.document["errors"][0]["code"]) == (5, "decided")
    events = [record["event"] for record in cli("audit", "log", "-o", "json").document["records"]]
    assert "approval_declined" in events


def test_without_a_terminal_nothing_is_decided(kept: Any, cli: Cli) -> None:
    """A program that runs the command decides nothing: neither yes nor no."""
    code = kept().plan.code
    said = cli("approve", code, "-o", "json")
    assert (said.code, said.document["errors"][0]["hint"]) == (5, f"Run this at a terminal: agentops approve {code}")
    assert kept().standing(utc_now()) is PlanStanding.WAITING


@pytest.mark.parametrize("words", [["ZZZZZZZZ"], ["7Q4M0ZKD", "--out", "a.json"]])
def test_what_is_not_pending_is_a_mistake(cli: Cli, words: list[str]) -> None:
    """A code of no pending plan, and an option that only a file heeds."""
    assert cli("approve", *words).code == 2
