"""Drops from a snapshot read after a change how containers ended that have since recovered.

Comes in: a snapshot that was read after a change. Goes out: the same one, without the last end of every container that
is ready again and has run for longer now than it lived then. A first look must never use this: there, such an end may
be the only trace of the trouble.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agentops.providers.kubernetes.objects.fields import moment
from agentops.providers.kubernetes.objects.snapshot import Snapshot

LEAST = timedelta(seconds=30)
"""How long a container must have run in any case: one that dies at once outlives its last run quickly."""


def without_outlived_ends(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without the ends that containers have outlived."""
    if not snapshot.was_read("Pod"):
        return snapshot
    pods = tuple(_pod(pod, snapshot.observed_at) for pod in snapshot.of("Pod"))
    return replace(snapshot, objects={**snapshot.objects, "Pod": pods})


def _pod(pod: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    status = pod.get("status")
    held = status.get("containerStatuses") if isinstance(status, Mapping) else None
    if not isinstance(status, Mapping) or not isinstance(held, Iterable):
        return dict(pod)
    return {**pod, "status": {**status, "containerStatuses": [_forgiven(one, now) for one in held]}}


def _forgiven(status: Any, now: datetime) -> Any:
    if not isinstance(status, dict) or status.get("ready") is not True:
        return status
    began, ended = (moment(status, "lastState", "terminated", name) for name in ("startedAt", "finishedAt"))
    running = moment(status, "state", "running", "startedAt")
    if began is None or ended is None or running is None or now - running <= max(ended - began, LEAST):
        return status
    return {**status, "lastState": {}, "restartCount": 0}
