"""Whether a pod counts, is ready, restarted, or deserves a closer look.

Comes in: a pod. Goes out: facts. The closer look is asked of every pod of a cluster, so it must cost microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.providers.kubernetes.objects.fields import condition, items, moment, number, text

_ENDED = frozenset({"Succeeded", "Failed"})
RECENT = timedelta(hours=1)
"""A restart that is older than this says nothing about now."""


def is_well(pod: dict[str, Any]) -> bool:
    """Return whether ``pod`` runs, is ready, never restarted and is not being deleted; or has succeeded."""
    status, metadata = pod.get("status"), pod.get("metadata")
    if not isinstance(status, dict) or not isinstance(metadata, dict) or metadata.get("deletionTimestamp"):
        return False
    phase = status.get("phase")
    if phase == "Succeeded":
        return True
    if phase != "Running":
        return False
    statuses = status.get("containerStatuses")
    if not isinstance(statuses, list) or not statuses:
        return False
    for entry in statuses:
        if not isinstance(entry, dict) or entry.get("ready") is not True or entry.get("restartCount"):
            return False
    conditions = status.get("conditions")
    for entry in conditions if isinstance(conditions, list) else ():
        if isinstance(entry, dict) and entry.get("type") == "Ready":
            return entry.get("status") == "True"
    return True


def is_active(pod: Any) -> bool:
    """Return whether the pod counts for its workload: neither finished, nor evicted, nor being deleted.

    Source: ``IsPodActive`` (kubernetes/pkg/controller/controller_utils.go).
    """
    return not text(pod, "metadata", "deletionTimestamp") and text(pod, "status", "phase") not in _ENDED


def is_ready(pod: Any) -> bool:
    """Return whether the pod is capacity: active, and its Ready condition is true (readiness gates included).

    Source: the counts of a workload's status are of active pods whose Ready condition is true; a pod without that
    condition is not ready (``IsPodReady``, kubernetes/pkg/api/v1/pod/util.go).
    """
    return is_active(pod) and text(condition(pod, "Ready"), "status") == "True"


def ready_count(pods: Iterable[Any]) -> int:
    """Return how many of the pods are ready."""
    return sum(map(is_ready, pods))


def unready_since(pods: Iterable[Any]) -> datetime | None:
    """Return since when a pod of these is not ready; None when all are, or no kubelet has said anything of them yet."""
    times = (moment(condition(pod, "Ready"), "lastTransitionTime") for pod in pods if not is_ready(pod))
    return min(filter(None, times), default=None)


def restarts(pod: Any) -> int:
    """Return how often the pod's containers restarted, as kubectl counts it.

    Source: ``printPod`` (kubernetes/pkg/printers/internalversion/printers.go): once the pod is initialized, of its init
    containers only sidecars (``restartPolicy: Always``) still count.
    """
    found = sum(number(status, "restartCount") for status in items(pod, "status", "containerStatuses"))
    spec = items(pod, "spec", "initContainers")
    sidecars = {text(container, "name") for container in spec if text(container, "restartPolicy") == "Always"}
    done = text(condition(pod, "Initialized"), "status") == "True"
    of_init = (
        one for one in items(pod, "status", "initContainerStatuses") if not done or text(one, "name") in sidecars
    )
    return found + sum(number(status, "restartCount") for status in of_init)
