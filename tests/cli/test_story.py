"""The story of a fix from the audit log, and policy asked again: ``show --timeline``, ``audit replay``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def fixed(cli: Cli) -> dict[str, Any]:
    """A fix that policy pre-approves, done; its document."""
    done = cli("fix", "--sandbox=cordoned-nodes", "--no-model", "--yes", "-o", "json")
    assert done.code == 0, done.err
    document: dict[str, Any] = done.document
    return document


def test_timeline_tells_what_was_seen_agreed_and_done(cli: Cli, fixed: dict[str, Any]) -> None:
    """In the order in which it happened: alert, finding, plan, approval, change, verification, end."""
    told = [line["event"] for line in cli("show", "--timeline", "-o", "json").document["timeline"]]
    wanted = ["run_started", "alert", "finding", "guard_stage", "intent", "change_closed", "run_ended"]
    assert [event for event in dict.fromkeys(told) if event in wanted] == wanted


def test_timeline_of_a_run_reads_as_sentences(cli: Cli, fixed: dict[str, Any]) -> None:
    """A run's id tells the same story, with who approved and what it came to."""
    page = " ".join(cli("show", fixed["audit"]["run"]).out.replace("│ ", "").split())
    wanted = ("ran agentops fix", "begins, approved by", "(policy)", "verified:", "the run ended: applied, exit 0")
    assert [text for text in wanted if text not in page] == []


@pytest.mark.parametrize("columns", ["50", "80", "120"])
def test_each_event_keeps_to_one_line_and_is_told_once(
    cli: Cli, fixed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """Time first, then what happened; too long a line is cut, and ``-v`` has it whole."""
    monkeypatch.setenv("COLUMNS", columns)
    head, *lines = cli("show", "--timeline").out.splitlines()
    assert (head, max(map(len, lines)) <= int(columns)) == (f"Run {fixed['audit']['run']}", True), lines
    assert [line for line in lines if not re.match(r"  \d\d:\d\d:\d\d \S", line)] == []
    assert sum(line[11:].startswith("plan ") for line in lines) == 1
    whole = " ".join(cli("show", "--timeline", "-v").out.replace("│ ", "").split())
    assert ("…" in whole, fixed["plan"]["code"] in whole) == (False, True)


def test_timeline_of_nothing_is_a_usage_error(cli: Cli) -> None:
    """A run that is not on record is said so."""
    assert cli("show", "20200101T000000-abcdef").code == 2


def test_replay_under_the_same_policy_agrees(cli: Cli, fixed: dict[str, Any]) -> None:
    """Every ruling on record is asked again, and answered as then."""
    document = cli("audit", "replay", "--exit-code", "-o", "json").document
    assert (document["exit_code"], document["rulings"] > 0, document["differing"]) == (0, True, [])


def test_replay_under_a_stricter_policy_says_where_it_differs(cli: Cli, home: Path, fixed: dict[str, Any]) -> None:
    """A policy edit that would have refused the change shows up, with both answers."""
    text = (
        '@id("nobody-uncordons")\n@why("we do not uncordon any more")\n'
        'forbid(principal, action == Ops::Action::"kubernetes_uncordon", resource);\n'
    )
    cli("policy", "init")
    policy = home / "policy.cedar"
    policy.write_text(policy.read_text() + "\n" + text)
    done = cli("audit", "replay", fixed["audit"]["run"], "--exit-code", "-o", "json")
    first = done.document["differing"][0]
    assert (done.code, first["then"]["allowed"], first["now"]["allowed"], first["now"]["policies"]) == (
        3,
        True,
        False,
        ["nobody-uncordons"],
    )


def test_replay_of_an_unknown_run_is_a_usage_error(cli: Cli) -> None:
    """A run without rulings is said so."""
    assert cli("audit", "replay", "20200101T000000").code == 2
