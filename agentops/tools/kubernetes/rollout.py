"""``kubernetes_rollout_history``: which field of the pod template changed in which revision, and when.

A Deployment's revisions are its ReplicaSets, a StatefulSet's and a DaemonSet's are their ControllerRevisions. Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ and
https://kubernetes.io/docs/tasks/manage-daemon/rollback-daemon-set/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.tools.kubernetes.arguments import Arguments
from agentops.tools.kubernetes.client import Cluster, Selection
from agentops.tools.kubernetes.columns import age_of
from agentops.tools.kubernetes.fielddiff import FieldChange, field_changes
from agentops.tools.kubernetes.kinds import builtin
from agentops.tools.kubernetes.manifest import fetch

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"
_HASHES = frozenset({"pod-template-hash", "controller-revision-hash"})
_READ_LIMIT = 200
_CHANGES_SHOWN = 40


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


def rollout_history(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return the revisions of a workload, newest first, each with the fields that it changed.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such workload; the hint names near ones.
        ClusterError: as ``Cluster.list_objects``.
    """
    kind = builtin(arguments.text("kind"))
    item = fetch(cluster, kind, arguments)
    found = revisions(cluster, item)
    limit = arguments.number("limit", 5)
    name, namespace = item["metadata"]["name"], item["metadata"].get("namespace") or ""
    notes = []
    if len(found) > limit:
        notes.append(f"{len(found) - limit} older revisions are not shown")
    if found:
        notes.append(f"revisions before {found[-1].number} are no longer kept") if found[-1].number > 1 else None
    body = history_text(found, clock(), limit) if found else "No revisions are kept."
    return Reading(
        body=f"{kind.kind} {namespace}/{name}\n{_state(item)}\n{body}",
        summary=f"{plural(len(found), 'revision')} of {kind.kind} {namespace}/{name}",
        footer="; ".join(notes),
        resources=(cluster.ref(kind.kind, name, namespace),),
    )


def revisions(cluster: Cluster, item: Mapping[str, Any]) -> list[Revision]:
    """Return the revisions of a workload, newest first.

    Raises:
        ClusterError: as ``Cluster.list_objects``.
    """
    metadata = item["metadata"]
    selection = Selection(namespace=metadata.get("namespace") or "", labels=_match_labels(item))
    owned_by_set = item["kind"] == "Deployment"
    kind = builtin("ReplicaSet" if owned_by_set else "ControllerRevision")
    found, _ = cluster.list_objects(kind, selection, limit=_READ_LIMIT)
    uid = metadata.get("uid")
    mine = [
        other for other in found if any(o.get("uid") == uid for o in other["metadata"].get("ownerReferences") or ())
    ]
    read = [_of_replica_set(other) if owned_by_set else _of_controller_revision(other) for other in mine]
    return sorted(read, key=lambda revision: revision.number, reverse=True)


def _match_labels(item: Mapping[str, Any]) -> str:
    """Return the workload's matchLabels as a selector; what it misses of matchExpressions, ownership makes up for."""
    labels = ((item.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _of_replica_set(item: Mapping[str, Any]) -> Revision:
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    annotations = metadata.get("annotations") or {}
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


def changes_of(found: Sequence[Revision], position: int) -> tuple[FieldChange, ...]:
    """Return what revision ``position`` changed against the one before it."""
    if position + 1 >= len(found):
        return ()
    return field_changes(found[position + 1].template, found[position].template, "template")


def history_text(found: Sequence[Revision], now: datetime, limit: int) -> str:
    """Return revisions as text, newest first, each with its changes against the one before."""
    lines = []
    for position, revision in enumerate(found[:limit]):
        parts = [
            f"revision {revision.number}{' (current)' if position == 0 else ''}",
            revision.name,
            f"created {revision.created_at} ({age_of(revision.created_at, now)} ago)",
        ]
        parts += [revision.replicas] if revision.replicas else []
        parts += [f"cause: {one_line(revision.cause, 120)}"] if revision.cause else []
        if revision.earlier:
            numbers = ", ".join(map(str, revision.earlier))
            parts.append(f"a rollback: this template was revision {numbers} before")
        lines.append(" | ".join(parts))
        lines += _change_lines(found, position)
    return "\n".join(lines)


def _change_lines(found: Sequence[Revision], position: int) -> list[str]:
    if position + 1 >= len(found):
        return ["    (the oldest revision that is kept)"]
    changed = changes_of(found, position)
    if not changed:
        return [f"    no change against revision {found[position + 1].number}"]
    lines = [f"    {change}" for change in changed[:_CHANGES_SHOWN]]
    if len(changed) > _CHANGES_SHOWN:
        lines.append(f"    ... and {len(changed) - _CHANGES_SHOWN} more fields")
    return lines


def _state(item: Mapping[str, Any]) -> str:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    if item["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        parts = [f"{status.get('numberReady', 0)}/{wanted} ready", f"{status.get('updatedNumberScheduled', 0)} updated"]
    else:
        parts = [
            f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)} ready",
            f"{status.get('updatedReplicas', 0)} updated",
        ]
    current, update = status.get("currentRevision"), status.get("updateRevision")
    if current and update and current != update:
        parts.append(f"rolling from {current} to {update}")
    if spec.get("paused"):
        parts.append("rollout is paused")
    return ", ".join(parts)
