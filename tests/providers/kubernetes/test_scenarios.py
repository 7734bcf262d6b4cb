"""The sweep against every sandbox scenario: complete, quick to read, and enough to explain the incident."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentops.core.alert import Target
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.api.client import connect
from agentops.providers.kubernetes.sweep.sweep import CLUSTER_SCOPED, NAMESPACED, sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import FOLDER, load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_a_sweep_reads_all_kinds_without_a_gap(name: str, tmp_path: Path) -> None:
    """Every kind is read, the object at fault is among them, and nothing is missing."""
    scenario = load(name)
    with Sandbox(scenario, now=lambda: NOW, ticking=False) as sandbox:
        cluster = connect(kubeconfig=sandbox.kubeconfig, context=None, namespace=None, cache_dir=tmp_path)
        labels = sandbox.alert_payload["alerts"][0]["labels"]
        target = Target(namespace=labels.get("namespace", ""))
        seen = sweep(cluster, target=target, namespaces=(), clock=lambda: NOW, progress=no_progress)
    assert (seen.gaps, set(seen.objects)) == ((), {*NAMESPACED, *CLUSTER_SCOPED})
    for cause in scenario.causes:
        assert cause.name in {item["metadata"]["name"] for item in seen.of(cause.kind)} or not cause.kind
