"""``agentops fix`` where the known cure is a patch: a CronJob's template goes back, a paused rollout goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.cli.test_fix import approved

Cli = Callable[..., Any]


@pytest.mark.parametrize(
    ("scenario", "alert", "edit"),
    [
        (
            "cron-job-image",
            "k8s:shop/CronJob/daily-report",
            "containers[report].image: registry.shop.example/report:2.1 → 2.0",
        ),
        ("paused-rollout", "k8s:shop/Deployment/web", "spec.paused: true → false"),
    ],
)
def test_the_cure_is_planned_approved_applied_and_verified(
    scenario: str, alert: str, edit: str, cli: Cli, home: Path, tmp_path: Path
) -> None:
    """The plan shows the one field; after an approval it is applied, and triage no longer sees the cause."""
    path = tmp_path / "plan.json"
    with Sandbox(load(str(Path(__file__).with_name(f"{scenario}.yaml")))) as cluster:
        at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        shown = cli("fix", alert, "--dry-run", "--out", str(path), "--no-model", *at)
        assert edit in shown.out, shown.out
        done = cli("fix", "--plan", str(path), "--approval", str(approved(home, path)), "-o", "json", *at)
    outcome = done.document["outcome"]
    assert (done.code, outcome["status"]) == (0, "applied"), outcome
