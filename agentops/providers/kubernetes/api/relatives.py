"""Reads what belongs to an object: its owners, its children, the pods that use it, the revisions of its template.

Each step is one GET or one list. What may not be read ends a chain with its reason instead of failing the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ClusterError
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.owners import is_owned_by, owner_of
from agentops.providers.kubernetes.objects.revisions import Revision, revision_kind, revisions_among
from agentops.providers.kubernetes.objects.status import pod_state

_CHAIN_LIMIT = 5
_CHILD_LIMIT = 500
_REVISION_LIMIT = 200

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

_NAME = ("name",)
_REFERENCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "PersistentVolumeClaim": {"persistentVolumeClaim": ("claimName",)},
    "ConfigMap": {"configMap": _NAME, "configMapRef": _NAME, "configMapKeyRef": _NAME},
    "Secret": {
        "secret": ("secretName", "name"),
        "secretRef": _NAME,
        "secretKeyRef": _NAME,
        "imagePullSecrets": _NAME,
    },
    "ServiceAccount": {"serviceAccountName": ()},
}
USED = frozenset({*_REFERENCES, "Service", "Node"})
"""Kinds that own no pods but that pods depend on."""


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
        reference = owner_of(current)
        if reference is None:
            break
        name, kind_name = str(reference.get("name")), str(reference.get("kind"))
        group = str(reference.get("apiVersion") or "").rpartition("/")[0]
        try:
            kind = cluster.kind(f"{kind_name}.{group}" if group else kind_name)
            current = cluster.get_object(kind, name, namespace)
            # A name that was taken again is another object: the real owner is gone.
            gone = current["metadata"].get("uid") != reference.get("uid")
            missing = "another object of this name took its place" if gone else ""
            chain.append(Owner(kind=kind_name, name=name, item=current, missing=missing))
        except ClusterError as error:
            chain.append(Owner(kind=kind_name, name=name, item={}, missing=one_line(error.message, 160)))
            current = None
    return tuple(chain)


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
        mine = [other for other in listed if is_owned_by(other, uids)]
        # What the children own is the object's too: the next kind is looked for below all of them.
        uids |= {other["metadata"].get("uid") for other in mine}
        if more:
            notes.append(f"only the first {_CHILD_LIMIT} {builtin(child).plural} were looked at")
        if mine:
            found[child] = mine
    return found, tuple(notes)


def users(cluster: Cluster, item: Object) -> tuple[dict[str, list[dict[str, Any]]], tuple[str, ...]]:
    """Return the pods that depend on an object of a kind in ``USED``, and notes on what could not be read.

    A Service's are those it selects, a Node's those on it that do not simply run, any other's those that name it.
    """
    kind, name = str(item["kind"]), str(item["metadata"].get("name"))
    selection = _selection_of_users(item)
    if selection is None:
        return {}, ()
    try:
        found, more = cluster.list_objects(builtin("Pod"), selection, limit=2 * _CHILD_LIMIT)
    except ClusterError as error:
        return {}, (f"pods were not read: {one_line(error.message, 160)}",)
    notes = [f"only the first {2 * _CHILD_LIMIT} pods were looked at"] if more else []
    # Dozens of pods run well on a node; those that do not are what is asked for.
    if kind == "Node":
        total, found = len(found), [pod for pod in found if pod_state(pod) not in {"Running", "Succeeded"}]
        notes.append(f"{total} pods are on the node, {len(found)} of them not running and listed")
    elif kind != "Service":
        found = [pod for pod in found if _names(pod.get("spec"), _REFERENCES[kind], name)]
    return ({"Pod": found} if found else {}), tuple(notes)


def _selection_of_users(item: Object) -> Selection | None:
    """Return which pods may depend on an object; None when none can: a Service without a selector."""
    metadata = item["metadata"]
    namespace = metadata.get("namespace") or ""
    if item["kind"] == "Node":
        return Selection(fields=f"spec.nodeName={metadata.get('name')}")
    if item["kind"] != "Service":
        return Selection(namespace=namespace)
    labels = (item.get("spec") or {}).get("selector") or {}
    return Selection(namespace=namespace, labels=_pairs(labels)) if labels else None


def _names(value: Any, fields: Mapping[str, tuple[str, ...]], name: str) -> bool:
    """Return whether a pod's spec refers to ``name``; ``fields`` maps a referring field to where it keeps the name."""
    if isinstance(value, list):
        return any(_names(item, fields, name) for item in value)
    if not isinstance(value, Mapping):
        return False
    return any(
        (field in fields and _refers(inner, fields[field], name)) or _names(inner, fields, name)
        for field, inner in value.items()
    )


def _refers(value: Any, keys: tuple[str, ...], name: str) -> bool:
    for item in value if isinstance(value, list) else [value]:
        found = [item.get(key) for key in keys] if isinstance(item, Mapping) else [item]
        if name in found:
            return True
    return False


def _pairs(labels: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _selector(item: Object) -> str:
    selector = (item.get("spec") or {}).get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    return _pairs(labels) if isinstance(labels, Mapping) else ""


def revisions(cluster: Cluster, workload: Object) -> list[Revision]:
    """Return the revisions of a workload, newest first.

    Raises:
        ClusterError: as ``Cluster.list_objects``.
    """
    # What matchExpressions would leave out, ownership does: a selector of matchLabels alone only finds too many.
    selection = Selection(namespace=workload["metadata"].get("namespace") or "", labels=_selector(workload))
    found, _ = cluster.list_objects(builtin(revision_kind(workload["kind"])), selection, limit=_REVISION_LIMIT)
    return revisions_among(workload, found)
