"""What a Kubernetes event says, in ``v1`` and in ``events.k8s.io/v1``: about which object, when last, how often.

Comes in: events as they were read. Goes out: their parts, and groups of those that say the same. Nothing is read from a
cluster. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from agentops.core.clock import from_iso

Event: TypeAlias = Mapping[str, Any]
NEVER = datetime.min.replace(tzinfo=UTC)
"""When an event happened that does not say when."""
_UID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def involved_object(event: Event) -> tuple[str, str]:
    """Return kind and name of the object that an event is about."""
    involved = event.get("involvedObject") or event.get("regarding") or {}
    return str(involved.get("kind")), str(involved.get("name"))


def last_seen(event: Event) -> datetime:
    """Return when an event last happened; the beginning of time when it does not say."""
    series = event.get("series") or {}
    candidates = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event.get("firstTimestamp"),
        (event.get("metadata") or {}).get("creationTimestamp"),
    )
    for moment in candidates:
        if isinstance(moment, str):
            try:
                return from_iso(moment)
            except ValueError:
                continue
    return NEVER


def times(event: Event) -> int:
    """Return how often an event happened."""
    series = event.get("series") or {}
    count = series.get("count") or event.get("count") or 1
    return count if isinstance(count, int) else 1


def alike(found: Sequence[Event]) -> list[list[Event]]:
    """Return events in groups that say the same of objects of one kind, in the order of each group's first.

    The pods of one workload have their own name and uid in their messages, and nothing else tells them apart.
    """
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in found:
        kind, name = involved_object(event)
        namespace = str((event.get("metadata") or {}).get("namespace") or "")
        words = message_of(event)
        said = _UID.sub("", words.replace(name, "NAME") if name else words)
        groups.setdefault((str(event.get("type")), str(event.get("reason")), namespace, kind, said), []).append(event)
    return list(groups.values())


def message_of(event: Event) -> str:
    return str(event.get("message") or event.get("note") or "")
