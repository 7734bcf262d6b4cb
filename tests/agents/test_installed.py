"""What ``agentops mcp install`` writes, read by the clients themselves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.mark.parametrize("name", ["claude", "copilot", "codex"])
@pytest.mark.parametrize("beside", [False, True], ids=["first", "beside another"])
def test_the_client_lists_what_was_installed(
    name: str, program: Callable[[str], str], tmp_path: Path, agentops: Callable[..., str], *, beside: bool
) -> None:
    """In a file of its own making, and in one where the client itself has added a server before."""
    found = program(name)
    environ = {
        "PATH": f"{Path(found).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "COPILOT_OFFLINE": "true",
        "TERM": "dumb",
    }

    def said(*words: str) -> str:
        done = subprocess.run(
            [found, "mcp", *words],
            env=environ,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    if beside:
        scope = ("-s", "user") if name == "claude" else ()
        said("add", *scope, "other", "--", "/usr/bin/true")
    client = "claude-code" if name == "claude" else name
    agentops("mcp", "install", client, "--context", "staging", "--yes", HOME=str(tmp_path))
    told = said("get", "agentops")
    assert f"mcp serve --client {client} --context staging" in " ".join(told.replace(",", "").split()), told
    assert "/agentops" in told or "-m agentops" in told
    if beside:
        assert "/usr/bin/true" in said("get", "other")
