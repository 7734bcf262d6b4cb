"""Naming kinds: all the ways that people and models write them, and what discovery adds."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import NotFound, ToolInputError
from agentops.providers.kubernetes.api.client import Cluster, connect

WIDGETS = {
    "metadata": {"name": "example.com"},
    "versions": [
        {
            "version": "v2",
            "resources": [
                {
                    "resource": "widgets",
                    "responseKind": {"kind": "Widget"},
                    "scope": "Namespaced",
                    "shortNames": ["wd"],
                    "verbs": ["get", "list"],
                },
                {
                    "resource": "services",
                    "responseKind": {"kind": "Service"},
                    "scope": "Cluster",
                    "verbs": ["get", "list"],
                },
            ],
        },
        {
            "version": "v1",
            "resources": [{"resource": "widgets", "responseKind": {"kind": "Widget"}, "scope": "Namespaced"}],
        },
    ],
}


def offer_aggregated(stub: Any) -> None:
    """Let the stub answer discovery in the aggregated form."""
    stub.script("/api", (200, {"kind": "APIGroupDiscoveryList", "items": []}))
    stub.script("/apis", (200, {"kind": "APIGroupDiscoveryList", "items": [WIDGETS]}))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Pod", "/api/v1/namespaces/n/pods"),
        ("pods", "/api/v1/namespaces/n/pods"),
        ("PO", "/api/v1/namespaces/n/pods"),
        ("deploy", "/apis/apps/v1/namespaces/n/deployments"),
        ("deployments.apps", "/apis/apps/v1/namespaces/n/deployments"),
        ("Deployment.v1.apps", "/apis/apps/v1/namespaces/n/deployments"),
        ("apps/v1/Deployment", "/apis/apps/v1/namespaces/n/deployments"),
        ("v1/Service", "/api/v1/namespaces/n/services"),
        ("Node", "/api/v1/nodes"),
        ("hpa", "/apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers"),
    ],
)
def test_built_in_kinds_cost_no_request(cluster: Cluster, stub: Any, name: str, path: str) -> None:
    """Every usual spelling leads to the path, without asking the server."""
    assert (cluster.kind(name).path(namespace="n"), stub.requests) == (path, [])


@pytest.mark.parametrize("name", ["Widget", "widgets", "wd", "WIDGETS.example.com", "example.com/v2/widget"])
def test_custom_kinds_come_from_aggregated_discovery(cluster: Cluster, stub: Any, name: str) -> None:
    """A CRD is found by any of its names at its preferred version."""
    offer_aggregated(stub)
    assert cluster.kind(name).path(namespace="n", name="x") == "/apis/example.com/v2/namespaces/n/widgets/x"


def test_a_group_tells_kinds_of_one_name_apart(cluster: Cluster, stub: Any) -> None:
    """Service is the core one; the other needs its group."""
    offer_aggregated(stub)
    assert [cluster.kind(name).api_version for name in ("Service", "Service.example.com")] == ["v1", "example.com/v2"]


def test_older_servers_are_asked_group_by_group(cluster: Cluster, stub: Any) -> None:
    """Without aggregation each group's list is read; a group whose server is down is skipped."""
    groups = [
        {"name": "example.com", "preferredVersion": {"version": "v2"}, "versions": [{"version": "v2"}]},
        {"name": "broken.io", "preferredVersion": {"version": "v1"}, "versions": [{"version": "v1"}]},
    ]
    widget = {"name": "widgets", "kind": "Widget", "namespaced": True, "shortNames": ["wd"], "verbs": ["list"]}
    stub.script("/api", (200, {"kind": "APIVersions", "versions": ["v1"]}))
    stub.script("/apis", (200, {"kind": "APIGroupList", "groups": groups}))
    stub.script("/api/v1", (200, {"resources": []}))
    stub.script("/apis/example.com/v2", (200, {"resources": [widget, {"name": "widgets/status", "kind": "Widget"}]}))
    stub.script("/apis/broken.io/v1", (501, {"message": "no endpoints"}))
    assert [kind.full_name for kind in cluster.kinds()] == ["widgets.example.com"]
    assert cluster.kind("wd").kind == "Widget"


def test_what_was_discovered_is_remembered_privately(stub: Any, write_kubeconfig: Callable[..., Path]) -> None:
    """The next process asks nothing; the folder and the file are the owner's alone."""
    offer_aggregated(stub)
    path = write_kubeconfig(stub.port)
    cache = path.parent / "cache"
    for _ in range(2):
        cluster = connect(kubeconfig=path, context=None, namespace=None, cache_dir=cache)
        assert cluster.kind("widget").plural == "widgets"
    assert stub.paths() == ["/api", "/apis"]
    (file,) = cache.iterdir()
    assert (stat.S_IMODE(cache.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"server": 1, "time_s": 2, "kinds": [{}]}', "\x00"])
def test_a_spoilt_memory_is_asked_again(stub: Any, write_kubeconfig: Callable[..., Path], content: str) -> None:
    """A torn or foreign file is no error."""
    offer_aggregated(stub)
    path = write_kubeconfig(stub.port)
    cache = path.parent / "cache"
    connect(kubeconfig=path, context=None, namespace=None, cache_dir=cache).kinds()
    (file,) = cache.iterdir()
    file.write_text(content)
    again = connect(kubeconfig=path, context=None, namespace=None, cache_dir=cache)
    assert again.kind("widget").plural == "widgets"
    assert json.loads(file.read_text())["server"] == again.server


def test_a_kind_installed_a_moment_ago_is_found(cluster: Cluster, stub: Any) -> None:
    """An unknown name makes the client ask once more before it gives up."""
    empty = (200, {"kind": "APIGroupDiscoveryList", "items": []})
    stub.script("/api", empty)
    stub.script("/apis", empty)
    with pytest.raises(NotFound):
        cluster.kind("widget")
    offer_aggregated(stub)
    assert cluster.kind("widget").group == "example.com"


def test_an_unknown_kind_names_the_nearest(cluster: Cluster, stub: Any) -> None:
    """Custom kinds are among the suggestions."""
    offer_aggregated(stub)
    with pytest.raises(NotFound) as caught:
        cluster.kind("wigdet")
    assert (caught.value.code, caught.value.hint) == ("unknown-kind", "Did you mean Widget.example.com?")


@pytest.mark.parametrize("name", ["-pods", "a\u202eb", "", "../x", "po\nds"])
def test_a_kind_that_cannot_be_one_is_refused(cluster: Cluster, stub: Any, name: str) -> None:
    """Dashes, hidden characters and path tricks never reach discovery."""
    with pytest.raises(ToolInputError):
        cluster.kind(name)
    assert stub.requests == []
