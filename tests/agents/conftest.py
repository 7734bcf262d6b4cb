"""Other people's agents, as programs: where they are on this machine, and how one is started with nothing of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = "AGENTOPS_E2E_CLIENTS"
"""The environment variable that names the folder which ``scripts/agent-clients FOLDER`` filled."""

Program = Callable[[str], str]


@pytest.fixture
def program() -> Program:
    """Return the path of a client's program; the test is skipped, with what to do, where it is not installed."""

    def find(name: str) -> str:
        folder = os.environ.get(FOLDER, "")
        places = [str(Path(folder) / below) for below in ("node_modules/.bin", "langgraph/bin", "openai-agents/bin")]
        found = shutil.which(name, path=os.pathsep.join(places)) if folder else None
        if not found:
            pytest.skip(f"{name} is not installed: scripts/agent-clients FOLDER, then {FOLDER}=FOLDER")
        return found

    return find


@pytest.fixture
def agentops(tmp_path: Path) -> Callable[..., str]:
    """Run the command line in a process of its own, with a home of its own, and return what it printed."""

    def run(*words: str, **environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "agentops", *words],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AGENTOPS_HOME": str(tmp_path / "home")} | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
