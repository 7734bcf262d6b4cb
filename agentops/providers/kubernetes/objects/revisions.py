"""The revisions of a workload's pod template, and which fields each changed.

A Deployment's revisions are its ReplicaSets, a StatefulSet's and a DaemonSet's are their ControllerRevisions. Comes in:
those objects as they were read. Goes out: ``Revision``s. Nothing is read from a cluster. Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ and
https://kubernetes.io/docs/tasks/manage-daemon/rollback-daemon-set/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.plan import Edit
from agentops.providers.kubernetes.objects.difference import edits
from agentops.providers.kubernetes.objects.owners import is_owned_by

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"
_HASHES = frozenset({"pod-template-hash", "controller-revision-hash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of a workload's pod template."""

    number: int
    name: str
    created_at: str
    template: Mapping[str, Any]
    cause: str = ""
    replicas: str = ""
    earlier: tuple[int, ...] = ()


def revision_kind(workload_kind: str) -> str:
    """Return the kind of object that keeps the revisions of a workload of this kind."""
    return "ReplicaSet" if workload_kind == "Deployment" else "ControllerRevision"


def revisions_among(workload: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> list[Revision]:
    """Return the revisions of ``workload``, newest first; ``found``: objects of ``revision_kind``, of any owner."""
    uids = {workload["metadata"].get("uid")}
    read = _of_replica_set if workload["kind"] == "Deployment" else _of_controller_revision
    mine = [read(other) for other in found if is_owned_by(other, uids)]
    # The controller numbers a revision when it makes it; what has no number is none.
    numbered = [revision for revision in mine if revision.number > 0]
    return sorted(numbered, key=lambda revision: revision.number, reverse=True)


def _of_replica_set(item: Mapping[str, Any]) -> Revision:
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    annotations = metadata.get("annotations") or {}
    # A rollback takes an old ReplicaSet again under a new number; the old numbers stand here.
    history = str(annotations.get("deployment.kubernetes.io/revision-history") or "")
    return Revision(
        number=_integer(annotations.get(_REVISION)),
        name=metadata.get("name") or "",
        created_at=metadata.get("creationTimestamp") or "",
        template=plain_template(spec.get("template") or {}),
        cause=str(annotations.get(_CAUSE) or ""),
        replicas=f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)} ready",
        earlier=tuple(_integer(part) for part in history.split(",") if part),
    )


def _of_controller_revision(item: Mapping[str, Any]) -> Revision:
    metadata = item["metadata"]
    data = item.get("data") or {}
    template = ((data.get("spec") or {}).get("template") or {}) if isinstance(data, Mapping) else {}
    return Revision(
        number=_integer(item.get("revision")),
        name=metadata.get("name") or "",
        created_at=metadata.get("creationTimestamp") or "",
        template=plain_template(template),
        cause=str((metadata.get("annotations") or {}).get(_CAUSE) or ""),
    )


def plain_template(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a pod template without what the controllers themselves add to it."""
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    if isinstance(metadata.get("labels"), Mapping):
        metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key not in _HASHES}
    spec = {key: value for key, value in (template.get("spec") or {}).items() if key != "$patch"}
    return {"metadata": metadata, "spec": spec}


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def changes_of(found: Sequence[Revision], position: int) -> tuple[Edit, ...]:
    """Return what revision ``position`` changed against the one before it."""
    if position + 1 >= len(found):
        return ()
    return edits({"template": found[position + 1].template}, {"template": found[position].template})
