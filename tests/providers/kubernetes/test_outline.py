"""The outline of a place: one neutral reading of what there is, and what may not be read said in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.errors import Unreachable
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.read.outline import outline

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_FORBIDDEN = (403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403})


def _object(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    """Return an object of the shop, or of no namespace."""
    metadata = {"name": name, "creationTimestamp": "2026-11-22T11:00:00Z"}
    return {"kind": kind, "metadata": metadata | ({} if kind == "Namespace" else {"namespace": "shop"}), **parts}


def _web() -> dict[str, Any]:
    container = {"name": "web", "image": "reg.example/web:v1"}
    spec = {"replicas": 2, "template": {"spec": {"containers": [container]}}}
    return _object("Deployment", "web", spec=spec, status={"readyReplicas": 1, "updatedReplicas": 2})


def test_it_is_one_table(stub: Any, cluster: Cluster) -> None:
    """Namespaces by name; workloads and services with what a list of their kind shows, and images."""
    stub.objects += [_object("Namespace", "default"), _object("Namespace", "shop"), _web()]
    stub.objects.append(_object("Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}))
    found = outline(cluster, lambda: NOON)
    assert found.body.splitlines() == [
        "namespaces: default, shop",
        "",
        "KIND        NAME  STATE",
        "Deployment  web   ready 1/2; updated 2; age 60m; image reg.example/web:v1",
        "Service     web   type ClusterIP; ports 80->80; selector app=web; age 60m",
    ]
    assert (found.summary, found.footer) == ("2 workloads and services in shop, 2 namespaces in all", "")
    assert [one.short for one in found.resources] == ["shop/Deployment/web", "shop/Service/web"]


def test_what_may_not_be_read_is_said(stub: Any, cluster: Cluster) -> None:
    """The rest is there all the same."""
    stub.objects.append(_web())
    stub.script("/api/v1/namespaces", _FORBIDDEN)
    stub.script("/api/v1/namespaces/shop/services", _FORBIDDEN)
    found = outline(cluster, lambda: NOON)
    assert ("Deployment" in found.body, "namespaces:" in found.body) == (True, False)
    assert "namespaces were not read: " in found.footer
    assert "services were not read: " in found.footer


def test_an_empty_namespace_is_said_to_be_empty(cluster: Cluster) -> None:
    """Nothing runs there, and that is an answer."""
    assert outline(cluster, lambda: NOON).body == "There are no workloads and no services in shop."


def test_of_many_only_the_first_are_shown(stub: Any, cluster: Cluster) -> None:
    """And that there are more."""
    stub.objects += [_object("Service", f"s{number:03}", spec={}) for number in range(70)]
    found = outline(cluster, lambda: NOON)
    assert (found.body.count("Service "), found.footer) == (60, "Only the first 60 services are shown.")


def test_a_cluster_that_does_not_answer_is_an_error(stub: Any, cluster: Cluster, faults: Any) -> None:
    """Whatever were said of it would be a guess."""
    stub.script("/api/v1/namespaces", faults["cut"])
    with pytest.raises(Unreachable):
        outline(cluster, lambda: NOON)
