"""metrics.k8s.io: what pods and nodes use now, when something supplies the numbers.

Comes in: a ``UsageSource``. Goes out: PodMetrics and NodeMetrics. Must never: make a number up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agentops.sandbox.store import Key, Obj, ObjectStore, timestamp
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, Response, json_response
from agentops.sandbox.wire.selectors import labels_match
from agentops.sandbox.wire.status import not_found

_READ = ("get", "list")
METRICS = (
    Resource(
        group="metrics.k8s.io", version="v1beta1", kind="NodeMetrics", plural="nodes", namespaced=False, verbs=_READ
    ),
    Resource(group="metrics.k8s.io", version="v1beta1", kind="PodMetrics", plural="pods", namespaced=True, verbs=_READ),
)


class UsageSource(Protocol):
    """Where usage numbers come from; quantities such as ``12m`` and ``48Mi``."""

    def pod_usage(self, namespace: str, name: str) -> Mapping[str, Mapping[str, str]]:
        """Return ``{container: {"cpu": ..., "memory": ...}}``; empty when the pod does not run."""
        ...

    def node_usage(self, name: str) -> Mapping[str, str]:
        """Return ``{"cpu": ..., "memory": ...}``; empty when the node does not report."""
        ...


def usage_response(target: RequestTarget, request: ApiRequest, store: ObjectStore, usage: UsageSource) -> Response:
    """Answer a get or list of pod or node metrics.

    Raises:
        Refusal: no numbers for that name, or a bad selector.
    """
    kind = "Pod" if target.resource.plural == "pods" else "Node"
    if target.name:
        obj = store.peek(Key("", kind, target.namespace, target.name))
        found = _metrics(target.resource, obj, store, usage) if obj else None
        if found is None:
            raise not_found(target.resource, target.name)
        return json_response(found)
    selects = labels_match(request.query.get("labelSelector", ""))
    objects = store.list(kind, target.namespace or None, group="")
    items = [m for obj in objects if selects(obj) and (m := _metrics(target.resource, obj, store, usage))]
    head = {"kind": f"{target.resource.kind}List", "apiVersion": target.resource.api_version, "metadata": {}}
    return json_response({**head, "items": items})


def _metrics(resource: Resource, obj: Obj, store: ObjectStore, usage: UsageSource) -> Obj | None:
    given = obj["metadata"]
    kept = {name: given[name] for name in ("name", "namespace", "labels") if name in given}
    now = timestamp(store.now())
    head = {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {**kept, "creationTimestamp": now},
        "timestamp": now,
        "window": "15s",
    }
    if resource.kind == "NodeMetrics":
        used = usage.node_usage(given["name"])
        return {**head, "usage": dict(used)} if used else None
    containers = usage.pod_usage(given["namespace"], given["name"])
    listed = [{"name": name, "usage": dict(numbers)} for name, numbers in containers.items()]
    return {**head, "containers": listed} if listed else None
