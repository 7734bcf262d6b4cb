"""What a fix waits for after a change, and for how long: what the alert is about, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.app.fix import fix_found
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.run import open_app
from agentops.config import load
from agentops.core.progress import Step


@pytest.fixture
def waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agrees: Any
) -> Callable[[str], tuple[float, list[str], bool]]:
    """Run a fix; return the cluster's seconds that it took, what was said while it waited, and whether it is healed."""
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    said: list[str] = []

    def note(step: Step) -> None:
        if "waiting until" in step.text or "looking again until" in step.text:
            said.append(step.text)

    def run(scenario: str) -> tuple[float, list[str], bool]:
        with open_app(load({}, os.environ), command="fix", sandbox=scenario, use_model=False, progress=note) as app:
            found = investigate(app, None, lambda: b"")
            begun = app.pace.now()
            asking = ApprovalOptions(approver=agrees(app.services.clock), on_interrupt=lambda: True)
            done = fix_found(app, found, asking, stop_at_plan=False)
            return (app.pace.now() - begun).total_seconds(), said, done.is_healed

    return run


def test_an_unrelated_warning_is_not_waited_for(waited: Any) -> None:
    """Grafana crash-loops next door all the while: nothing to the alert, so the run ends when its target is well."""
    took_s, _said, healed = waited("red-herring")
    assert (healed, took_s < 120) == (True, True), took_s


def test_what_hangs_on_the_cure_is_waited_for_and_named(waited: Any) -> None:
    """Pods in back-off come right minutes after the cure; the screen says which, and until when it waits."""
    _took_s, said, healed = waited("dependency-host-typo")
    assert healed
    assert all(" UTC" in text and "shop/" in text for text in said), said
