"""What a pod asks for, as the scheduler counts it (component-helpers/resource/helpers.go)."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.pod_requests import pod_limits, pod_requests


def _container(cpu="", limit="", **more):
    resources = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"resources": resources, **more}


def _sidecar(cpu):
    return _container(cpu, restartPolicy="Always")


@pytest.mark.parametrize(
    ("spec", "cores"),
    [
        ({"containers": [_container("1"), _container("500m")]}, 1.5),
        ({"containers": [_container("1")], "initContainers": [_container("3"), _container("2")]}, 3.0),
        ({"containers": [_container("1")], "initContainers": [_sidecar("2")]}, 3.0),
        # The init container runs beside the sidecar before it, not beside the one after it.
        ({"containers": [_container("1")], "initContainers": [_sidecar("1"), _container("4"), _sidecar("1")]}, 5.0),
        ({"containers": [_container("1")], "initContainers": [_container("4"), _sidecar("1")]}, 4.0),
        ({"containers": [_container(limit="2")]}, 2.0),
        ({"containers": [_container("1")], "overhead": {"cpu": "250m"}}, 1.25),
        ({"containers": [_container("1")], "resources": {"requests": {"cpu": "3"}}, "overhead": {"cpu": "1"}}, 4.0),
        ({}, None),
    ],
)
def test_what_is_asked_of_a_node(spec, cores):
    """Containers and sidecars together, or the dearest moment of the start; then the pod's own word, and overhead."""
    assert pod_requests(spec).get("cpu") == cores


def test_what_a_pod_may_use_at_most():
    """A container without a limit adds nothing, and overhead counts only where there is a limit."""
    spec = {"containers": [_container("1", "2"), _container("1")], "overhead": {"cpu": "1", "memory": "1Mi"}}
    assert pod_limits(spec) == {"cpu": 3.0}
