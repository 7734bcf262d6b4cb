"""Requests through a door without a terminal: a Python client asks and has things done, and takes plans as it likes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.app.ask import ask
from agentops.app.do import DoResult, do, resume
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.run import open_app
from agentops.config import load
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.errors import ExitCode
from agentops.core.request import ReplyVerdict
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load as load_scenario
from tests.support.account import user_database
from tests.support.clusters import declared


class Client:
    """Somebody who answers each question with the next of these, and agrees once there are none left."""

    def __init__(self, *answers: Decision) -> None:
        self._answers = list(answers)
        self.asked: list[ApprovalRequest] = []

    def ask(self, request: ApprovalRequest) -> Decision:
        """Answer for the caller."""
        self.asked.append(request)
        if self._answers:
            return self._answers.pop(0)
        plan = request.plan
        approval = SignedApproval(
            plan_digest=plan.digest,
            by="human:caller",
            method="terminal",
            at=plan.created_at,
            expires_at=plan.created_at + timedelta(minutes=5),
            nonce="n",
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


@pytest.fixture
def cluster(slow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A cluster in which nothing is wrong, and a home that calls it development."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("AGENTOPS_HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    with Sandbox(load_scenario("stale-alert")) as served:
        (home / "config.toml").write_text(declared(served.kubeconfig, served.context))
        yield served


def draft(name: str, replicas: int) -> dict[str, Any]:
    """Return a turn that drafts the scaling of a Deployment."""
    asked = {"tool": "kubernetes_scale", "target": f"Deployment/{name}", "arguments": {"replicas": replicas}}
    return {"calls": [{"tool": "draft_change", "arguments": asked | {"reason": "asked for", "evidence": ["E1"]}}]}


def report(tool: str, verdict: str) -> dict[str, Any]:
    """Return a turn that ends the run."""
    said = {"verdict": verdict, "text": "As asked.", "evidence": ["E1"], "not_checked": []}
    return {"calls": [{"tool": tool, "arguments": said}]}


BOTH = (draft("catalog", 3), draft("cart", 3), report("report_request", "planned"))


def run(cluster: Sandbox, turns: Any, work: Any, command: str = "do") -> Any:
    """Open one run whose model plays these turns, and do the work in it."""
    script = Path("script.json")
    script.write_text(json.dumps({"turns": turns}))
    flags = {"kubeconfig": cluster.kubeconfig, "context": cluster.context, "model": f"scripted:{script}"}
    with open_app(
        load(flags, os.environ),
        command=command,
        sandbox=None,
        use_model=True,
        progress=lambda _step: None,
        simulated=cluster,
    ) as app:
        return work(app)


def done_by(cluster: Sandbox, person: Client, turns: Any = BOTH) -> DoResult:
    """Have two Deployments scaled by a plan that this person is asked about."""
    asking = ApprovalOptions(approver=person, on_interrupt=lambda: True)
    found = run(cluster, turns, lambda app: do(app, "scale catalog and cart to 3", asking))
    assert isinstance(found, DoResult)
    return found


def replicas(cluster: Sandbox) -> tuple[int, int]:
    """Return what catalog and cart ask for."""
    found = {
        one["metadata"]["name"]: one["spec"]["replicas"] for one in cluster.simulation.store.list("Deployment", "shop")
    }
    return found["catalog"], found["cart"]


def test_who_agrees_to_the_plan_has_it_done(cluster: Sandbox) -> None:
    """One plan, one question, which has the words that it was made for."""
    person = Client()
    done = done_by(cluster, person)
    (asked,) = person.asked
    assert (done.exit_code, done.replied.reply.standing, replicas(cluster)) == (ExitCode.DONE, "done", (3, 3))
    assert (asked.plan.intent.alert, asked.plan.intent.is_requested, asked.plan.tainted) == (
        "scale catalog and cart to 3",
        True,
        True,
    )


def test_a_step_that_a_person_skips_is_not_done_as_asked(cluster: Sandbox) -> None:
    """The rest is applied and verified; the request stands as done in part."""
    person = Client(Decision(answer=Answer.SKIP, skipped=(1,)))
    done = done_by(cluster, person)
    assert (done.exit_code, done.replied.reply.standing, replicas(cluster)) == (ExitCode.DONE, "partly-done", (3, 2))


def test_a_no_is_final_for_this_plan_and_can_be_thought_over(cluster: Sandbox) -> None:
    """Nothing is changed, the model is not asked again; the drafts are kept, and made into a plan anew when wanted."""
    person = Client(Decision(answer=Answer.STOP, why="not now"))
    done = done_by(cluster, person)
    assert (done.exit_code, done.replied.reply.standing, replicas(cluster)) == (
        ExitCode.NOT_APPROVED,
        "declined",
        (2, 2),
    )
    later = ApprovalOptions(approver=Client(), on_interrupt=lambda: True)
    again = run(cluster, BOTH, lambda app: resume(app, "last", later))
    assert (again.replied.reply.standing, replicas(cluster)) == ("done", (3, 3))


def test_a_question_needs_nobody_to_agree(cluster: Sandbox) -> None:
    """The answer comes back as a value, with the evidence that it cites."""
    found = run(cluster, [report("report_answer", "answered")], lambda app: ask(app, "what runs here?"), "ask")
    assert (found.reply.verdict, found.reply.evidence, [one.tool for one in found.evidence]) == (
        ReplyVerdict.ANSWERED,
        ("E1",),
        ["outline"],
    )
