"""What the last rollout of a workload changed, field by field, and whether that explains what is wrong now.

Comes in: a Deployment with its ReplicaSets, a StatefulSet or DaemonSet with its ControllerRevisions, a
CronJob with its runs. Goes out: a ``Delta`` with paths and values (credentials hidden), and the undo as a ``Change``.
It claims no more than the objects tell: without two revisions there is no delta.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agentops.core.clock import age
from agentops.core.conditions import Condition
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import HIDDEN, quoted, shown
from agentops.providers.kubernetes.objects.difference import changes, leaf_edits
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    moment,
    name_of,
    parse_time,
    template_path,
    text,
)
from agentops.providers.kubernetes.objects.revisions import Revision, newest_first, revision_of, run_template

EXPLAINS_WITHIN = timedelta(minutes=45)
"""A rollout explains what began at most this long after it."""
TOUCHED_EXPLAINS_WITHIN = timedelta(hours=12)
"""A rollout that touched the very field explains what began at most this long after it: memory fills slowly."""
_RESTARTED = ("metadata.annotations[kubectl.kubernetes.io/restartedAt]", "metadata.annotations[agentops.dev/restart]")


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
    goes_back: bool = False
    """Whether it took an earlier template again: a cure, and its undo leads to what somebody left."""
    run: str = ""
    """Of a CronJob, which keeps no revisions: the last run of the earlier template that completed."""
    back: tuple[Mapping[str, Any], ...] = ()
    """Of a CronJob: the field changes that lead back to that run's template; none where one holds a credential."""

    @property
    def title(self) -> str:
        """What people call it: ``revision 5``, or ``the edit after run report-29``."""
        return f"the edit after run {self.run}" if self.run else f"revision {self.revision}"

    def touching(self, parts: tuple[str, ...], container: str = "") -> tuple[TemplateEdit, ...]:
        """Return the edits whose path holds one of ``parts``; of ``container`` and of the whole pod only."""
        return tuple(
            edit
            for edit in self.edits
            if any(part in edit.path for part in parts)
            and (not container or "ontainers[" not in edit.path or f"[{container}]" in edit.path)
        )


def differences(before: Any, after: Any) -> tuple[TemplateEdit, ...]:
    """Return what differs between two pod templates: fields of containers first, labels and annotations last.

    The stamp of a mere restart is no difference: undoing it would change nothing.
    """
    found = [edit for edit in leaf_edits(before, after) if edit.path not in _RESTARTED]
    ordered = sorted(found, key=lambda edit: (edit.path.startswith("metadata"), edit.path))
    return tuple(
        TemplateEdit(
            path=edit.path.removeprefix("spec."), before=_shown(edit.path, edit.old), after=_shown(edit.path, edit.new)
        )
        for edit in ordered
    )


def _shown(path: str, value: Any) -> str:
    if value is None:
        return ""
    written = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if ".env[" in path and path.endswith(".value"):
        return shown(path.rpartition(".env[")[2].partition("]")[0], written)
    return quoted(written, 120)


def _history(graph: Graph, key: Key) -> list[Revision]:
    kinds = ("ReplicaSet", "ControllerRevision")
    return newest_first(revision_of(child) for child in graph.children.get(key, ()) if text(child, "kind") in kinds)


def last_change(graph: Graph, key: Key, not_before: datetime | None = None) -> Delta | None:
    """Return what the workload's last rollout changed.

    None when fewer than two revisions are known, or when it was before ``not_before``.
    """
    if key[0] == "CronJob":
        found = _edit_between_runs(graph, key)
        return found if found and found.at and (not_before is None or found.at >= not_before) else None
    history = _history(graph, key)
    if len(history) < 2:
        return None
    after, before = history[:2]
    at = _rolled_out_at(graph, key, history)
    if not_before is not None and (at is None or at < not_before):
        return None
    return Delta(
        workload=key,
        revision=after.number,
        previous=before.number,
        at=at,
        edits=differences(before.template, after.template),
        goes_back=bool(after.earlier),
    )


def _edit_between_runs(graph: Graph, key: Key) -> Delta | None:
    """Return what differs between a CronJob's template and that of its last run with another one that completed.

    Source: a Job keeps the template that it was made of (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/).
    """
    jobs = [job for job in graph.children.get(key, ()) if text(job, "kind") == "Job"]
    runs = sorted((made, name_of(job), job) for job in jobs if (made := moment(job, "metadata", "creationTimestamp")))
    present = run_template(graph.get(key))
    first = next((made for made, _, job in runs if run_template(job) == present), None)
    if first is None:
        return None
    good = [
        (name, template)
        for made, name, job in runs
        if made < first
        and text(condition(job, "Complete"), "status") == "True"
        and (template := run_template(job)) != present
    ]
    if not good:
        return None
    name, before = good[-1]
    found = differences(before, present)
    inner = template_path(key).removesuffix(".spec")
    back = tuple({**one, "path": f"{inner}.{one['path']}"} for one in changes(present, before))
    # The change is told to people and to a model with its values, so none of them may be a credential.
    written = json.dumps(back, default=str)
    told = len(written) <= _MOST_TOLD and HIDDEN not in quoted(written, _MOST_TOLD)
    told = told and not any(HIDDEN in edit.before + edit.after for edit in found)
    return Delta(workload=key, revision=0, previous=0, at=first, edits=found, run=name, back=back if told else ())


