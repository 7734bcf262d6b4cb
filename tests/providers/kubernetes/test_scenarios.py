"""The sweep against every sandbox scenario: complete, quick to read, and enough to explain the incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agentops.core.alert import Severity, Target
from agentops.core.analysis import Gap
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.providers.kubernetes.api.client import connect
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from agentops.providers.kubernetes.sweep.sweep import CLUSTER_SCOPED, NAMESPACED, sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import FOLDER, Scenario, load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


_VAGUER = {
    ("ConfigMap", "DependencyUnreachable"),
    ("Service", "DependencyUnreachable"),
    ("Node", "NodeSelectorMismatch"),
    ("Event", "CrashLoop"),
    ("Job", "CrashLoop"),
    ("Job", "Unschedulable"),
    ("StatefulSet", "ServiceSelectorMismatch"),
    ("LimitRange", "LimitRangeViolation"),
    ("StorageClass", "PvcUnbound"),
}
"""By the kind that was not read: what is still true without it, where the whole truth has another name."""


@pytest.fixture(scope="module", params=sorted(path.stem for path in FOLDER.glob("*.yaml")))
def swept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, Snapshot]:
    """A scenario, and what one sweep of it reads."""
    scenario = load(request.param)
    with Sandbox(scenario, now=lambda: NOW, ticking=False) as sandbox:
        cache = tmp_path_factory.mktemp("cache")
        cluster = connect(kubeconfig=sandbox.kubeconfig, context=None, namespace=None, cache_dir=cache)
        labels = sandbox.alert_payload["alerts"][0]["labels"]
        target = Target(namespace=labels.get("namespace", ""))
        return scenario, sweep(cluster, target=target, namespaces=(), clock=lambda: NOW, progress=no_progress)


def test_a_sweep_reads_all_kinds_without_a_gap(swept: tuple[Scenario, Snapshot]) -> None:
    """Every kind is read, the object at fault is among them, and nothing is missing."""
    scenario, seen = swept
    assert (seen.gaps, set(seen.objects)) == ((), {*NAMESPACED, *CLUSTER_SCOPED})
    for cause in scenario.causes:
        assert cause.name in {item["metadata"]["name"] for item in seen.of(cause.kind)} or not cause.kind


def test_what_was_not_read_makes_no_claim(swept: tuple[Scenario, Snapshot]) -> None:
    """Whatever kind an identity may not list, nothing is said to be wrong that is not; at most it is said vaguely."""
    _, seen = swept
    known = {(one.resource, one.condition) for one in examine(seen, None).problems}
    for kind in seen.objects:
        rest = {name: found for name, found in seen.objects.items() if name != kind}
        less = replace(seen, objects=rest, gaps=(Gap(what=kind, reason="not allowed"),))
        claims = [one for one in examine(less, None).problems if (one.resource, one.condition) not in known]
        grave = {(kind, one.condition) for one in claims if one.severity.rank < Severity.INFO.rank}
        assert grave <= _VAGUER, [one.summary for one in claims]
