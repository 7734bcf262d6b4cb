"""``fix`` on the sandbox, with a person who says yes: the whole way, but for the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentops.app.fix import fix_found, let_model_draft
from agentops.app.fixing.result import FixResult
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.run import open_app
from agentops.config import load
from agentops.core.approval import Answer, ApprovalRequest, Decision
from agentops.core.clock import Clock
from agentops.sandbox.oracle import SETTLE_S, Judgement, judge
from tests.support.world import approve


class Agrees:
    """Approves whatever it is asked, as a person at a terminal would."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked: list[ApprovalRequest] = []

    def ask(self, request: ApprovalRequest) -> Decision:
        self.asked.append(request)
        approval = approve(request.plan, self._clock())
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a fix came to, and what the oracle says of the cluster some minutes later."""

    fix: FixResult
    judgement: Judgement
    asked: int

    @property
    def tools(self) -> list[list[str]]:
        """The tools of each plan's steps, without their common prefix."""
        return [
            [step.change.tool.removeprefix("kubernetes_") for step in one.planned.plan.steps] for one in self.fix.rounds
        ]

    @property
    def statuses(self) -> list[str]:
        """How each plan ended."""
        return [one.outcome.status.value for one in self.fix.rounds]


Repair = Callable[..., Repaired]


@pytest.fixture
def agrees() -> type[Agrees]:
    """A person who approves whatever they are asked."""
    return Agrees


@pytest.fixture
def repair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repair:
    """Run ``fix`` on a scenario: ``repair("bad-image-tag")``; with ``script`` a scripted model drafts."""
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(scenario: str, script: Path | None = None) -> Repaired:
        flags: dict[str, Any] = {} if script is None else {"model": f"scripted:{script}"}
        settings = load(flags, os.environ)
        with open_app(
            settings, command="fix", sandbox=scenario, use_model=script is not None, progress=lambda step: None
        ) as app:
            assert app.sandbox is not None
            before = app.sandbox.simulation.store.dump()
            person = Agrees(app.services.clock)
            asking = ApprovalOptions(approver=person, on_interrupt=lambda: True)
            let_model_draft(app, asking)
            found = investigate(app, None, lambda: b"")
            done = fix_found(app, found, asking, stop_at_plan=False)
            repaired_at = app.pace.now()
            app.sandbox.advance(SETTLE_S)
            verdict = judge(app.sandbox.simulation, before, repaired_at=repaired_at)
        return Repaired(fix=done, judgement=verdict, asked=len(person.asked))

    return run
