"""What the last rollout of a workload changed, field by field, and whether that explains what is wrong now.

Comes in: a Deployment with its ReplicaSets, a StatefulSet or DaemonSet with its ControllerRevisions. Goes out: a
``Delta`` with paths and values (credentials hidden), and the undo as a ``Change``. It claims no more than the objects
tell: without two revisions there is no delta.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agentops.core.clock import age
from agentops.core.conditions import Condition
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.secrecy import quoted, shown
from agentops.providers.kubernetes.objects.fields import Key, condition, mapping, moment, name_of, number, text

REVISION = "deployment.kubernetes.io/revision"
EXPLAINS_WITHIN = timedelta(minutes=45)
"""A rollout explains what began at most this long after it."""
TOUCHED_EXPLAINS_WITHIN = timedelta(hours=12)
"""A rollout that touched the very field explains what began at most this long after it: memory fills slowly."""
_RESTARTED = ("metadata.annotations.kubectl.kubernetes.io/restartedAt", "metadata.annotations.agentops.dev/restart")
_TEMPLATE_NOISE = ("metadata.labels.pod-template-hash", "metadata.creationTimestamp", "$patch", *_RESTARTED)
_DEEPEST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEdit:
    """One field that differs: ``path`` inside the pod template; an absent side is empty."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.before or '(unset)'} -> {self.after or '(unset)'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The last rollout: from ``previous`` to ``revision`` at ``at``, with what it changed."""

    workload: Key
    revision: int
    previous: int
    at: datetime | None
    edits: tuple[TemplateEdit, ...]

    def touching(self, parts: tuple[str, ...], container: str = "") -> tuple[TemplateEdit, ...]:
        """Return the edits whose path holds one of ``parts``; of ``container`` and of the whole pod only."""
        return tuple(
            edit
            for edit in self.edits
            if any(part in edit.path for part in parts)
            and (not container or "ontainers[" not in edit.path or f"[{container}]" in edit.path)
        )


