"""The walk of docs/quickstart.md, run as it stands there: investigate, fix, changes, rollback, audit on one sandbox."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quickstart.md"


def walk() -> list[list[str]]:
    """Return the words of each agentops command of the walk, in order."""
    block = PAGE.read_text(encoding="utf-8").split("<!-- walk -->\n```\n")[1].split("```")[0]
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("agentops ")]


def test_the_walk_is_the_one_below() -> None:
    """Whoever changes the page changes this test."""
    assert [words[0] for words in walk()] == [
        "sandbox", "investigate", "fix", "changes", "rollback", "show", "audit", "sandbox",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_walk_can_be_walked(tmp_path: Path, terminal: ModuleType) -> None:
    """Each command ends well; the fix is asked for at a terminal, agreed to, and verified."""
    environ = {"AGENTOPS_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "100"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agentops", *words]
        return subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=120)

    up, *rest, down = walk()
    begun = run(*up)
    try:
        assert begun.returncode == 0, begun.stderr
        environ["KUBECONFIG"] = json.loads(run("sandbox", "status", "--output", "json").stdout)["kubeconfig"]
        ends = {}
        for words in rest:
            if words[0] == "fix":
                said = terminal.at_terminal(words, [("apply it?", "a\r")], environ)
                ends["fix"] = (said.code, said.out)
            else:
                done = run(*words)
                ends[words[0]] = (done.returncode, done.stdout + done.stderr)
    finally:
        ended = run(*down)
    assert {name: code for name, (code, _) in ends.items()} == dict.fromkeys(ends, 0), ends
    assert "Next: agentops fix" in ends["investigate"][1]
    assert "Applied and verified" in ends["fix"][1]
    assert "applied" in ends["changes"][1]
    assert "Dry run: nothing was changed" in ends["rollback"][1]
    assert "all intact" in ends["audit"][1]
    assert ended.returncode == 0
