"""From a plan in a file to a change that a person has signed: the way a pipeline takes, on a served sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Cli = Callable[..., Any]


@pytest.fixture
def served(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """``agentops sandbox up`` in a process of its own; KUBECONFIG leads to it. Yields a folder for files."""
    with subprocess.Popen(
        [sys.executable, "-m", "agentops", "sandbox", "up", "bad-image-tag", "-o", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"AGENTOPS_HOME": str(tmp_path / "other-home")},
    ) as process:
        try:
            assert process.stdout is not None
            text = b""
            while not text.endswith(b"\n}\n"):
                text += process.stdout.readline()
            monkeypatch.setenv("KUBECONFIG", json.loads(text)["kubeconfig"])
            yield tmp_path
        finally:
            process.terminate()


def test_a_signed_plan_runs_once_and_only_where_its_signer_is_trusted(
    served: Path, home: Path, cli: Cli, terminal: ModuleType
) -> None:
    """Plan, sign, refuse the stranger, trust, apply, refuse the second use: each with its exit code."""
    plan, approval = served / "plan.json", served / "approval.json"
    target = ("fix", "k8s:shop/Deployment/checkout", "--no-model", "--no-input")
    made = cli(*target, "--dry-run", "--out", str(plan), "-o", "json")
    code = json.loads(plan.read_text("utf-8"))["code"]
    assert (made.code, made.document["plan"]["code"]) == (0, code)

    signed = terminal.at_terminal(
        ["approve", str(plan), "--out", str(approval), "-o", "json"],
        [("sign an approval of it?", "a\r"), ("to approve:", code + "\r")],
        {"AGENTOPS_HOME": str(home)},
    )
    run = ("fix", "--plan", str(plan), "--approval", str(approval), "--no-input", "-o", "json")
    stranger = cli(*run)
    cli("approvers", "add", json.loads(signed.out)["public_key"])
    unsigned = cli("fix", "--plan", str(plan), "--no-input", "-o", "json")
    applied = cli(*run)
    again = cli(*run)
    codes = [done.code for done in (signed, stranger, unsigned, applied, again)]
    assert (codes, applied.document["outcome"]["status"]) == ([0, 5, 5, 0, 5], "applied")
    assert cli("audit", "verify").code == 0