_MOST_TOLD = 4000
"""As many characters as ``quoted`` looks through."""


def _rolled_out_at(graph: Graph, key: Key, history: list[Revision]) -> datetime | None:
    made = [parse_time(revision.created_at) for revision in history]
    if made[0] is not None and made[0] == max(filter(None, made)) and not history[0].earlier:
        return made[0]
    # A rollback re-uses an old ReplicaSet, and the next one perhaps the newest that was ever made: only the Deployment
    # says when that happened.
    return moment(condition(graph.get(key), "Progressing"), "lastUpdateTime")


def undo(delta: Delta, graph: Graph, reason: str) -> Change:
    """Return the rollback to the revision before ``delta``."""
    if delta.run:
        arguments = {"changes": [dict(one) for one in delta.back]}
        return Change(tool="kubernetes_patch", target=graph.ref_of(delta.workload), arguments=arguments, reason=reason)
    return Change(
        tool="kubernetes_rollout_undo",
        target=graph.ref_of(delta.workload),
        arguments={"to_revision": delta.previous},
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """A rollout that brought a problem about: how to say it, when it was, and its undo, where it can be undone."""

    clause: str
    delta: Delta
    edits: tuple[TemplateEdit, ...]
    remedies: tuple[Change, ...]


def blame(
    graph: Graph,
    key: Key,
    wrong: Condition,
    container: str = "",
    since: datetime | None = None,
    *,
    unless: Callable[[TemplateEdit], bool] | None = None,
    said: str = "",
    within: timedelta | None = None,
) -> Blame | None:
    """Return the last rollout as the origin of what is ``wrong``, or None when it does not explain it.

    It does when it touched a field that can bring the condition about, and the trouble did not begin before it or
    long after it.

    Arguments:
        container: only what was changed of it and of the whole pod counts; empty means every container.
        since: when the trouble began; None where nothing tells.
        unless: says of an edit that it explains nothing here.
        said: what the trouble says of itself; an edit that it names is the decisive one.
        within: how long after a rollout it explains, where that is another time than usual.
    """
    if key not in graph.deltas:
        graph.deltas[key] = last_change(graph, key)
    delta: Delta | None = graph.deltas[key]
    if delta is None or not delta.edits:
        return None
    edits = delta.touching(wrong.fields, container) if wrong.fields else delta.edits
    if unless is not None:
        edits = tuple(edit for edit in edits if not unless(edit))
    # What began nobody knows when was there just now at the latest: an old rollout does not explain it.
    since = since or graph.now
    usual = TOUCHED_EXPLAINS_WITHIN if wrong.fields else EXPLAINS_WITHIN
    if not edits or not _in_time(delta.at, since, within or usual):
        return None
    edits = _decisive_first(edits, wrong.fields, said)
    when = f" {age(delta.at, graph.now)} ago" if delta.at else ""
    shown_edits, more = edits[:_MOST_SHOWN], len(edits) - _MOST_SHOWN
    clause = f"{delta.title}{when} changed {'; '.join(map(str, shown_edits))}"
    if more > 0:
        clause += f"; and {more} more"
    reason = f"{delta.title} introduced it: {edits[0]}"
    remedies = () if delta.run and not delta.back else (undo(delta, graph, reason),)
    return Blame(clause=clause, delta=delta, edits=edits, remedies=remedies)


_MOST_SHOWN = 2
_TELLING = (
    ".image", ".command", ".args", ".env", "olumeMounts", "volumes", "serviceAccount", ".resources.limits",
    ".resources", "Probe", "securityContext", "nodeSelector", "affinity", "tolerations",
)  # fmt: skip
"""Parts of paths by how often a change of them breaks a program."""


def _decisive_first(edits: tuple[TemplateEdit, ...], fields: tuple[str, ...], said: str) -> tuple[TemplateEdit, ...]:
    """Return the edits with the one first that the trouble names, then by the fields that bring it about."""
    order = (*fields, *_TELLING)

    def place(edit: TemplateEdit) -> tuple[bool, int, str]:
        values = [value for value in (edit.before, edit.after) if len(value) > _SHORT_VALUE]
        name = edit.path.rpartition("[")[2].partition("]")[0] if "[" in edit.path else ""
        named = bool(said) and (any(value in said for value in values) or (".env[" in edit.path and name in said))
        known = next((index for index, part in enumerate(order) if part in edit.path), len(order))
        return not named, known, edit.path

    return tuple(sorted(edits, key=place))


_SHORT_VALUE = 3
"""A shorter value stands in many a line by chance."""


def _in_time(changed: datetime | None, since: datetime | None, within: timedelta) -> bool:
    if changed is None or since is None:
        return changed is not None
    return changed - timedelta(minutes=2) <= since <= changed + within
