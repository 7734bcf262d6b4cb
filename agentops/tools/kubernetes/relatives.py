"""Who owns an object, and what it owns: the chain up and the children down, by ``ownerReferences``.

Each step is one GET or one list; what may not be read ends the chain with its reason instead of failing the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ClusterError
from agentops.core.text import one_line
from agentops.tools.kubernetes.client import Cluster, Selection
from agentops.tools.kubernetes.kinds import builtin

_CHAIN_LIMIT = 5
_CHILD_LIMIT = 500
Object = Mapping[str, Any]

_CHILD_KINDS: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("ReplicaSet", "Pod"),
    "ReplicaSet": ("Pod",),
    "StatefulSet": ("Pod",),
    "DaemonSet": ("Pod",),
    "Job": ("Pod",),
    "CronJob": ("Job", "Pod"),
    "Pod": (),
}
_OTHERWISE = ("Deployment", "StatefulSet", "Job", "Pod")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One step up the chain; ``missing`` says why the owner could not be read, empty when it could."""

    kind: str
    name: str
    item: Object
    missing: str = ""


def owners(cluster: Cluster, item: Object) -> tuple[Owner, ...]:
    """Return the chain of controlling owners, the nearest first."""
    chain: list[Owner] = []
    namespace = item["metadata"].get("namespace") or ""
    current: Object | None = item
    while current and len(chain) < _CHAIN_LIMIT:
        reference = _controller(current)
        if reference is None:
            break
        name, kind_name = str(reference.get("name")), str(reference.get("kind"))
        group = str(reference.get("apiVersion") or "").rpartition("/")[0]
        try:
            kind = cluster.kind(f"{kind_name}.{group}" if group else kind_name)
            current = cluster.get_object(kind, name, namespace)
            gone = current["metadata"].get("uid") != reference.get("uid")
            missing = "another object of this name took its place" if gone else ""
            chain.append(Owner(kind=kind_name, name=name, item=current, missing=missing))
        except ClusterError as error:
            chain.append(Owner(kind=kind_name, name=name, item={}, missing=one_line(error.message, 160)))
            current = None
    return tuple(chain)


def _controller(item: Object) -> Mapping[str, Any] | None:
    references = item["metadata"].get("ownerReferences") or ()
    return next((ref for ref in references if ref.get("controller")), references[0] if references else None)


def children(cluster: Cluster, item: Object) -> tuple[dict[str, list[dict[str, Any]]], tuple[str, ...]]:
    """Return what an object owns by kind, directly or through what it owns, and notes on what could not be read."""
    kind, metadata = str(item["kind"]), item["metadata"]
    namespace = metadata.get("namespace") or ""
    uids = {metadata.get("uid")}
    found: dict[str, list[dict[str, Any]]] = {}
    notes: list[str] = []
    for child in _CHILD_KINDS.get(kind, _OTHERWISE if namespace else ()):
        labels = _selector(item) if child in {"Pod", "ReplicaSet"} else ""
        try:
            listed, more = cluster.list_objects(
                builtin(child), Selection(namespace=namespace, labels=labels), limit=_CHILD_LIMIT
            )
        except ClusterError as error:
            notes.append(f"{builtin(child).plural} were not read: {one_line(error.message, 160)}")
            continue
        mine = [
            other
            for other in listed
            if any(o.get("uid") in uids for o in other["metadata"].get("ownerReferences") or ())
        ]
        uids |= {other["metadata"].get("uid") for other in mine}
        if more:
            notes.append(f"only the first {_CHILD_LIMIT} {builtin(child).plural} were looked at")
        if mine:
            found[child] = mine
    return found, tuple(notes)


def _selector(item: Object) -> str:
    selector = (item.get("spec") or {}).get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    return ",".join(f"{key}={value}" for key, value in labels.items()) if isinstance(labels, Mapping) else ""
