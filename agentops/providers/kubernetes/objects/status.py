"""What an object's status says at a glance: its age, its conditions, and the one word for a pod, as kubectl shows it.

Comes in: a plain object and the time. Goes out: a word, a number or a short text. Nothing is read from a cluster.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agentops.core.clock import age, from_iso
from agentops.providers.kubernetes.objects.fields import Object


def age_of(moment: Any, now: datetime) -> str:
    """Return the age of a timestamp, ``-`` when it is absent or not a time."""
    try:
        return age(from_iso(moment), now) if isinstance(moment, str) else "-"
    except ValueError:
        return "-"


def created(item: Object, now: datetime) -> str:
    """Return the age of an object."""
    return age_of((item.get("metadata") or {}).get("creationTimestamp"), now)


def pod_state(pod: Object) -> str:
    """Return the one word that tells most about a pod: a container's reason before the phase, as kubectl shows it."""
    status = pod.get("status") or {}
    # The order is that of kubectl: a deletion hides everything, init containers come before the others.
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return "Terminating"
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    for container in status.get("initContainerStatuses") or ():
        trouble = container_trouble(container)
        if trouble:
            return f"Init:{trouble}"
    for container in status.get("containerStatuses") or ():
        trouble = container_trouble(container)
        if trouble:
            return trouble
    # Pending alone does not tell "no node fits" from "the image is being pulled".
    unschedulable = [c for c in status.get("conditions") or () if c.get("type") == "PodScheduled"]
    if reason == "Pending" and any(c.get("status") == "False" for c in unschedulable):
        return str(unschedulable[0].get("reason") or reason)
    return reason


def container_trouble(container: Object) -> str:
    """Return why a container does not run, or an empty text when it runs or ended well."""
    state = container.get("state") or {}
    waiting, ended = state.get("waiting"), state.get("terminated")
    if waiting and waiting.get("reason") not in {"PodInitializing", None}:
        return str(waiting["reason"])
    if ended and ended.get("exitCode"):
        return str(ended.get("reason") or f"ExitCode:{ended['exitCode']}")
    return ""


def readiness(pod: Object) -> str:
    """Return ``1/2``: ready containers of all."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    total = len((pod.get("spec") or {}).get("containers") or ()) or len(statuses)
    return f"{sum(bool(status.get('ready')) for status in statuses)}/{total}"
