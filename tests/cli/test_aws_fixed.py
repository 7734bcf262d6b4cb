"""Incidents of AWS from the alarm to a verified change, without a model, in the sandbox."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
FIXED = {
    "aws-queue-consumer-off": ("aws_set_reserved_concurrency", {"concurrency": None}),
    "aws-function-throttled": ("aws_set_reserved_concurrency", {"concurrency": 6}),
    "aws-consumer-disabled": ("aws_set_event_source", None),
    "aws-launch-suspended": ("aws_resume_processes", {"processes": ["Launch", "ReplaceUnhealthy"]}),
    "aws-group-at-maximum": ("aws_set_group_size", {"max": 6}),
    "aws-instance-stopped": ("aws_start_instance", {}),
    "aws-service-image-missing": ("aws_roll_back_service", {"task_definition": "checkout:1"}),
    "aws-database-full": ("aws_grow_database_storage", {"gib": 150}),
}

QUESTION = 7
"""The rows of an empty line, the question and its answers."""
ON_ONE_SCREEN = ("aws-database-full", "aws-group-at-maximum", "aws-instance-stopped")


@pytest.fixture
def nobody_asked(home: Path) -> None:
    """Policy of this home asks nobody, so that ``--yes`` is enough."""
    home.mkdir(mode=0o700)
    policy = home / "policy.cedar"
    policy.write_text(
        '@id("all")\n@approval("none")\npermit (principal, action, resource) when { context has environment };\n'
    )
    policy.chmod(0o600)


@pytest.mark.usefixtures("nobody_asked")
@pytest.mark.parametrize("name", sorted(FIXED))
def test_an_incident_is_fixed_from_its_alarm_and_verified(name: str, cli: Cli) -> None:
    """The cause, the one change that cures it, sent once allowed; triage finds it no more, and the alarm is OK."""
    tool, arguments = FIXED[name]
    done = cli("fix", f"--sandbox={name}", "--no-model", "--yes", "--no-input", "-o", "json")
    assert done.code == 0, done.out[-3000:]
    outcome, (step,) = done.document["outcome"], done.document["plan"]["changes"]
    assert (step["tool"], outcome["status"], outcome["doubts"]) == (tool, "applied", []), outcome
    assert arguments is None or step["arguments"] == arguments
    assert cli("audit", "verify").code == 0


@pytest.mark.parametrize("name", sorted(FIXED))
def test_a_dry_run_shows_what_would_be_done_and_changes_nothing(
    name: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says whether AWS has tried it, what it reaches, how it is undone; nothing is recorded as sent.

    With the question below it, it is no longer than a screen of 24 rows and 80 columns, or three rows more.
    """
    monkeypatch.setenv("COLUMNS", "80")
    done = cli("fix", f"--sandbox={name}", "--no-model", "--dry-run")
    tried = FIXED[name][0] == "aws_start_instance"
    said = "could NOT validate this with a dry run" not in done.err + done.out
    assert (done.code, said) == (0, tried), done.out
    assert "affects " in done.out
    plan = done.out.partition("\nDry run: ")[0].rstrip().rpartition("\n\n")[2]
    assert plan.count("\n") + 1 + QUESTION <= (24 if name in ON_ONE_SCREEN else 27), plan
    events = {one["event"] for one in cli("audit", "log", "-o", "json").document["records"]}
    assert events & {"intent", "apply"} == set()


@pytest.mark.parametrize(("typed", "code", "status"), [("a\r", 0, "applied"), ("n\r", 5, "declined")])
def test_a_person_decides_at_the_terminal(
    typed: str, code: int, status: str, cli: Cli, home: Path, terminal: ModuleType
) -> None:
    """The shipped policy asks one person, who is told that AWS has not tried it; yes is yes, and no is no."""
    said = terminal.at_terminal(
        ["fix", "--sandbox=aws-launch-suspended", "--no-model", "-o", "json"],
        [("apply it?", typed)],
        {"AGENTOPS_HOME": str(home), "COLUMNS": "100"},
    )
    assert said.code == code, said.screen
    assert json.loads(said.out)["outcome"]["status"] == status
    assert "could NOT validate" in said.screen
    events = [one["event"] for one in cli("audit", "log", "-o", "json").document["records"]]
    assert ("approval_asked" in events, "apply" in events) == (True, status == "applied")
