"""What Kubernetes says of an object, and of what becomes of it, for policy: worked out from the preview alone.

Comes in: a reference, and what a preview says of it. Goes out: ``ObjectFacts``. Nothing is read. Secret, Namespace and
PersistentVolumeClaim are told apart by kind, as the API does (core group).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.core.policy import ObjectFacts
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.objects.fields import at, labels_of

_SECRET_FIELDS = ("data", "stringData")
_CLAIMED = "spec.resources.requests.storage"


def object_facts(ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:
    """Return what is true of an object, and of what a change makes of it; see ``core.policy.ObjectFacts``."""
    group = ref.name if ref.kind == "Namespace" else ref.namespace
    if item is None:
        return ObjectFacts(group=group, writes_secrets=None if ref.kind == "Secret" else False)
    before = item.before if item.before is not None else item.after
    return ObjectFacts(
        group=group,
        writes_secrets=ref.kind == "Secret" and _writes_contents(item),
        labels=labels_of(before),
        replicas=_replicas(item.before),
        replicas_after=_replicas(item.after),
        scales_to_zero=_scales_to_zero(item),
        grows_only=item.verb is Verb.UPDATE and bool(item.edits) and all(map(_grows, item.edits)),
        adds_only=_adds_only(item),
    )


def _replicas(document: Mapping[str, Any] | None) -> int | None:
    value = at(document, "spec", "replicas")
    return value if type(value) is int else None


def _scales_to_zero(item: ObjectChange) -> bool:
    """Return whether a workload that runs will be asked to run nothing; absent replicas are the API's default, one."""
    return item.verb is Verb.UPDATE and _replicas(item.after) == 0 and _replicas(item.before) != 0


def _grows(edit: Edit) -> bool:
    if edit.path == "spec.replicas":
        return type(edit.old) is int and type(edit.new) is int and edit.new > edit.old
    # Uncordoned (Node), resumed (CronJob).
    return edit.path in ("spec.unschedulable", "spec.suspend") and edit.old is True and not edit.new


def _adds_only(item: ObjectChange) -> bool:
    """Return whether nothing that is there loses anything: an object is made, or a claim asks for more storage.

    That the claim asks for more and not for less is the tool's and the server's to see to: neither takes less.
    """
    if item.verb is not Verb.UPDATE:
        return item.verb is Verb.CREATE
    return item.ref.kind == "PersistentVolumeClaim" and [edit.path for edit in item.edits] == [_CLAIMED]


def _writes_contents(item: ObjectChange) -> bool:
    """Return whether a Secret's contents are written; an update that does not say what it edits is taken to."""
    if item.verb is Verb.DELETE:
        return False
    heads = [edit.path.replace("[", ".").partition(".")[0] for edit in item.edits]
    return item.verb is Verb.CREATE or not heads or any(head in _SECRET_FIELDS for head in heads)
