"""Whether a pod deserves a closer look: the one question that is asked of every pod, so it must cost microseconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from agentops.providers.kubernetes.objects.fields import items, moment, number, text

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


def is_ready(pod: dict[str, Any]) -> bool:
    """Return whether the pod's Ready condition is true (readiness gates included) and it is not being deleted."""
    if text(pod, "metadata", "deletionTimestamp"):
        return False
    for entry in items(pod, "status", "conditions"):
        if entry.get("type") == "Ready":
            return entry.get("status") == "True"
    statuses = items(pod, "status", "containerStatuses")
    return (
        bool(statuses) and text(pod, "status", "phase") == "Running" and all(s.get("ready") is True for s in statuses)
    )


def is_active(pod: dict[str, Any]) -> bool:
    """Return whether the pod counts for its workload: neither finished, nor evicted, nor being deleted."""
    if text(pod, "metadata", "deletionTimestamp"):
        return False
    return text(pod, "status", "phase") not in ("Succeeded", "Failed")


def ended_at(status: dict[str, Any]) -> datetime | None:
    """Return when the container's last finished run ended."""
    return moment(status, "state", "terminated", "finishedAt") or moment(
        status, "lastState", "terminated", "finishedAt"
    )


def restarts(pod: dict[str, Any]) -> int:
    """Return how often the pod's app containers restarted."""
    return sum(number(status, "restartCount") for status in items(pod, "status", "containerStatuses"))
