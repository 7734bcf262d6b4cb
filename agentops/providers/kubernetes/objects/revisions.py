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
from agentops.providers.kubernetes.objects.fields import annotations_of, mapping, name_of, number, template_of, text
from agentops.providers.kubernetes.objects.owners import is_owned_by

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"
OF_ONE_RUN = frozenset(
    {
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-tracking",
        "batch.kubernetes.io/cronjob-scheduled-timestamp",
        "batch.kubernetes.io/job-index-failure-count",
        "cronjob.kubernetes.io/instantiate",
    }
)
"""Labels and annotations that belong to one run of a Job or CronJob and not to its template."""
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


def revisions_among(workload: Any, found: Iterable[Any]) -> list[Revision]:
    """Return the revisions of ``workload``, newest first; ``found``: objects of ``revision_kind``, of any owner."""
    uids = {text(workload, "metadata", "uid")}
    mine = (revision_of(other) for other in found if is_owned_by(other, uids))
    return newest_first(mine)


def newest_first(found: Iterable[Revision]) -> list[Revision]:
    """Return revisions by their number; the controller numbers one when it makes it, so what has no number is none."""
    return sorted((one for one in found if one.number > 0), key=lambda one: one.number, reverse=True)


def revision_of(item: Any) -> Revision:
    """Return a ReplicaSet or a ControllerRevision as a revision; its number is 0 when it has none."""
    annotations = annotations_of(item)
    of_controller = "revision" in item or "data" in item
    template = mapping(item, "data", "spec", "template") if of_controller else template_of(item)
    # A rollback takes an old ReplicaSet again under a new number; the old numbers stand here.
    history = annotations.get("deployment.kubernetes.io/revision-history", "")
    ready, wanted = number(item, "status", "readyReplicas"), number(item, "spec", "replicas")
    return Revision(
        number=number(item, "revision") if of_controller else _integer(annotations.get(REVISION)),
        name=name_of(item),
        created_at=text(item, "metadata", "creationTimestamp"),
        template=plain_template(template),
        cause=annotations.get(_CAUSE, ""),
        replicas="" if of_controller else f"{ready}/{wanted} ready",
        earlier=tuple(_integer(part) for part in history.split(",") if part),
    )


def plain_template(template: Any) -> dict[str, Any]:
    """Return a pod template without what the controllers themselves add to it."""
    metadata = {key: value for key, value in mapping(template, "metadata").items() if key != "creationTimestamp"}
    if "labels" in metadata:
        labels = mapping(metadata, "labels")
        metadata["labels"] = {key: value for key, value in labels.items() if key not in _HASHES}
    spec = {key: value for key, value in mapping(template, "spec").items() if key != "$patch"}
    return {"metadata": metadata, "spec": spec}


def run_template(obj: Any) -> dict[str, Any]:
    """Return the pod template of a Job or CronJob, so that a run and what it was made of compare equal."""
    template = plain_template(template_of(obj))
    kept = {}
    for field, value in template["metadata"].items():
        own = value
        if field in ("labels", "annotations"):
            own = {
                name: text_ for name, text_ in mapping(template, "metadata", field).items() if name not in OF_ONE_RUN
            }
        if own:
            kept[field] = own
    return {"metadata": kept, "spec": template["spec"]}


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
