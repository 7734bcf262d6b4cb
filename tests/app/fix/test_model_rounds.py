"""``fix`` with a model that plays a script, through the real guard: what it hears after a yes and after a no."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.app.fix import fix_found, let_model_draft
from agentops.app.fixing.result import FixResult
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.run import open_app
from agentops.config import load
from agentops.core.approval import Answer, ApprovalRequest, Decision
from agentops.core.clock import Clock, utc_now
from agentops.store.incidents import Incidents
from tests.support.world import approve

TARGET = "shop/Deployment/checkout"
REDIS = "shop/StatefulSet/redis"
REPORT = {
    "verdict": "root-cause",
    "confidence": "high",
    "cause": {"resource": TARGET, "condition": "ImageNotFound"},
    "evidence": ["{{first}}"],
    "ruled_out": [],
    "not_checked": [],
    "next_steps": [],
}


def _draft(tool: str, target: str = TARGET, **arguments: Any) -> dict[str, Any]:
    given = {"target": target, "reason": "It undoes the bad rollout.", "evidence": ["{{first}}"], **arguments}
    return {"tool": f"kubernetes_{tool}", "arguments": given}


def _report(conclusion: str = "The last rollout names an image that does not exist.", **changes: Any) -> dict[str, Any]:
    arguments = {**REPORT, "conclusion": conclusion, **changes}
    return {"tool": "report_finding", "arguments": {name: one for name, one in arguments.items() if one is not None}}


class Person:
    """Gives the answers in their order, and says no from then on; a number takes out that step.

    With ``tell`` a no is one that the model is to hear.
    """

    def __init__(self, clock: Clock, answers: Sequence[Answer | int], *, tell: bool) -> None:
        self._tell = tell
        self._clock = clock
        self._answers = list(answers)
        self.asked: list[ApprovalRequest] = []

    def ask(self, request: ApprovalRequest) -> Decision:
        self.asked.append(request)
        answer = self._answers.pop(0) if self._answers else Answer.STOP
        if answer is Answer.STOP:
            return Decision(answer=answer, why="not during the sale", tell=self._tell and request.can_tell)
        if isinstance(answer, int):
            return Decision(answer=Answer.SKIP, skipped=(answer,))
        approval = approve(request.plan, self._clock())
        return Decision(answer=answer, approvals=(approval,))


@pytest.fixture
def decline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[FixResult, list[Any], bool]]:
    """Run ``fix`` with a script and a person who says no, or gives the ``answers`` before that.

    Returns what came of it, what the person was asked, and whether the cluster is as it was.
    """
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(
        *turns: Any, answers: Sequence[Answer | int] = (), scenario: str = "bad-image-tag", tell: bool = True
    ) -> tuple[FixResult, list[Any], bool]:
        script = tmp_path / "script.yaml"
        script.write_text(yaml.safe_dump({"turns": list(turns)}), encoding="utf-8")
        settings = load({"model": f"scripted:{script}"}, os.environ)
        with open_app(settings, command="fix", sandbox=scenario, use_model=True, progress=lambda step: None) as app:
            assert app.sandbox is not None
            person = Person(app.services.clock, answers, tell=tell)
            asking = ApprovalOptions(approver=person, on_interrupt=lambda: True)
            let_model_draft(app, asking)
            store = app.sandbox.simulation.store
            before = [one for one in store.dump() if one["kind"] == "Deployment"]
            done = fix_found(app, investigate(app, None, lambda: b""), asking, stop_at_plan=False)
            same = [one for one in store.dump() if one["kind"] == "Deployment"] == before
        return done, person.asked, same

    return run


def test_a_no_ends_every_route_to_the_target(decline: Any) -> None:
    """After a no the model is told so; the same tool, another one and another spelling of the target are closed."""
    done, asked, unchanged = decline(
        {"calls": [_draft("rollout_undo")]},
        {"expect": "Appended to the plan as step 1. It was NOT executed", "calls": [_report()]},
        {
            "expect": "(?s)not executed, not queued.*not during the sale",
            "calls": [
                _draft("rollout_undo"),
                _draft("rollout_restart"),
                _draft("rollout_undo", "shop/deployments.apps/checkout"),
            ],
        },
        {"expect": "(?s)(declined by a person in this run.*){3}", "calls": [_report("A person must decide.")]},
    )
    assert ([one.outcome.status.value for one in done.rounds], len(asked), unchanged) == (["declined"], 1, True)
    # Only a run in which every expectation was met comes to this report.
    assert done.found.finding.conclusion == "A person must decide."


def test_a_no_pays_for_no_further_turn(decline: Any) -> None:
    """Unless the person wants the model to hear why, the run ends there; what was drafted is kept."""
    done, asked, unchanged = decline({"calls": [_draft("rollout_undo")]}, {"calls": [_report()]}, tell=False)
    assert ([one.outcome.status.value for one in done.rounds], len(asked), unchanged) == (["declined"], 1, True)
    assert (done.found.usage.turns, done.kept is not None) == (2, True)


def test_after_a_yes_the_model_hears_what_is_left(repair: Any, tmp_path: Path) -> None:
    """One fault is cured and verified; the model reads what triage sees now, drafts the next plan, and all is well."""
    turns = [
        {"calls": [_draft("rollout_undo", REDIS)]},
        {"calls": [_report()]},
        {"expect": "(?s)approved, executed and verified.*triage now.*plan is empty", "calls": [_draft("rollout_undo")]},
        {"expect": "as step 1", "calls": [_report("There were two faults.")]},
    ]
    script = tmp_path / "turns.yaml"
    script.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
    done = repair("two-faults", script)
    assert (done.tools, done.statuses, done.judgement.unwell) == ([["rollout_undo"]] * 2, ["applied"] * 2, ())
    found = done.fix.found
    assert (found.finding.conclusion, found.usage.turns) == ("There were two faults.", 4)


def test_policy_and_no_cure_keep_a_draft_out(decline: Any) -> None:
    """What policy denies, and what silences instead of curing, comes back as an error; no plan is made of either."""
    done, asked, unchanged = decline(
        {
            "calls": [
                _draft("rollout_restart", "kube-system/Deployment/coredns"),
                _draft("rollout_restart", "kube-system/deploy/coredns"),
                _draft("scale", replicas=0),
                _draft("rollout_restart", "shop/Deployment/no-such-thing"),
            ]
        },
        {
            "expect": "(?s)out of reach.*refused by policy in this run.*scale-to-zero.*not found",
            "calls": [_report("Nothing may be done here.", verdict="undetermined", cause=None)],
        },
    )
    assert (done.rounds, asked, unchanged) == ((), [], True)
    assert done.found.finding.conclusion == "Nothing may be done here."


def test_a_skipped_step_was_declined(decline: Any) -> None:
    """What a person took out of a plan is told as declined and stays closed, though the rest was applied."""
    done, asked, _ = decline(
        {"calls": [_draft("rollout_undo", REDIS), _draft("rollout_undo")]},
        {"calls": [_report()]},
        {
            "expect": "(?s)approved, executed and verified.*StatefulSet/redis.*A person declined it",
            "calls": [_draft("rollout_undo", REDIS)],
        },
        {"expect": "declined by a person in this run", "calls": [_report("Redis is left to a person.")]},
        answers=[0, Answer.APPROVE],
        scenario="two-faults",
    )
    assert ([one.outcome.status.value for one in done.rounds], len(asked)) == (["applied"], 2)
    assert done.found.finding.conclusion == "Redis is left to a person."


def test_a_plan_that_did_not_help_is_told_as_taken_back(decline: Any, tmp_path: Path) -> None:
    """A change that fails its verification is rolled back, and the model reads why before it goes on."""
    wrong = _draft("set_image", image="registry.shop.example/checkout:v9.9.9")
    done, asked, _ = decline(
        {"calls": [wrong]},
        {"calls": [_report()]},
        {"expect": "(?s)its verification failed, and it was rolled back.*source=.why", "calls": [_report("Not that.")]},
        answers=[Answer.APPROVE],
    )
    assert ([one.outcome.status.value for one in done.rounds][:1], asked[0].plan.steps[0].change.tool) == (
        ["rolled-back"],
        "kubernetes_set_image",
    )
    # The refuted finding is replaced in what is kept, too.
    kept = Incidents(tmp_path / "incidents", utc_now).open(done.found.incident.id)
    found = kept.finding()
    assert found is not None
    assert (done.found.finding.conclusion, found.conclusion, kept.drafts()) == ("Not that.", "Not that.", ())


def test_what_is_drafted_beyond_the_rounds_of_a_run_is_kept(decline: Any) -> None:
    """A run carries out three plans at most; what the model drafts then is said, and stays in the incident."""
    turns: list[Any] = []
    for tag in ("v9.9.7", "v9.9.8", "v9.9.9"):
        turns += [
            {"calls": [_draft("set_image", image=f"registry.shop.example/checkout:{tag}")]},
            {"calls": [_report(f"Not {tag}.")]},
        ]
    turns += [{"calls": [_draft("rollout_undo")]}, {"calls": [_report("The rollout itself.")]}]
    done, _asked, _ = decline(*turns, answers=[Answer.APPROVE] * 3)
    assert [one.outcome.status.value for one in done.rounds] == ["rolled-back"] * 3
    assert [change.tool for change in done.left] == ["kubernetes_rollout_undo"]
