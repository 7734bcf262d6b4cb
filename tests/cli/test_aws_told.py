"""What AWS tells and moto does not: an alarm's history and CloudTrail, as the sandbox's layer answers them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
REPORT: Mapping[str, Any] = {
    "verdict": "undetermined", "conclusion": "Read.", "confidence": "low", "evidence": ["{{last}}"], "ruled_out": [],
    "not_checked": [], "next_steps": ["None."],
}  # fmt: skip


def readings(cli: Cli, home: Path, scenario: str, *calls: tuple[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the evidence of some calls that a scripted model makes, by tool."""
    turns = [{"calls": [{"tool": name, "arguments": dict(arguments)} for name, arguments in calls]}]
    turns.append({"calls": [{"tool": "report_finding", "arguments": dict(REPORT)}]})
    script = home.parent / "script.json"
    script.write_text(json.dumps({"name": "reads", "turns": turns}))
    done = cli("investigate", f"--sandbox={scenario}", f"--model=scripted:{script}", "-o", "json")
    assert done.code == 0, done.out + done.err
    (stored,) = home.glob("incidents/*/evidence.jsonl")
    return {one["tool"]: one for one in map(json.loads, stored.read_text().splitlines())}


def test_the_history_of_an_alarm_and_who_changed_what(cli: Cli, home: Path) -> None:
    """Newest first, ages and not dates; of CloudTrail's requests nothing but who called what on which resource."""
    found = readings(
        cli,
        home,
        "aws-function-denied",
        ("aws_alarm_history", {"alarm": "write-invoices-errors"}),
        ("aws_trail", {"resource": "invoices", "minutes": 60}),
    )
    history, trail = found["aws_alarm_history"], found["aws_trail"]
    rows = [line.split(maxsplit=2) for line in history["excerpt"].splitlines()[:3]]
    assert rows == [
        ["AGE", "TYPE", "WHAT"],
        ["22m", "StateUpdate", "Alarm updated from OK to ALARM"],
        ["9d", "ConfigurationUpdate", 'Alarm "write-invoices-errors" updated'],
    ], history["excerpt"]
    assert [line.split()[1:3] for line in trail["excerpt"].splitlines()[1:3]] == [
        ["dana", "PutRolePolicy"],
        ["nightly-export", "PutObject"],
    ]
    assert (history["summary"], trail["summary"]) == (
        "2 entries in the history of write-invoices-errors",
        "2 changes in 60 minutes",
    )
