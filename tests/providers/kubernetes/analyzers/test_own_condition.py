"""Which alerts are about a state that objects show, so that "all is well" can be said of them at all."""

from __future__ import annotations

import pytest

from agentops.core.alert import Alert, Target
from agentops.providers.kubernetes.analysis.own_condition import is_judged

_SHOWN = (
    "KubePodCrashLooping", "KubePodNotReady", "KubeDeploymentReplicasMismatch",
    "KubeDeploymentGenerationMismatch", "KubeDeploymentRolloutStuck", "KubeStatefulSetUpdateNotRolledOut",
    "KubeDaemonSetNotScheduled", "KubeContainerWaiting", "KubeJobFailed", "KubeJobNotCompleted",
    "KubeHpaMaxedOut", "KubeNodeNotReady", "KubeNodeUnreachable", "KubeQuotaAlmostFull", "PodOOMKilled",
)  # fmt: skip
_NOT_SHOWN = (
    "HighErrorRate", "HTTP5xx", "HighLatency", "CheckoutErrors", "KubePersistentVolumeFillingUp",
    "SslCertificateExpiring", "NodeFilesystemAlmostOutOfSpace", "NodeClockSkewDetected",
    "NodeMemoryHighUtilization", "ContainerHighMemory", "KafkaConsumerLag", "SloBurnRate", "CPUThrottlingHigh",
    "TargetDown", "Watchful", "SlowQueries",
)  # fmt: skip


def _alert(name, **more):
    return Alert(name=name, **{"source": "text", "status": "firing", "target": Target(), **more})


@pytest.mark.parametrize("name", _SHOWN)
def test_a_state_of_objects_is_judged(name):
    """Readiness, restarts, replicas, nodes, Jobs and quotas stand in objects."""
    assert is_judged(_alert(name)) is True


@pytest.mark.parametrize("name", _NOT_SHOWN)
def test_what_is_measured_elsewhere_is_not_judged(name):
    """Answers, time, space and load do not stand in objects, and a word that nobody knows may mean these."""
    assert is_judged(_alert(name)) is False


def test_a_summary_counts_as_well():
    """What a name leaves open its summary may say."""
    assert is_judged(_alert("ShopUnwell", summary="pods of web are not ready")) is True
    assert is_judged(_alert("ShopPods", summary="p99 of web is 3 s")) is False


def test_a_named_resource_a_resolved_alert_and_none_are_judged():
    """A resource's condition is its own, and the sender of a resolved alert has told."""
    named, resolved = _alert("HighLatency", source="resource"), _alert("HighLatency", status="resolved")
    assert [is_judged(None), is_judged(named), is_judged(resolved)] == [True, True, True]
