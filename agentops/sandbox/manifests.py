"""Manifests as the API server would have stored them.

Comes in: plain manifests as people write them. Goes out: copies with the server's defaults and allocations filled
in, by the same admission code that the wire's writes go through. Must never change what was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from agentops.sandbox.admission.allocation import allocate
from agentops.sandbox.admission.defaults import defaulted
from agentops.sandbox.store import Obj, ObjectStore, copy_json, timestamp
from agentops.sandbox.wire.kinds import Resource, built_in

_CLUSTER_AGE = timedelta(days=41)


@cache
def _resources() -> dict[tuple[str, str], Resource]:
    return {(one.api_version, one.kind): one for one in built_in()}


def resource_of(obj: Obj) -> Resource | None:
    """Return how the object's kind is served; None for a kind that is not built in."""
    return _resources().get((obj["apiVersion"], obj["kind"]))


def with_defaults(obj: Obj) -> Obj:
    """Return a copy with every default filled in, as after an update."""
    resource = resource_of(obj)
    return defaulted(resource, obj) if resource is not None else copy_json(obj)


def admitted(obj: Obj, store: ObjectStore) -> Obj:
    """Return a copy as the server would store it when it is created now."""
    new = with_defaults(obj)
    status = new.get("status")
    new["metadata"].setdefault("uid", store.new_uid())
    allocate(new, store)
    return {**new, "status": status} if status else new


def create_now(obj: Obj, store: ObjectStore) -> Obj:
    """Store an object as the server does when it is created now; return a copy of what is stored."""
    new = admitted(obj, store)
    return store.create(new, uid=new["metadata"]["uid"])


def load_all(store: ObjectStore, manifests: Iterable[Obj], start: datetime) -> None:
    """Store manifests, cluster-scoped ones first and 41 days old, workloads last."""
    for obj in in_order(manifests):
        new = admitted(obj, store)
        if not new["metadata"].get("namespace"):
            new["metadata"].setdefault("creationTimestamp", timestamp(start - _CLUSTER_AGE))
        store.load([new])


def in_order(manifests: Iterable[Obj]) -> list[Obj]:
    """Return manifests in an order in which they can be created."""

    def rank(obj: Obj) -> tuple[bool, bool, bool]:
        # An address that is asked for is taken before others are given out.
        spec = obj.get("spec") or {}
        return (
            bool(obj["metadata"].get("namespace")),
            "template" in spec or "jobTemplate" in spec,
            "clusterIP" not in spec,
        )

    return sorted(manifests, key=rank)
