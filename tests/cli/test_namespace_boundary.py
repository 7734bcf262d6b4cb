"""``--namespace`` and ``kubernetes.namespaces`` are a boundary: no request leaves them, whoever asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from agentops.core.errors import UsageError
from agentops.providers.kubernetes.api.boundary import OutsideNamespaces, boundary_of
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

TELLS_OF_NOBODY = ("/api", "/apis", "/version", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
BEYOND = "outside the namespaces you allowed (shop)"


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A Deployment of the namespace shop has a host of another namespace in its settings."""
    with Sandbox(load("dependency-host-typo")) as sandbox:
        yield sandbox


@pytest.fixture
def front(cluster: Sandbox, tmp_path: Path, home: Path, hostile: ModuleType) -> Iterator[Any]:
    """The cluster behind a server that records each request."""
    home.mkdir(mode=0o700)
    with hostile.HostileServer(cluster.server.api, tmp_path) as server:
        yield server


@pytest.fixture
def look(cli: Any, front: Any) -> Callable[..., Any]:
    """Call the command line against the recorded cluster."""

    def call(*words: str, **more: Any) -> Any:
        return cli(*words, "--kubeconfig", str(front.kubeconfig), "--no-input", **more)

    return call


def _left(front: Any, *allowed: str) -> list[str]:
    """Return the paths that were asked for and are of no allowed namespace."""
    inside = tuple(f"/namespaces/{name}" for name in allowed)
    return [
        path
        for _, path, _ in front.requests
        if path not in TELLS_OF_NOBODY and not any(f"{one}/" in f"{path}/" for one in inside)
    ]


def _asks(tmp_path: Path, tool: str, arguments: dict[str, Any]) -> str:
    """Write a model that calls a tool, wants to be refused in words, and ends."""
    said = {
        "verdict": "undetermined",
        "conclusion": "It may not be read.",
        "confidence": "low",
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": ["Ask for access."],
    }
    turns = [
        {"calls": [{"tool": tool, "arguments": arguments}]},
        {"expect": re.escape(BEYOND), "calls": [{"tool": "report_finding", "arguments": said}]},
    ]
    path = tmp_path / "script.yaml"
    path.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
    return f"--model=scripted:{path}"


