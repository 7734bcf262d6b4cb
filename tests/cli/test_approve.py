"""``agentops approve`` at a real terminal, and everywhere else: only a person who typed the code signs."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.errors import UsageError
from agentops.core.plan import Approval, ChangePlan, Obligation, PolicyDecision
from agentops.store.plans import load_approval, save_plan

ENTER, ESCAPE, CTRL_C, CTRL_D = "\r", "\x1b", "\x03", "\x04"
ME = pwd.getpwuid(os.getuid()).pw_name
Cli = Callable[..., Any]


@pytest.fixture
def plan(plans: ModuleType, tmp_path: Path) -> Callable[..., tuple[Path, ChangePlan]]:
    """Save a plan that is still good for an hour; keywords replace its fields."""

    def make(**changes: Any) -> tuple[Path, ChangePlan]:
        now = datetime.now(UTC).replace(microsecond=0)
        made = plans.plan(**({"created_at": now, "expires_at": now + timedelta(hours=1)} | changes))
        save_plan(tmp_path / "plan.json", made)
        return tmp_path / "plan.json", made

    return make


def _events(cli: Cli) -> list[str]:
    found = [record["event"] for record in cli("audit", "log", "-o", "json").document["records"]]
    return [event for event in found if event not in ("chain_begun", "checkpoint")]


def test_a_person_signs_exactly_this_plan(plan: Any, terminal: ModuleType, home: Path, cli: Cli) -> None:
    """Shown on the terminal, approved, code typed: the signed approval counts where its key is trusted."""
    from agentops.approvals.trust import Trust

    path, made = plan()
    said = terminal.at_terminal(
        ["approve", str(path), "--ttl", "5m", "-o", "json"],
        [("sign an approval of it?", "a" + ENTER), ("to approve:", made.code.lower() + ENTER)],
        {"AGENTOPS_HOME": str(home)},
    )
    assert (said.code, "Step 1 of 2: roll Deployment checkout back" in said.screen) == (0, True)
    document = json.loads(said.out)
    approval = load_approval(Path(document["approval"]["file"]))
    assert approval.plan_digest == made.digest
    assert approval.expires_at - approval.at == timedelta(minutes=5)
    assert cli("approvers", "add", document["public_key"]).code == 0
    assert Trust(path=home / "approvers.toml", clock=lambda: approval.at).signer(approval) == f"human:{ME}"
    assert _events(cli) == ["approver_key_made", "approval_signed", "approver_added"]


@pytest.mark.parametrize(
    "dialogue",
    [
        [("sign an approval of it?", ENTER)],
        [("sign an approval of it?", ESCAPE)],
        [("sign an approval of it?", CTRL_D)],
        [
            ("sign an approval of it?", "a" + ENTER),
            ("to approve:", ENTER),
            ("Try again.", ""),
            ("to approve:", "yes" + ENTER),
        ],
        [("sign an approval of it?", "w" + ENTER), ("Evidence", ""), ("sign an approval of it?", ENTER)],
    ],
    ids=["enter", "escape", "ctrl-d", "wrong code twice", "why, then enter"],
)
def test_everything_else_signs_nothing(
    plan: Any, terminal: ModuleType, home: Path, cli: Cli, dialogue: list[tuple[str, str]]
) -> None:
    """No answer, another answer and a wrong code end with 5, no file and a record of it."""
    path, _made = plan()
    said = terminal.at_terminal(["approve", str(path), "-o", "json"], dialogue, {"AGENTOPS_HOME": str(home)})
    assert (said.code, json.loads(said.out)["errors"][0]["code"]) == (5, "declined")
    assert (list(path.parent.glob("*.approval.json")), _events(cli)) == ([], ["approval_declined"])


@pytest.mark.parametrize(
    "dialogue",
    [
        [("sign an approval of it?", CTRL_C)],
        [("sign an approval of it?", "a" + ENTER), ("to approve:", CTRL_C)],
    ],
    ids=["at the question", "at the code"],
)
def test_ctrl_c_signs_nothing_and_ends_with_130(
    plan: Any, terminal: ModuleType, home: Path, cli: Cli, dialogue: list[tuple[str, str]]
) -> None:
    """It is on record as an approval that was not given, and a line says that nothing was signed."""
    path, _made = plan()
    said = terminal.at_terminal(["approve", str(path)], dialogue, {"AGENTOPS_HOME": str(home)})
    assert (said.code, "interrupted at the question: nothing was signed" in said.screen) == (130, True), said.screen
    assert (list(path.parent.glob("*.approval.json")), _events(cli)) == ([], ["approval_declined"])


def test_a_terminal_that_goes_away_is_no(plan: Any, terminal: ModuleType, home: Path) -> None:
    """A closed window signs nothing."""
    path, _made = plan()
    said = terminal.at_terminal(
        ["approve", str(path)], [("sign an approval of it?", "")], {"AGENTOPS_HOME": str(home)}, hang_up=True
    )
    assert (said.code != 0, list(path.parent.glob("*.approval.json"))) == (True, [])


def test_what_is_typed_ahead_is_no_answer(plan: Any, terminal: ModuleType, home: Path) -> None:
    """Keys pressed before the question stands there are thrown away; Enter still means no."""
    path, _made = plan()
    said = terminal.at_terminal(
        ["approve", str(path)], [("", "a" + ENTER), ("sign an approval of it?", ENTER)], {"AGENTOPS_HOME": str(home)}
    )
    assert (said.code, "to approve:" in said.screen, "stopped at the terminal" in said.screen) == (5, False, True)


def test_without_a_terminal_it_says_what_to_run(plan: Any, cli: Cli) -> None:
    """A pipeline cannot approve; exit 5 and the command that a person can run."""
    path, made = plan()
    done = cli("approve", str(path), "-o", "json", "--no-input")
    assert (done.code, done.document["errors"]) == (
        5,
        [
            {
                "code": "not-approved",
                "message": f"plan {made.code} needs a person to approve it, and --no-input was given",
                "hint": f"Run this at a terminal: agentops approve {path}",
            }
        ],
    )
    assert cli("approve", str(path)).code == 5


def test_two_people_are_counted(plan: Any, terminal: ModuleType, home: Path) -> None:
    """For a two-person plan the page says that one more is needed, and who it cannot be."""
    path, made = plan(obligation=Obligation(approval=Approval.TWO_PERSON), requester="human:somebody")
    said = terminal.at_terminal(
        ["approve", str(path), "-o", "json"],
        [("sign an approval of it?", "a" + ENTER), ("to approve:", made.code + ENTER)],
        {"AGENTOPS_HOME": str(home)},
    )
    assert (said.code, json.loads(said.out)["approvals_missing"]) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"obligation": Obligation(approval=Approval.TWO_PERSON), "requester": f"human:{ME}"}, 5, "own-plan"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, 5, "expired"),
    ],
)
def test_what_an_approval_could_not_help_is_refused(
    plan: Any, cli: Cli, changes: dict[str, Any], code: int, why: str
) -> None:
    """One's own two-person plan and an expired one are refused before anybody is asked."""
    path, _made = plan(**changes)
    done = cli("approve", str(path), "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (code, why)


def test_a_plan_that_policy_refuses_cannot_be_approved(plans: ModuleType, tmp_path: Path, cli: Cli) -> None:
    """Nobody signs past policy."""
    from dataclasses import replace

    step = replace(plans.step(), ruling=PolicyDecision(allowed=False, why="blast-cap"))
    save_plan(tmp_path / "p.json", plans.plan(step, expires_at=datetime.now(UTC) + timedelta(hours=1)))
    assert cli("approve", str(tmp_path / "p.json")).code == 4


def test_an_edited_plan_cannot_be_approved(plan: Any, cli: Cli) -> None:
    """A plan whose file was changed by hand is refused before anything of it is shown."""
    path, _made = plan()
    path.write_text(path.read_text("utf-8").replace("2.0.9", "2.0.8"), "utf-8")
    done = cli("approve", str(path), "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (5, "plan-altered")


@pytest.mark.parametrize("ttl", ["", "0s", "-5m", "5", "5 m", "1d", "9999999s", "5m\n"])
def test_a_time_is_a_time(plan: Any, cli: Cli, ttl: str) -> None:
    """What is no time is a usage error, never a default."""
    from agentops.cli.times import duration_s

    with pytest.raises(UsageError):
        duration_s(ttl)
    assert cli("approve", str(plan()[0]), f"--ttl={ttl}").code == 2


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", '{"schema": "agentops/approval/v1"}'])
def test_what_is_no_plan_is_a_usage_error(cli: Cli, tmp_path: Path, text: str) -> None:
    """Exit 2 and a sentence with the file's name."""
    (tmp_path / "p.json").write_text(text, "utf-8")
    done = cli("approve", str(tmp_path / "p.json"))
    assert (done.code, done.err.startswith("Error: "), "p.json" in done.err) == (2, True, True)
