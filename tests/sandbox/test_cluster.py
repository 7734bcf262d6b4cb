"""The sandbox behind its socket: kubeconfig, alert, time that goes on, state that can be saved."""

from __future__ import annotations

import json
import stat
import urllib.request
from datetime import UTC, datetime

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.fixture
def sandbox():
    with Sandbox(load("bad-image-tag"), now=lambda: NOW, ticking=False) as running:
        yield running


def call(url: str, body: dict | None = None):
    request = urllib.request.Request(url)
    if body is not None:
        request = urllib.request.Request(
            url,
            data=json.dumps(body).encode(),
            method="PATCH",
            headers={"Content-Type": "application/strategic-merge-patch+json"},
        )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ready(sandbox: Sandbox, name: str) -> tuple[int, int]:
    """How many pods of a deployment in shop are ready, and how many are new."""
    status = call(f"{sandbox.url}/apis/apps/v1/namespaces/shop/deployments/{name}")["status"]
    return status.get("readyReplicas", 0), status.get("updatedReplicas", 0)


def test_the_kubeconfig_is_private_and_goes_with_the_sandbox() -> None:
    """The kubeconfig lies in a folder that only its owner can read, and stop removes it."""
    sandbox = Sandbox(load("bad-image-tag"), now=lambda: NOW, ticking=False)
    sandbox.start()
    path = sandbox.kubeconfig

    modes = stat.S_IMODE(path.parent.stat().st_mode), stat.S_IMODE(path.stat().st_mode)
    document = json.loads(path.read_text())
    sandbox.stop()

    assert modes == (0o700, 0o600)
    assert (document["current-context"], document["contexts"][0]["context"]["namespace"]) == ("sandbox", "shop")
    assert not path.parent.exists()


def test_a_write_through_the_api_is_acted_on(sandbox: Sandbox) -> None:
    """A corrected image rolls out: the controllers act on what the wire stored, and simulated minutes pass at once."""
    before = ready(sandbox, "checkout")
    image = {"name": "checkout", "image": "registry.shop.example/checkout:v1.4.2"}
    body = {"spec": {"template": {"spec": {"containers": [image]}}}}

    call(f"{sandbox.url}/apis/apps/v1/namespaces/shop/deployments/checkout", body)
    sandbox.advance(120)

    assert (before, ready(sandbox, "checkout")) == ((3, 1), (3, 3))


def test_scaling_through_the_api_starts_no_rollout(sandbox: Sandbox) -> None:
    """What the API server's defaulting makes of a template is what was loaded, so a scale keeps the ReplicaSet."""
    url = f"{sandbox.url}/apis/apps/v1/namespaces/shop"
    before = {one["metadata"]["name"] for one in call(f"{url}/replicasets")["items"]}

    call(f"{url}/deployments/cart", {"spec": {"replicas": 3}})
    sandbox.advance(60)

    assert {one["metadata"]["name"] for one in call(f"{url}/replicasets")["items"]} == before
    assert ready(sandbox, "cart") == (3, 3)


def test_the_alert_fits_the_history(sandbox: Sandbox) -> None:
    """The alert is an Alertmanager webhook document that began at its scenario's time."""
    payload = sandbox.alert_payload

    alert = payload["alerts"][0]
    assert (payload["version"], payload["status"], alert["startsAt"]) == ("4", "firing", "2026-11-22T15:46:00.000Z")
    assert alert["labels"] == {
        "alertname": "KubeDeploymentRolloutStuck",
        "severity": "warning",
        "cluster": "sandbox",
        "namespace": "shop",
        "deployment": "checkout",
    }


def test_a_saved_state_goes_on(sandbox: Sandbox) -> None:
    """A state dumped as manifests and loaded again has the same pods, running on with the same restarts."""

    def pods(one: Sandbox):
        return [
            (
                pod["metadata"]["uid"],
                pod["status"]["phase"],
                [c["restartCount"] for c in pod["status"]["containerStatuses"]],
            )
            for pod in one.simulation.store.list("Pod")
        ]

    saved = sandbox.dump()
    with Sandbox(sandbox.scenario, now=lambda: NOW, state=saved, ticking=False) as again:
        again.advance(60)

        assert pods(again) == pods(sandbox)


def test_logs_are_the_same_each_time_they_are_read(sandbox: Sandbox) -> None:
    """Log lines are made when they are read, and are always the same for the same run."""
    pod = next(one for one in sandbox.simulation.store.list("Pod", "shop") if one["metadata"]["name"] == "redis-0")
    url = f"{sandbox.url}/api/v1/namespaces/shop/pods/{pod['metadata']['name']}/log?timestamps=true&tailLines=3"

    def text() -> str:
        with urllib.request.urlopen(url) as answer:
            return answer.read().decode()

    lines = text()

    assert lines == text()
    assert len(lines.splitlines()) == 3
