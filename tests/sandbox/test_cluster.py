"""The sandbox behind its socket: kubeconfig, alert, time that goes on, state that can be saved."""

from __future__ import annotations

import base64
import json
import ssl
import stat
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
APPS = "/apis/apps/v1/namespaces/shop"


@pytest.fixture
def sandbox():
    with Sandbox(load("bad-image-tag"), now=lambda: NOW, ticking=False) as running:
        yield running


def call(sandbox: Sandbox, path: str, body: dict | None = None, *, context: str = "sandbox", method: str = "") -> bytes:
    """What the API answers the user of a context."""
    config = json.loads(sandbox.kubeconfig.read_text())
    login = next(one["context"]["user"] for one in config["contexts"] if one["name"] == context)
    user = next(one["user"] for one in config["users"] if one["name"] == login)
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    trust = ssl.create_default_context(cadata=authority)
    request = urllib.request.Request(sandbox.url + path, method=method or ("GET" if body is None else "PATCH"))
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/strategic-merge-patch+json")
    if "token" in user:
        request.add_header("Authorization", f"Bearer {user['token']}")
    else:
        place = sandbox.kubeconfig.parent / "client.pem"
        place.write_bytes(b"".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("key", "certificate")))
        trust.load_cert_chain(place)
    with urllib.request.urlopen(request, context=trust) as answer:
        return answer.read()


def ready(sandbox: Sandbox, name: str) -> tuple[int, int]:
    """How many pods of a deployment in shop are ready, and how many are new."""
    status = json.loads(call(sandbox, f"{APPS}/deployments/{name}"))["status"]
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

    call(sandbox, f"{APPS}/deployments/checkout", body)
    sandbox.advance(120)

    assert (before, ready(sandbox, "checkout")) == ((3, 1), (3, 3))


def test_scaling_through_the_api_starts_no_rollout(sandbox: Sandbox) -> None:
    """What the API server's defaulting makes of a template is what was loaded, so a scale keeps the ReplicaSet."""

    def replica_sets() -> set[str]:
        return {one["metadata"]["name"] for one in json.loads(call(sandbox, f"{APPS}/replicasets"))["items"]}

    before = replica_sets()

    call(sandbox, f"{APPS}/deployments/cart", {"spec": {"replicas": 3}})
    sandbox.advance(60)

    assert replica_sets() == before
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
    path = f"/api/v1/namespaces/shop/pods/{pod['metadata']['name']}/log?timestamps=true&tailLines=3"

    lines = call(sandbox, path)

    assert lines == call(sandbox, path)
    assert len(lines.splitlines()) == 3


def test_each_context_may_do_what_its_user_may(sandbox: Sandbox) -> None:
    """The admin may do everything; operators edit in namespaces of applications and look at nodes; a viewer only reads,
    and no Secrets; a client certificate is as good as a token."""
    asked = {
        "read pods": ("GET", "/api/v1/namespaces/shop/pods"),
        "read secrets": ("GET", "/api/v1/namespaces/shop/secrets"),
        "read nodes": ("GET", "/api/v1/nodes"),
        "change shop": ("PATCH", f"{APPS}/deployments/cart"),
        "change kube-system": ("PATCH", "/apis/apps/v1/namespaces/kube-system/deployments/coredns"),
        "cordon": ("PATCH", "/api/v1/nodes/worker-1"),
    }

    def code(context: str, method: str, path: str) -> int:
        body = {"metadata": {"labels": {"tried": "yes"}}} if method == "PATCH" else None
        try:
            call(sandbox, f"{path}?dryRun=All" if body else path, body, context=context, method=method)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200

    def allowed(context: str) -> set[str]:
        return {what for what, (method, path) in asked.items() if code(context, method, path) == 200}

    operator = {"read pods", "read secrets", "read nodes", "change shop"}
    assert {context: allowed(context) for context in ("sandbox", "admin", "operator", "certificate", "viewer")} == {
        "sandbox": set(asked),
        "admin": set(asked),
        "operator": operator,
        "certificate": operator,
        "viewer": {"read pods"},
    }


def test_the_authority_is_the_sandboxs_own(sandbox: Sandbox) -> None:
    """A client that does not take the CA from the kubeconfig refuses the server's certificate."""
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(sandbox.url + "/version")


def test_deletion_takes_dependents_along_or_leaves_them(sandbox: Sandbox) -> None:
    """Orphan leaves the ReplicaSet without an owner; Foreground keeps the Deployment until its pods are gone."""

    def replica_set(app: str) -> dict | None:
        found = [one for one in sandbox.simulation.store.list("ReplicaSet", "shop") if app in one["metadata"]["name"]]
        return found[0] if found else None

    call(sandbox, f"{APPS}/deployments/cart?propagationPolicy=Orphan", method="DELETE")
    call(sandbox, f"{APPS}/deployments/catalog?propagationPolicy=Foreground", method="DELETE")
    held = sandbox.simulation.get("Deployment", "shop", "catalog")
    sandbox.advance(90)

    left, gone = replica_set("cart-"), replica_set("catalog-")
    assert held is not None
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert left is not None
    assert (left["metadata"].get("ownerReferences") or [], left["status"]["readyReplicas"], gone) == ([], 2, None)
    assert [sandbox.simulation.get("Deployment", "shop", name) for name in ("cart", "catalog")] == [None, None]


def test_usage_is_served_for_what_runs(sandbox: Sandbox) -> None:
    """metrics.k8s.io has the pods that run and the nodes that report; nothing for a pod that waits for its image."""
    metrics = "/apis/metrics.k8s.io/v1beta1"
    listed = json.loads(call(sandbox, f"{metrics}/namespaces/shop/pods?labelSelector=app%3Dcheckout"))["items"]
    node = json.loads(call(sandbox, f"{metrics}/nodes/worker-1"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(sandbox, f"{metrics}/namespaces/shop/pods/nobody")
    refused.value.close()

    assert [[one["name"] for one in pod["containers"]] for pod in listed] == [["checkout"]] * 3
    assert (set(node["usage"]), refused.value.code) == ({"cpu", "memory"}, 404)
