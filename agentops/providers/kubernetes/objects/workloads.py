"""Kinds that make pods, how many pods they ask for, and whether an edit makes them replace their pods.

Comes in: a workload, or one before and after a change. Goes out: answers. Pure. Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ , .../statefulset/#update-strategies ,
https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from agentops.providers.kubernetes.objects.fields import (
    Object,
    flag,
    labels_of,
    name_of,
    number,
    spec_of,
    template_of,
    text,
)

WORKLOADS: Mapping[str, str] = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "ReplicationController": "",
    "Job": "batch",
    "CronJob": "batch",
}
"""Kinds whose pods this module can count, with their API group."""


# Those whose controller replaces the pods when the template changes.
ROLLED_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
# Those that hold a pod template which somebody edits.
TEMPLATED_KINDS = (*ROLLED_KINDS, "CronJob")
# Those whose spec says a number of replicas, which an autoscaler may write.
SCALED_KINDS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


_REVISION_LABEL = "controller-revision-hash"


def wanted_pods(item: Any) -> int:
    """Return how many pods a workload's spec asks for at one time; a DaemonSet's number is not in its spec."""
    spec = spec_of(item)
    if "completions" in spec or "parallelism" in spec or text(item, "kind") == "Job":
        parallel = number(spec, "parallelism", default=1)
        most = min(parallel, number(spec, "completions", default=parallel))
        return 0 if flag(spec, "suspend") else most
    return number(spec, "replicas", default=1)


def ordinal_of(pod: Object) -> int:
    """Return the number at the end of the name of a StatefulSet's pod; 0 when there is none."""
    last = name_of(pod).rpartition("-")[2]
    return int(last) if last.isdecimal() and len(last) < 10 else 0


def rolls_out(before: Object, after: Object) -> bool:
    """Return whether an edit of a workload makes its controller bring the pods to the template."""
    if template_of(before) != template_of(after):
        return True
    return bool(spec_of(before).get("paused")) and not spec_of(after).get("paused")


def replaces_pods(before: Object, after: Object) -> bool:
    """Return whether the edit makes a controller replace pods by itself, without anybody deleting them."""
    strategy = spec_of(after).get("updateStrategy")
    if after.get("kind") not in ROLLED_KINDS or (isinstance(strategy, Mapping) and strategy.get("type") == "OnDelete"):
        return False
    return rolls_out(before, after)


def is_of_revision(pod: Object, names: Collection[str]) -> bool:
    """Return whether a pod is of one of these ControllerRevisions, by the mark that its controller puts on it.

    A StatefulSet's pods carry the revision's whole name, a DaemonSet's its last part.
    """
    mark = str(labels_of(pod).get(_REVISION_LABEL) or "")
    return bool(mark) and any(name == mark or name.endswith(f"-{mark}") for name in names)
