"""Other people's agents, as programs: where they are on this machine, and an incident for them to heal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = "AGENTOPS_E2E_CLIENTS"
"""The environment variable that names the folder which ``scripts/agent-clients FOLDER`` filled."""

AGENTOPS = (sys.executable, str(Path(__file__).resolve().parents[1] / "support" / "account.py"))
"""agentops for whom the test's home is the account's own: who may approve is believed from there alone."""

Program = Callable[[str], str]
ENTER = "\r"


@pytest.fixture
def program() -> Program:
    """Return the path of a client's program; the test is skipped, with what to do, where it is not installed."""

    def find(name: str) -> str:
        folder = os.environ.get(FOLDER, "")
        below, _, file = name.rpartition("/")
        found = shutil.which(file, path=str(Path(folder) / (below or "node_modules/.bin"))) if folder else None
        if not found:
            pytest.skip(f"{name} is not installed: scripts/agent-clients FOLDER, then {FOLDER}=FOLDER")
        return found

    return find


@pytest.fixture
def agentops(tmp_path: Path) -> Callable[..., str]:
    """Run the command line in a process of its own, with a home of its own, and return what it printed."""

    def run(*words: str, code: int = 0, cwd: Path | None = None, **environ: str) -> str:
        done = subprocess.run(
            [*AGENTOPS, *words],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AGENTOPS_HOME": str(tmp_path / "home")} | environ,
            stdin=subprocess.DEVNULL,
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


@dataclass(frozen=True, kw_only=True)
class SandboxIncident:
    """A Deployment whose rollout is stuck, in a simulated cluster that runs by itself.

    Arguments:
        place: the options that lead there.
        target: what the alert is about.
    """

    folder: Path
    place: tuple[str, ...]
    target: str
    run: Callable[..., str]
    terminal: ModuleType

    def document(self, *words: str) -> Any:
        """Return what a command prints as JSON."""
        return json.loads(self.run(*words, "--output", "json"))

    def problems(self) -> list[str]:
        """Return what triage finds wrong with the target now."""
        found = self.document("triage", self.target, *self.place)["problems"]
        return sorted(one["condition"] for one in found if one["severity"] != "info")

    def approve(self, code: str) -> None:
        """Approve a pending plan as a person does: at a terminal, by typing its code."""
        dialogue = [("sign an approval of it?", "a" + ENTER), ("to approve:", code + ENTER)]
        environ = {"AGENTOPS_HOME": str(self.folder / "home"), "HOME": str(self.folder)}
        said = self.terminal.at_terminal(["approve", code], dialogue, environ)
        assert said.code == 0, said.screen

    def pending(self) -> list[Mapping[str, Any]]:
        """Return the plans that agents asked for, the oldest first."""
        return list(reversed(self.document("approvals", "--all")["pending"]))

    def records(self) -> list[Mapping[str, Any]]:
        """Return the audit log, once it was verified."""
        self.run("audit", "verify")
        return list(self.document("audit", "log", "--limit", "1000")["records"])


@pytest.fixture
def incident(agentops: Callable[..., str], terminal: ModuleType, tmp_path: Path) -> Iterator[SandboxIncident]:
    """Serve a sandbox in the background, and trust the key of the person who will approve."""
    up = json.loads(agentops("sandbox", "up", "bad-image-tag", "--detach", "--output", "json"))
    try:
        key = json.loads(agentops("approvers", "me", "--output", "json"))["approver"]["key"]
        agentops("approvers", "add", key)
        place = ("--kubeconfig", up["kubeconfig"], "--context", up["context"])
        found = "k8s:shop/Deployment/checkout"
        yield SandboxIncident(folder=tmp_path, place=place, target=found, run=agentops, terminal=terminal)
    finally:
        agentops("sandbox", "down")
