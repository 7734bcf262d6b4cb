"""Who wrote which field of an object, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.objects.managers import written_by
from agentops.providers.kubernetes.read.registry import read_tools

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _entry(manager: str, time: str, fields: Any, **more: Any) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "time": time,
        "fieldsV1": fields,
        **more,
    }


def test_the_newest_writer_comes_first() -> None:
    """Each manager has a line with its operation, how long ago, and its fields by the keys of their lists."""
    container = {
        ".": {},
        "f:image": {},
        "f:ports": {".": {}, 'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:name": {}}},
        "f:env": {'k:{"name":"A"}': {"f:value": {}}},
    }
    template = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': container}}}}}
    labels = {"f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}}}
    item = {
        "metadata": {
            "managedFields": [
                _entry("helm", "2026-11-19T12:00:00Z", labels, operation="Apply"),
                _entry("kubectl-edit", "2026-11-22T11:48:00Z", template),
                _entry("hpa", "2026-11-22T11:50:00Z", {"f:spec": {"f:replicas": {}}}, subresource="scale"),
                _entry("kube-controller-manager", "2026-11-22T11:59:00Z", {"f:status": {"f:replicas": {}}}),
                _entry("kubelet", "2026-11-22T11:59:00Z", {"f:spec": {}}, subresource="status"),
            ]
        }
    }
    assert written_by(item, NOON) == (
        "hpa (Update/scale) 10m ago: spec.replicas",
        "kubectl-edit (Update) 12m ago: spec.template.spec.containers[web].image, "
        "spec.template.spec.containers[web].ports[8080].name, spec.template.spec.containers[web].env[A].value",
        "helm (Apply) 3d ago: metadata.labels[app.kubernetes.io/name]",
    )


def test_what_is_much_is_counted() -> None:
    """Many fields and many managers are told by their number, and what has no time is told without one."""
    many = {"f:data": {f"f:key{n}": {} for n in range(9)}}
    item = {"metadata": {"managedFields": [_entry(f"m{n}", "", many) for n in range(8)]}}
    lines = written_by(item, NOON)
    assert (len(lines), lines[-1]) == (7, "and 2 earlier")
    assert lines[0].endswith(
        "at an unknown time: data[key0], data[key1], data[key2], data[key3], data[key4], data[key5] and 3 more"
    )


@pytest.mark.parametrize(("tool", "told"), [("get", "# last written by "), ("describe", "fields last written by\n  ")])
def test_read_tools_tell_it(cluster: Cluster, stub: Any, tool: str, told: str) -> None:
    """An object and its description say who wrote it, and show none of the bookkeeping that it stands in."""
    entry = _entry("kubectl-edit", "2026-11-22T11:48:00Z", {"f:data": {"f:a": {}}})
    config_map = {
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "shop", "managedFields": [entry]},
        "data": {"a": "b"},
    }
    stub.answer = lambda path, _query: (200, config_map if path.endswith("/configmaps/c") else {"items": []})
    tools = {one.spec.name: one for one in read_tools(cluster, lambda: NOON)}
    body = tools[f"kubernetes_{tool}"].read({"kind": "ConfigMap", "name": "c", "namespace": "shop"}).body
    assert (f"{told}kubectl-edit (Update) 12m ago: data[a]" in body, "managedFields" in body) == (True, False)


def test_what_the_server_does_not_say() -> None:
    """An object without managed fields, and fields in a form of tomorrow, say nothing and break nothing."""
    odd = _entry("x", "2026-11-22T11:48:00Z", {"f:spec": {"k:not json": {}, "v:7": {}, "i:0": {}, 'k:["a"]': {}}})
    assert written_by({"metadata": {}}, NOON) == ()
    assert written_by({"metadata": {"managedFields": [odd, "?", {"manager": "y"}]}}, NOON) == (
        'x (Update) 12m ago: spec[not json], spec[7], spec[0], spec["[\\"a\\"]"]',
    )