def flatten(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield ``(path, text)`` of every leaf; list items are named by their name, key or mount path, else numbered."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flatten(item, f"{path}[{_label(item, index)}]", depth + 1)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _label(item: Any, index: int) -> str:
    if isinstance(item, dict):
        for field in ("name", "mountPath", "containerPort", "key", "topologyKey"):
            found = item.get(field)
            if isinstance(found, str | int) and not isinstance(found, bool):
                return str(found)
    return str(index)


def _leaves(template: dict[str, Any]) -> dict[str, str]:
    found = {}
    for path, value in flatten(template):
        if path not in _TEMPLATE_NOISE:
            found[path.removeprefix("spec.")] = value
    return found


def _safe(path: str, value: str) -> str:
    if ".env[" in path and path.endswith(".value"):
        return shown(path.rpartition(".env[")[2].partition("]")[0], value)
    return quoted(value, 120)


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[TemplateEdit, ...]:
    """Return what differs between two pod templates: fields of containers first, labels and annotations last.

    The stamp of a mere restart is no difference: undoing it would change nothing.
    """
    old, new = _leaves(before), _leaves(after)
    differing = (path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    paths = sorted(differing, key=lambda path: (path.startswith("metadata."), path))
    return tuple(TemplateEdit(path=p, before=_safe(p, old.get(p, "")), after=_safe(p, new.get(p, ""))) for p in paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revision:
    number: int
    template: dict[str, Any]
    created: datetime | None
    name: str


def _history(graph: Graph, key: Key) -> list[_Revision]:
    found = []
    for child in graph.children.get(key, ()):
        if text(child, "kind") == "ReplicaSet":
            written = text(child, "metadata", "annotations", REVISION)
            revision, template = int(written) if written.isdecimal() else 0, mapping(child, "spec", "template")
        elif text(child, "kind") == "ControllerRevision":
            revision, template = number(child, "revision"), mapping(child, "data", "spec", "template")
        else:
            continue
        if revision > 0 and template:
            created = moment(child, "metadata", "creationTimestamp")
            found.append(_Revision(number=revision, template=template, created=created, name=name_of(child)))
    return sorted(found, key=lambda item: item.number)


def last_change(graph: Graph, key: Key, not_before: datetime | None = None) -> Delta | None:
    """Return what the workload's last rollout changed.

    None when fewer than two revisions are known, or when it was before ``not_before``.
    """
    history = _history(graph, key)
    if len(history) < 2:
        return None
    before, after = history[-2], history[-1]
    at = _rolled_out_at(graph, key, history)
    if not_before is not None and (at is None or at < not_before):
        return None
    return Delta(
        workload=key,
        revision=after.number,
        previous=before.number,
        at=at,
        edits=differences(before.template, after.template),
    )


def _rolled_out_at(graph: Graph, key: Key, history: list[_Revision]) -> datetime | None:
    current = history[-1]
    youngest = max((item.created for item in history if item.created is not None), default=None)
    if current.created is not None and current.created == youngest:
        return current.created
    # A rollback re-uses an old ReplicaSet: only the Deployment says when that happened.
    return moment(condition(graph.get(key), "Progressing"), "lastUpdateTime")


def current_revision_pods(graph: Graph, key: Key, pods: list[dict[str, Any]]) -> bool:
    """Return whether all ``pods`` belong to the workload's newest revision."""
    history = _history(graph, key)
    if not history or not pods:
        return False
    newest = history[-1].name
    for pod in pods:
        owner = graph.owner(pod)
        marker = text(pod, "metadata", "labels", "controller-revision-hash")
        if owner is None or newest not in (owner[2], marker, f"{key[2]}-{marker}"):
            return False
    return True


def undo(delta: Delta, graph: Graph, reason: str) -> Change:
    """Return the rollback to the revision before ``delta``."""
    return Change(
        tool="kubernetes_rollout_undo",
        target=graph.ref_of(delta.workload),
        arguments={"to_revision": delta.previous},
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """A rollout that brought a problem about: how to say it, when it was, and its undo."""

    clause: str
    delta: Delta
    edits: tuple[TemplateEdit, ...]
    remedy: Change


def blame(
    graph: Graph,
    key: Key,
    wrong: Condition,
    container: str = "",
    since: datetime | None = None,
    *,
    unless: Callable[[TemplateEdit], bool] | None = None,
) -> Blame | None:
    """Return the last rollout as the origin of what is ``wrong``, or None when it does not explain it.

    It does when it touched a field that can bring the condition about, and the trouble did not begin before it or
    long after it.

    Arguments:
        container: only what was changed of it and of the whole pod counts; empty means every container.
        since: when the trouble began; None where nothing tells.
        unless: says of an edit that it explains nothing here.
    """
    if key not in graph.deltas:
        graph.deltas[key] = last_change(graph, key)
    delta: Delta | None = graph.deltas[key]
    if delta is None or not delta.edits:
        return None
    edits = delta.touching(wrong.fields, container) if wrong.fields else delta.edits
    if unless is not None:
        edits = tuple(edit for edit in edits if not unless(edit))
    if not edits or not _in_time(delta.at, since, TOUCHED_EXPLAINS_WITHIN if wrong.fields else EXPLAINS_WITHIN):
        return None
    when = f" {age(delta.at, graph.now)} ago" if delta.at else ""
    clause = f"revision {delta.revision}{when} changed {edits[0]}"
    if len(edits) > 1:
        clause += f" and {len(edits) - 1} more"
    reason = f"revision {delta.revision} introduced it: {edits[0]}"
    return Blame(clause=clause, delta=delta, edits=edits, remedy=undo(delta, graph, reason))


def _in_time(changed: datetime | None, since: datetime | None, within: timedelta) -> bool:
    if changed is None or since is None:
        return changed is not None
    return changed - timedelta(minutes=2) <= since <= changed + within
