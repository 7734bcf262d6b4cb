"""``agentops approvals``: what other agents asked for is listed, watched, and decided in another terminal."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.cli.notifying import notification, notifier
from agentops.core.clock import utc_now
from agentops.store.pending import PendingPlan, PendingPlans, PlanStanding

_ACCOUNT = Path(__file__).resolve().parents[1] / "support" / "account.py"
ENTER, CTRL_C = "\r", "\x03"
Cli = Callable[..., Any]
Keep = Callable[..., PendingPlan]


def _standing(home: Path, pending: PendingPlan) -> PlanStanding:
    return PendingPlans(home / "pending", utc_now).find(pending.plan.digest).standing(utc_now())


def test_what_waits_is_listed(cli: Cli, keep: Keep) -> None:
    """Who asked, what for, how risky; and what to type."""
    pending = keep("claude\u202e-code\n")
    done = cli("approvals")
    assert done.code == 0
    for word in (pending.plan.code, "claude\\u{202e}-code", "shop/Deployment/checkout", "waiting, until "):
        assert word in done.out, done.out
    assert f"Decide one: agentops approve {pending.plan.code}" in done.out


def test_the_list_is_one_document_for_scripts(cli: Cli, keep: Keep) -> None:
    """Every plan once, with its digest and its standing."""
    pending = keep()
    (one,) = cli("approvals", "-o", "json").document["pending"]
    facts = {name: one[name] for name in ("code", "digest", "standing", "client", "approvals_missing", "declined")}
    assert facts == {
        "code": pending.plan.code,
        "digest": pending.plan.digest,
        "standing": "waiting",
        "client": "claude-code",
        "approvals_missing": 1,
        "declined": None,
    }


def test_what_is_over_is_listed_on_demand(cli: Cli, keep: Keep, home: Path) -> None:
    """Declined and expired plans; and an empty list says so."""
    assert "No plan waits for a person." in cli("approvals").out
    pending = keep()
    PendingPlans(home / "pending", utc_now).decline(pending, "human:ana", "not now")
    assert "No plan waits for a person." in cli("approvals").out
    (one,) = cli("approvals", "--all", "-o", "json").document["pending"]
    assert (one["standing"], one["declined"]["why"]) == ("declined", "not now")


def test_a_watch_shows_a_new_plan_and_asks(terminal: ModuleType, keep: Keep, home: Path) -> None:
    """The same screen as ``agentops approve``, signed in the same way; then the watch goes on."""
    first = keep()

    def another() -> str:
        nonlocal second
        second = keep("copilot")
        return "x" + ENTER

    second = first
    said = terminal.at_terminal(
        ["approvals", "--watch"],
        [
            (f"Plan {first.plan.code} waits. Look at it now?", "l" + ENTER),
            ("Step 1 of 1: roll Deployment checkout back", ""),
            ("sign an approval of it?", "a" + ENTER),
            ("to approve:", lambda: first.plan.code + ENTER),
            ("The agent that asked for it can apply it now", lambda: (another(), "")[1]),
            ("waits. Look at it now?", "x" + ENTER),
            ("Left waiting.", CTRL_C),
        ],
        {"AGENTOPS_HOME": str(home)},
        output_too=True,
    )
    assert said.code == 0, said.screen
    assert (_standing(home, first), _standing(home, second)) == (PlanStanding.APPROVED, PlanStanding.WAITING)
    assert f"plan {first.plan.code}  approved" in said.screen
    assert "(asked by copilot)" in said.screen


def test_a_watch_without_a_terminal_tells_and_asks_nothing(keep: Keep, home: Path) -> None:
    """A line for each plan, and for how it stands later; Ctrl-C ends it, and nothing was decided."""
    pending = keep()
    with subprocess.Popen(
        [sys.executable, str(_ACCOUNT), "approvals", "--watch"],
        env={"AGENTOPS_HOME": str(home), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as watch:
        assert watch.stdout is not None
        first = watch.stdout.readline()
        PendingPlans(home / "pending", utc_now).decline(pending, "human:ana", "no")
        another = keep("copilot")
        second = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=30) == 0
    assert f"plan {pending.plan.code}  waiting, until " in first
    assert f"plan {another.plan.code}  waiting, until " in second
    assert _standing(home, another) is PlanStanding.WAITING


def test_no_is_the_default_in_a_watch(terminal: ModuleType, keep: Keep, home: Path) -> None:
    """Enter leaves a plan waiting; Enter at the plan itself refuses it for good."""
    pending = keep()
    question = f"Plan {pending.plan.code} waits. Look at it now?"
    where = {"AGENTOPS_HOME": str(home)}
    said = terminal.at_terminal(
        ["approvals", "--watch"], [(question, ENTER), ("Left waiting.", CTRL_C)], where, output_too=True
    )
    assert (said.code, _standing(home, pending)) == (0, PlanStanding.WAITING), said.screen
    dialogue = [(question, "l" + ENTER), ("sign an approval of it?", ENTER), ("was not approved", CTRL_C)]
    said = terminal.at_terminal(["approvals", "--watch"], dialogue, where, output_too=True)
    assert (said.code, _standing(home, pending)) == (0, PlanStanding.DECLINED), said.screen


def test_a_watch_notifies_on_the_desktop_by_setting(
    terminal: ModuleType, keep: Keep, home: Path, tmp_path: Path
) -> None:
    """One notification a plan, which says no more than whether to go and look."""
    pending = keep("<b>copilot")
    (home / "config.toml").write_text("[approvals]\ndesktop_notifications = true\n")
    program, told = tmp_path / "bin" / "notify-send", tmp_path / "told"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {told}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    where = {"AGENTOPS_HOME": str(home), "PATH": f"{program.parent}{os.pathsep}/usr/bin:/bin"}
    dialogue = [("waits. Look at it now?", "q" + ENTER)]
    assert terminal.at_terminal(["approvals", "--watch"], dialogue, where, output_too=True).code == 0
    title, line = told.read_text().splitlines()[-2:]
    assert title == f"Plan {pending.plan.code} waits for you"
    assert (
        line
        == f"{pending.plan.risk.value.upper()} risk, shop/Deployment/checkout in prod-eu, asked by &lt;b&gt;copilot"
    )


def test_nothing_is_notified_without_the_setting(terminal: ModuleType, keep: Keep, home: Path, tmp_path: Path) -> None:
    """A program that is installed is not started."""
    keep()
    program = tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/told\n")
    program.chmod(0o755)
    where = {"AGENTOPS_HOME": str(home), "PATH": f"{program.parent}{os.pathsep}/usr/bin:/bin"}
    terminal.at_terminal(["approvals", "--watch"], [("waits. Look", "q" + ENTER)], where, output_too=True)
    assert not (tmp_path / "told").exists()


@pytest.mark.parametrize("is_mac", [False, True])
def test_a_notification_is_neither_option_nor_script(*, is_mac: bool) -> None:
    """Whatever a client calls itself."""
    hostile = '-e do shell script "id"\n--help'
    words = notification("/bin/notify", hostile, hostile, is_mac=is_mac)
    at = words.index("--")
    assert ('-e do shell script "id" --help', at) == (words[at + 1], len(words) - 3)


def test_a_desktop_without_a_program_is_no_error() -> None:
    """There is nothing to notify with."""
    assert notifier("linux", lambda _name: None) is None


@pytest.mark.parametrize("words", [["--all", "--watch"], ["--watch", "-o", "json"]])
def test_contradictions_are_told(cli: Cli, words: list[str]) -> None:
    """A watch has no end that could be printed as one document."""
    assert cli("approvals", *words).code == 2
