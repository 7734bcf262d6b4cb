"""Server-side Tables: the words in the columns that people act on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentops.sandbox.store import ObjectStore
from agentops.sandbox.wire.cells import duration, job_completions, service_ports
from agentops.sandbox.wire.kinds import built_in
from agentops.sandbox.wire.pod_cells import pod_status

ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_table_has_columns_and_metadata_rows(call: Any) -> None:
    """Each row has a cell for each column and carries the object's metadata."""
    body = call.get("/api/v1/namespaces/shop/pods?limit=1", accept=ACCEPT)
    assert [(c["name"], c["priority"]) for c in body["columnDefinitions"]] == [
        ("Name", 0),
        ("Ready", 0),
        ("Status", 0),
        ("Restarts", 0),
        ("Age", 0),
        ("IP", 1),
        ("Node", 1),
        ("Nominated Node", 1),
        ("Readiness Gates", 1),
    ]
    assert body["rows"][0]["cells"] == [
        "web-1",
        "1/1",
        "Running",
        "2 (60s ago)",
        "0s",
        "10.0.0.9",
        "n1",
        "<none>",
        "<none>",
    ]
    assert (body["rows"][0]["object"]["kind"], "continue" in body["metadata"]) == ("PartialObjectMetadata", True)


@pytest.mark.parametrize("resource", [one for one in built_in() if "list" in one.verbs], ids=lambda one: one.qualified)
def test_no_table_fails_on_a_bare_object(call: Any, store: ObjectStore, resource: Any) -> None:
    """An object with nothing but a name and what its kind cannot do without is shown."""
    _, kind = resource.stored_kind
    bare: dict[str, Any] = {"apiVersion": resource.api_version, "kind": kind, "metadata": {"name": "bare"}}
    if resource.group == "events.k8s.io":
        bare["apiVersion"] = "v1"
    if resource.namespaced:
        bare["metadata"]["namespace"] = "shop"
    if kind == "HorizontalPodAutoscaler":
        bare["spec"] = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    if kind == "CustomResourceDefinition":
        names = {"kind": "Bare", "plural": "bares"}
        bare["spec"] = {"group": "x.io", "scope": "Cluster", "names": names, "versions": []}
    store.create(bare)
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    body = call.get(f"{root}/{resource.plural}?fieldSelector=metadata.name=bare", accept=ACCEPT)
    assert [len(row["cells"]) for row in body["rows"]] == [len(body["columnDefinitions"])]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}, "CrashLoopBackOff"),
        ({"containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled"}}}]}, "OOMKilled"),
        ({"containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}, "ExitCode:3"),
        ({"initContainerStatuses": [{"state": {"running": {}}}]}, "Init:0/1"),
        ({"initContainerStatuses": [{"state": {"terminated": {"reason": "Error", "exitCode": 1}}}]}, "Init:Error"),
        ({"initContainerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, "Init:ImagePullBackOff"),
    ],
)
def test_the_status_of_a_pod(status: dict[str, Any], word: str) -> None:
    """The most telling reason wins, init containers first."""
    pod = {"metadata": {"name": "p"}, "spec": {"initContainers": [{"name": "i"}]}, "status": status}
    assert pod_status(pod, NOW) == word
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T00:00:00Z"
    assert pod_status(pod, NOW) == "Terminating"


def test_durations_are_those_of_kubectl() -> None:
    """Two units at most, fewer the longer it is."""
    seconds = (0, 119, 120, 599, 601, 10800, 28799, 30000, 172800, 691199, 691200, 63072000)
    assert [duration(timedelta(seconds=one)) for one in seconds] == [
        "0s",
        "119s",
        "2m",
        "9m59s",
        "10m",
        "3h",
        "7h59m",
        "8h",
        "2d",
        "7d23h",
        "8d",
        "2y",
    ]


def test_ports_and_completions() -> None:
    """Node ports show beside the port, a job without completions shows its parallelism."""
    ports = [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]
    assert service_ports({"spec": {"ports": ports}}, NOW) == "80:30080/TCP,53/UDP"
    assert job_completions({"spec": {"parallelism": 3}, "status": {"succeeded": 1}}, NOW) == "1/1 of 3"
