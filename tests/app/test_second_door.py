"""The use cases have more than one door: a Python client of a few lines drives what the command line does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from agentops.app.fix import fix
from agentops.app.fixing.result import FixResult
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.rollback import roll_back
from agentops.app.run import App, open_app
from agentops.app.services import Investigation
from agentops.audit.read import Query, read_records
from agentops.config import load
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.errors import ExitCode
from agentops.core.outcome import Status
from agentops.guard.pipeline_result import PipelineResult
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load as load_scenario

# The door, whole: who comes in by it is ``caller``, and is asked by ``agrees``.
from tests.support.account import user_database
from tests.support.clusters import declared


@dataclass(frozen=True, kw_only=True)
class Client:
    """agentops for a Python program."""

    cluster: Sandbox
    agrees: Callable[[ApprovalRequest], bool]

    def ask(self, request: ApprovalRequest) -> Decision:
        """Answer for the caller: an approval is of the plan that was shown, and of no other."""
        plan = request.plan
        if not self.agrees(request):
            return Decision(answer=Answer.STOP, why="the caller said no")
        approval = SignedApproval(
            plan_digest=plan.digest,
            by="human:caller",
            method="terminal",
            at=plan.created_at,
            expires_at=plan.created_at + timedelta(minutes=5),
            nonce="n",
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,))

    @contextmanager
    def opened(self, command: str) -> Iterator[tuple[App, ApprovalOptions]]:
        """Open one run."""
        settings = load({"kubeconfig": self.cluster.kubeconfig, "context": self.cluster.context}, os.environ)
        with open_app(
            settings,
            command=command,
            sandbox=None,
            use_model=False,
            progress=lambda _step: None,
            simulated=self.cluster,
        ) as app:
            yield app, ApprovalOptions(approver=self, on_interrupt=lambda: True)

    def investigate(self, alert: str) -> Investigation:
        """Return the cause of an alert."""
        with self.opened("investigate") as (app, _asking):
            return investigate(app, alert, lambda: b"")

    def fix(self, what: str) -> FixResult:
        """Fix an alert or a stored incident."""
        with self.opened("fix") as (app, asking):
            return fix(app, what, lambda: b"", asking)

    def roll_back(self, change: str) -> PipelineResult:
        """Take a change back."""
        with self.opened("rollback") as (app, asking):
            return roll_back(app, change, asking)


@pytest.fixture
def cluster(slow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The scenario of the bad image tag, and a home that calls it development."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("AGENTOPS_HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    with Sandbox(load_scenario("bad-image-tag")) as served:
        (home / "config.toml").write_text(declared(served.kubeconfig, served.context))
        yield served


def image(cluster: Sandbox) -> str:
    """Return the tag that Deployment checkout asks for."""
    (found,) = (
        one
        for one in cluster.simulation.store.dump()
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "checkout")
    )
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def ended(folder: Path) -> tuple[str, int]:
    """Return how the last run is recorded to have ended."""
    *_earlier, last = read_records(folder / "home" / "audit", Query(event="run_ended"))
    return last.payload["status"], last.payload["exit_code"]


def test_it_investigates_fixes_and_rolls_back(cluster: Sandbox) -> None:
    """What was found is fixed from the store, verified and rolled back; the caller was asked for each plan."""
    asked: list[str] = []
    client = Client(cluster=cluster, agrees=lambda request: not asked.append(request.plan.digest))
    bad = image(cluster)
    found = client.investigate("k8s:shop/Deployment/checkout")
    done = client.fix(found.incident.id)
    (applied,) = done.rounds
    good = image(cluster)
    undone = client.roll_back(applied.outcome.change_id)
    assert (found.status, applied.outcome.status, done.is_healed) == ("found", Status.APPLIED, True)
    assert (undone.outcome.status, good != bad, image(cluster)) == (Status.APPLIED, True, bad)
    assert asked == [applied.planned.plan.digest, undone.planned.plan.digest]


def test_a_caller_who_says_no_is_obeyed(cluster: Sandbox, tmp_path: Path) -> None:
    """The plan is kept, nothing is changed, and the log says how the run ended though the door said nothing of it."""
    bad = image(cluster)
    done = Client(cluster=cluster, agrees=lambda _request: False).fix("k8s:shop/Deployment/checkout")
    assert ([one.outcome.status for one in done.rounds], image(cluster)) == ([Status.DECLINED], bad)
    assert ended(tmp_path) == ("declined", ExitCode.NOT_APPROVED)
    assert done.kept is not None
    assert done.kept.is_file()


_PROBE = """
import importlib, json, pkgutil, sys
import agentops.app
for module in pkgutil.walk_packages(agentops.app.__path__, "agentops.app."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.slow
def test_the_use_cases_need_no_terminal() -> None:
    """No module of app imports the command line or what draws on a terminal."""
    done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    assert "agentops.app.fix" in modules
    assert [
        name
        for name in modules
        if name.partition(".")[0] in ("typer", "rich", "questionary", "click") or name.startswith("agentops.cli")
    ] == []
