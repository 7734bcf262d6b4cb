"""``kubernetes_rollout_history``: which field of the pod template changed in which revision, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.plan import Edit
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.revisions import Revision, changes_of
from agentops.providers.kubernetes.objects.status import age_of
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import NAME, choice, number, read_tool
from agentops.providers.kubernetes.read.lookup import object_meant

_CHANGES_SHOWN = 40
_VALUE_LIMIT = 200


@read_tool(
    "kubernetes_rollout_history",
    "Which field of the pod template changed in which revision and when.",
    {
        "kind": choice("Deployment", "StatefulSet", "DaemonSet"),
        "name": NAME,
        "namespace": NAME,
        "limit": number(50, "revisions, default 5"),
    },
    required=("kind", "name"),
    permissions=(
        "get deployments.apps",
        "get statefulsets.apps",
        "get daemonsets.apps",
        "list replicasets.apps",
        "list controllerrevisions.apps",
    ),
)
def rollout_history(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return the revisions of a workload, newest first, each with the fields that it changed.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such workload; the hint names near ones.
        ClusterError: as ``Cluster.list_objects``.
    """
    kind = builtin(arguments.text("kind"))
    item = object_meant(cluster, kind, arguments)
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
    lines = [f"    {_edit_text(edit)}" for edit in changed[:_CHANGES_SHOWN]]
    if len(changed) > _CHANGES_SHOWN:
        lines.append(f"    ... and {len(changed) - _CHANGES_SHOWN} more fields")
    return lines


def _edit_text(edit: Edit) -> str:
    if edit.old is None:
        return f"{edit.path}: added {_value_text(edit.new)}"
    if edit.new is None:
        return f"{edit.path}: removed (was {_value_text(edit.old)})"
    return f"{edit.path}: {_value_text(edit.old)} -> {_value_text(edit.new)}"


def _value_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return one_line(text, _VALUE_LIMIT) if text else '""'


def _state(item: Mapping[str, Any]) -> str:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    # A DaemonSet counts nodes, not replicas.
    if item["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        parts = [f"{status.get('numberReady', 0)}/{wanted} ready", f"{status.get('updatedNumberScheduled', 0)} updated"]
    else:
        parts = [
            f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)} ready",
            f"{status.get('updatedReplicas', 0)} updated",
        ]
    # Only a StatefulSet says which revision it comes from while it rolls out.
    current, update = status.get("currentRevision"), status.get("updateRevision")
    if current and update and current != update:
        parts.append(f"rolling from {current} to {update}")
    if spec.get("paused"):
        parts.append("rollout is paused")
    return ", ".join(parts)