@pytest.mark.parametrize(
    "words",
    [
        ("triage",),
        ("triage", "k8s:shop/deploy/checkout"),
        ("investigate", "ALERT", "--no-model"),
        ("fix", "ALERT", "--no-model", "--dry-run"),
        ("fix", "ALERT", "--no-model", "--yes"),
        ("investigate", "checkout returns 502 since the rollout of node-1", "--no-model"),
    ],
)
def test_no_request_of_a_command_leaves_the_namespace(
    look: Any, front: Any, cluster: Sandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Sweep, analyzers, planning, blast radius, applying and looking again: all stay in it."""
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps(cluster.alert_payload), encoding="utf-8")
    done = look(*(str(alert) if word == "ALERT" else word for word in words), "--namespace", "shop")
    assert (_left(front, "shop"), len(front.requests) > 20) == ([], True), done.err


def test_a_scan_says_what_it_left_out(look: Any) -> None:
    """Kinds without a namespace are one gap, in plain words, with the setting that lets them in."""
    document = look("triage", "-n", "shop", "-o", "json").document
    gaps = {gap["what"]: gap["reason"] for gap in document["not_read"]}
    assert f"{BEYOND}; see kubernetes.cluster_kinds" in {reason for what, reason in gaps.items() if "Node" in what}


def test_the_setting_allows_several_and_lets_kinds_in(look: Any, front: Any, home: Path) -> None:
    """All allowed namespaces are read, and of the kinds without a namespace only the listed ones."""
    (home / "config.toml").write_text('[kubernetes]\nnamespaces = ["shop", "kube-system"]\ncluster_kinds = ["node"]\n')
    document = look("triage", "-o", "json").document
    assert set(_left(front, "shop", "kube-system")) == {"/api/v1/nodes"}
    assert document["namespaces"] == ["shop", "kube-system"]


@pytest.mark.parametrize("beyond", ["billing", "shop-x"])
def test_a_namespace_outside_the_setting_is_refused(look: Any, front: Any, home: Path, beyond: str) -> None:
    """The flag only narrows what the file allows; nothing is sent."""
    (home / "config.toml").write_text('[kubernetes]\nnamespaces = ["shop"]\n')
    done = look("triage", "--namespace", beyond)
    assert (done.code, f"namespace {beyond} is {BEYOND}" in done.err, front.requests) == (2, True, [])


def test_an_object_outside_is_refused(look: Any, front: Any, home: Path) -> None:
    """What a person names outside is no gap: the run ends, and says why."""
    (home / "config.toml").write_text('[kubernetes]\nnamespaces = ["shop"]\n')
    done = look("triage", "k8s:kube-system/deploy/coredns")
    assert (done.code, f"namespace kube-system is {BEYOND}" in done.err, front.requests) == (2, True, [])


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("kubernetes_list", {"kind": "pods", "namespace": "kube-system"}),
        ("kubernetes_list", {"kind": "pods", "namespace": "*"}),
        ("kubernetes_list", {"kind": "nodes"}),
        ("kubernetes_get", {"kind": "namespace", "name": "kube-system"}),
        ("kubernetes_get", {"kind": "clusterrole", "name": "admin"}),
        ("kubernetes_logs", {"pod": "coredns", "namespace": "kube-system"}),
        ("kubernetes_events", {"namespace": "kube-system"}),
    ],
)
def test_a_model_that_asks_beyond_is_refused(
    look: Any, front: Any, tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    """It is told so in words, and no request leaves."""
    done = look("investigate", "k8s:shop/deploy/checkout", _asks(tmp_path, tool, arguments), "-n", "shop")
    assert (done.code, _left(front, "shop")) == (0, []), done.err


def test_metrics_are_not_asked_within_a_boundary(look: Any, front: Any, home: Path) -> None:
    """No expression can be held to a namespace, so Prometheus is left out, and that is said."""
    (home / "config.toml").write_text(f'[monitoring]\nprometheus_url = "{front.url}"\n')
    document = look("triage", "-n", "shop", "-o", "json").document
    reasons = [gap["reason"] for gap in document["not_read"] if gap["what"] == "prometheus"]
    assert reasons == ["not asked: its answers cannot be kept inside the namespaces you allowed (shop)"]
    assert _left(front, "shop") == []


def test_a_namespace_that_does_not_exist_is_an_error(look: Any, front: Any) -> None:
    """It is asked for by its name, for namespaces cannot be listed."""
    done = look("triage", "-n", "nosuch")
    assert (done.code, "namespace nosuch: it does not exist" in done.err, _left(front, "nosuch")) == (1, True, [])


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/pods",
        "/api/v1/namespaces",
        "/api/v1/namespaces/",
        "/api/v1/namespaces/other",
        "/api/v1/namespaces/other/pods",
        "/api/v1/namespaces/other/pods/x/log",
        "/api/v1/namespaces/sho%70x/pods",
        "/api/v1/namespaces/shop%2f..%2fother/pods",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/namespaces/other/deployments",
        "/apis/storage.k8s.io/v1/storageclasses",
        "/apis/x.example/v1/nodes",
        "/apis/metrics.k8s.io/v1beta1/pods",
    ],
)
def test_what_is_not_inside_is_outside(path: str) -> None:
    """Lists of all namespaces, other namespaces however they are written, and kinds that nobody listed."""
    with pytest.raises(OutsideNamespaces):
        boundary_of(("shop",), ("nodes",)).require(path)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/shop",
        "/api/v1/nodes/n1",
        "/apis",
        "/version",
        "/apis/apps/v1",
        "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods",
    ],
)
def test_what_is_inside_passes(path: str) -> None:
    """Its own namespace, the kinds that are listed, and what tells of nobody's objects."""
    boundary_of(("shop",), ("nodes",)).require(path)


def test_a_review_of_rights_elsewhere_is_outside() -> None:
    """All that one may do in a namespace tells of its roles."""
    review = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    boundary = boundary_of(("shop",), ())
    boundary.require(review, {"spec": {"namespace": "shop"}})
    with pytest.raises(OutsideNamespaces):
        boundary.require(review, {"spec": {"namespace": "other"}})


def test_a_kind_with_namespaces_is_no_kind_of_the_cluster() -> None:
    """Listing pods among the kinds without a namespace would open all of them."""
    with pytest.raises(UsageError, match="Pod belongs to namespaces"):
        boundary_of(("shop",), ("pods",))
