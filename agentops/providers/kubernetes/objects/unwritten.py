"""Objects whose status nobody has written: plain manifests, which say what is wanted and nothing of what is.

Comes in: objects. Goes out: those of which nothing may be claimed, and the gaps that say so. Pure. A controller writes
the status of a new object within moments; until then, and in a file that was never applied, what is absent is no zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from agentops.core.analysis import Gap
from agentops.providers.kubernetes.objects.fields import moment, name_of, namespace_of, status_of
from agentops.providers.kubernetes.objects.snapshot import Snapshot

# Kinds of which the status is what tells whether they are well; a CronJob that never ran has an empty one.
_TELLING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod", "PersistentVolumeClaim", "Node")
_STARTING = timedelta(seconds=90)
_NAMED_AT_MOST = 20
_REASON = "it was never written, as in a plain manifest that no cluster has answered"


def has_status(obj: Mapping[str, Any]) -> bool:
    """Return whether anything was written into the object's status."""
    return bool(status_of(obj))


def unwritten(snapshot: Snapshot) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of the snapshot without a status, but for those that were made a moment ago."""
    for kind in _TELLING:
        for obj in snapshot.of(kind):
            if not isinstance(obj, dict) or not name_of(obj) or has_status(obj):
                continue
            created = moment(obj, "metadata", "creationTimestamp")
            if created is None or snapshot.observed_at - created >= _STARTING:
                yield obj


def unwritten_gaps(snapshot: Snapshot) -> tuple[Gap, ...]:
    """Return what is not known since nobody wrote it, at most so many objects by name."""
    names = [_name(obj) for obj in unwritten(snapshot)]
    gaps = [Gap(what=f"the status of {name}", reason=_REASON) for name in names[:_NAMED_AT_MOST]]
    if len(names) > _NAMED_AT_MOST:
        gaps.append(Gap(what=f"that of {len(names) - _NAMED_AT_MOST} more", reason=_REASON))
    return tuple(gaps)


def _name(obj: Mapping[str, Any]) -> str:
    return "/".join(filter(None, (namespace_of(obj), str(obj.get("kind") or ""), name_of(obj))))
