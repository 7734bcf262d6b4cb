"""``ObjectEvent``: a Kubernetes event in one shape, whether it came as ``v1`` or as ``events.k8s.io/v1``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.providers.kubernetes.objects.fields import Key, key_of, moment, number, text


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


def _subject(event: dict[str, Any]) -> Any:
    return event.get("involvedObject") or event.get("regarding")


def involved(event: dict[str, Any]) -> Key:
    """Return the identity of the object that the event is about."""
    subject = _subject(event)
    kind = text(subject, "kind")
    namespace = "" if kind in ("Node", "PersistentVolume", "Namespace") else text(subject, "namespace")
    return kind, namespace, text(subject, "name")


def event_of(event: dict[str, Any]) -> ObjectEvent:
    """Return the event in our shape; a time that is missing is None."""
    created = moment(event, "metadata", "creationTimestamp")
    first = moment(event, "firstTimestamp") or moment(event, "deprecatedFirstTimestamp") or moment(event, "eventTime")
    last = (
        moment(event, "series", "lastObservedTime")
        or moment(event, "lastTimestamp")
        or moment(event, "deprecatedLastTimestamp")
        or moment(event, "eventTime")
    )
    count = max(number(event, "count"), number(event, "series", "count"), number(event, "deprecatedCount"), 1)
    return ObjectEvent(
        about=involved(event),
        event=("Event", key_of(event)[1], key_of(event)[2]),
        warning=text(event, "type") == "Warning",
        reason=text(event, "reason"),
        message=text(event, "message") or text(event, "note"),
        part=text(_subject(event), "fieldPath"),
        count=count,
        first=first or created or last,
        last=last or first or created,
    )
