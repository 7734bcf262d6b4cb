"""Whether a pod counts, is ready, and how often it restarted."""

from __future__ import annotations

import pytest

from agentops.core.clock import from_iso
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready, restarts, unready_since

READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("pod", "active", "ready"),
    [
        ({"status": {"phase": "Running", "conditions": READY}}, True, True),
        ({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}}, True, False),
        ({"status": {"phase": "Running", "containerStatuses": [{"ready": True}]}}, True, False),
        ({"status": {"phase": "Succeeded", "conditions": READY}}, False, False),
        ({"status": {"phase": "Failed", "conditions": READY}}, False, False),
        ({"metadata": {"deletionTimestamp": "2026-11-22T16:00:00Z"}, "status": {"conditions": READY}}, False, False),
        ({}, True, False),
    ],
)
def test_what_counts_and_what_is_capacity(pod, active, ready):
    """An ended pod, and one that is being deleted, are no capacity whatever their conditions say."""
    assert (is_active(pod), is_ready(pod)) == (active, ready)


def _pod(**conditions):
    return {
        "spec": {"initContainers": [{"name": "proxy", "restartPolicy": "Always"}, {"name": "migrate"}]},
        "status": {
            "conditions": [{"type": kind, "status": status} for kind, status in conditions.items()],
            "initContainerStatuses": [{"name": "proxy", "restartCount": 2}, {"name": "migrate", "restartCount": 3}],
            "containerStatuses": [{"name": "web", "restartCount": 4}, {"name": "log", "restartCount": 1}],
        },
    }


def test_restarts_are_counted_as_kubectl_does():
    """While the pod is initializing all count; afterwards an init container that is done counts no more."""
    assert [restarts(_pod(Initialized="False")), restarts(_pod(Initialized="True")), restarts({})] == [10, 7, 0]


def test_since_when_pods_are_not_ready():
    """The earliest counts; a ready pod does not, nor one of which no kubelet has said anything."""

    def pod(made, ready=None, since=None):
        conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": since}] if ready else []
        return {"metadata": {"creationTimestamp": made}, "status": {"conditions": conditions}}

    early, middle, late = (f"2026-11-22T{hour}:00:00Z" for hour in (10, 11, 12))
    pods = [pod(early, "True", early), pod(early), pod(early, "False", late), pod(early, "False", middle)]
    assert [unready_since(pods[:count]) for count in (2, 3, 4)] == [None, from_iso(late), from_iso(middle)]
