"""What the simulated components say, word for word as the real ones of 1.32 say it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentops.sandbox.scenario import load
from agentops.sandbox.simulation import Simulation

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scenario", "reason", "message"),
    [
        (
            "insufficient-cpu",
            "FailedScheduling",
            "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no new claims to "
            "deallocate, preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No "
            "preemption victims found for incoming pod.",
        ),
        (
            "unbound-pvc-chain",
            "FailedScheduling",
            "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
        ),
        ("unbound-pvc-chain", "ProvisioningFailed", 'storageclass.storage.k8s.io "fast-ssd" not found'),
        ("missing-secret", "Failed", 'Error: secret "provider-token-v2" not found'),
        (
            "missing-mounted-config",
            "FailedMount",
            'MountVolume.SetUp failed for volume "dashboards" : configmap "grafana-dashboards" not found',
        ),
        ("readiness-probe-path", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404"),
        ("liveness-too-eager", "Killing", "Container recommendations failed liveness probe, will be restarted"),
        ("job-backoff-limit", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
        ("node-not-ready", "NodeNotReady", "Node worker-2 status is now: NodeNotReady"),
    ],
)
def test_an_event_has_the_real_words(scenario: str, reason: str, message: str) -> None:
    """The event of each fault carries the component's own sentence."""
    simulation = Simulation(load(scenario), now=NOW)
    simulation.play()

    assert message in {one["message"] for one in simulation.store.list("Event") if one["reason"] == reason}
