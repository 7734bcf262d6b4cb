"""What a Kubernetes event says, in ``v1`` and in ``events.k8s.io/v1``: about which object, when last, how often.

Comes in: events as they were read. Goes out: their parts, and groups of those that say the same. Nothing is read from a
cluster. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from agentops.providers.kubernetes.objects.fields import Key, Object, moment, name_of, namespace_of, number, text

Event: TypeAlias = Object
NEVER = datetime.min.replace(tzinfo=UTC)
"""When an event happened that does not say when."""
_UID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_CLUSTER_WIDE = ("Node", "PersistentVolume", "Namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEvent:
    """What was reported about one object, how often, and when.

    ``about`` is the object, ``part`` the field path inside it (``spec.containers{web}``). ``event`` is the event's own
    identity, for quoting.
    """

    about: Key
    event: Key
    warning: bool
    reason: str
    message: str
    part: str
    count: int
    first: datetime | None
    last: datetime | None

    @property
    def container(self) -> str:
        """The container that the event is about, or empty."""
        head, brace, tail = self.part.partition("{")
        return tail.rstrip("}") if brace and head.startswith("spec.") else ""


def _subject(event: Event) -> Any:
    return event.get("involvedObject") or event.get("regarding")


def involved(event: Event) -> Key:
    """Return the identity of the object that the event is about."""
    subject = _subject(event)
    kind = text(subject, "kind")
    return kind, "" if kind in _CLUSTER_WIDE else text(subject, "namespace"), text(subject, "name")


def last_seen(event: Event) -> datetime:
    """Return when an event last happened; ``NEVER`` when it does not say.

    The order is kubectl's (``printEvent``), with the ``deprecated`` names that the fields have in ``events.k8s.io/v1``.
    """
    return (
        moment(event, "series", "lastObservedTime")
        or moment(event, "lastTimestamp")
        or moment(event, "deprecatedLastTimestamp")
        or _first_seen(event)
        or NEVER
    )


def _first_seen(event: Event) -> datetime | None:
    return (
        moment(event, "firstTimestamp")
        or moment(event, "deprecatedFirstTimestamp")
        or moment(event, "eventTime")
        or moment(event, "metadata", "creationTimestamp")
    )


def times(event: Event) -> int:
    """Return how often an event happened: what its series counts, else what it counts itself."""
    return number(event, "series", "count") or number(event, "count") or number(event, "deprecatedCount") or 1


def message_of(event: Event) -> str:
    """Return what an event says."""
    return text(event, "message") or text(event, "note")


def event_of(event: Event) -> ObjectEvent:
    """Return the event in our shape; a time that is missing is None."""
    last = last_seen(event)
    return ObjectEvent(
        about=involved(event),
        event=("Event", namespace_of(event), name_of(event)),
        warning=text(event, "type") == "Warning",
        reason=text(event, "reason"),
        message=message_of(event),
        part=text(_subject(event), "fieldPath"),
        count=times(event),
        first=_first_seen(event) or (None if last is NEVER else last),
        last=None if last is NEVER else last,
    )


def alike(found: Sequence[Event]) -> list[list[Event]]:
    """Return events in groups that say the same of objects of one kind, in the order of each group's first.

    The pods of one workload have their own name and uid in their messages, and nothing else tells them apart.
    """
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in found:
        kind, _, name = involved(event)
        words = message_of(event)
        said = _UID.sub("", words.replace(name, "NAME") if name else words)
        groups.setdefault(
            (str(event.get("type")), str(event.get("reason")), namespace_of(event), kind, said), []
        ).append(event)
    return list(groups.values())
