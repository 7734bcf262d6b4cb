"""``AwsSnapshot``: what one sweep read: things by reference, how they hang together, and what could not be read.

The data of a thing is what AWS answers, cut down to what analyzers and people look at, in AWS's own field names. What
was read in other calls about the same thing stands beside it under a name of its own: ``Health`` of a target group,
``Activities`` of a group, ``StoppedTasks`` of a service, ``Metrics``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from agentops.core.alert import Target
from agentops.core.analysis import Edge, Gap
from agentops.core.clock import from_iso
from agentops.core.resource import ResourceRef
from agentops.providers.aws.objects.place import AwsPlace

Data: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSnapshot:
    """What was read of one account and region.

    Arguments:
        starts: where the sweep began: the resource or alarm that was named, or all alarms that fire.
        absent: what was looked for and is not there.
        unread: what AWS would not let us read at all; nothing is known of it.
        changes: what CloudTrail tells of the hour before, newest first.
        whole: nothing was named: it began at every alarm that fires.
    """

    place: AwsPlace
    at: datetime
    target: Target
    starts: tuple[ResourceRef, ...] = ()
    things: Mapping[ResourceRef, Data] = field(default_factory=dict)
    edges: Mapping[ResourceRef, tuple[Edge, ...]] = field(default_factory=dict)
    absent: frozenset[ResourceRef] = frozenset()
    unread: frozenset[ResourceRef] = frozenset()
    changes: tuple[Data, ...] = ()
    gaps: tuple[Gap, ...] = ()
    whole: bool = False

    def of(self, kind: str) -> Iterator[tuple[ResourceRef, Data]]:
        """Yield the things of one kind."""
        for ref, data in self.things.items():
            if ref.kind == kind:
                yield ref, data

    def ref(self, kind: str, name: str) -> ResourceRef:
        """Return the reference of a thing here, whether it was read or not."""
        return self.place.ref(kind, name)

    def above(self, ref: ResourceRef) -> tuple[ResourceRef, ...]:
        """Return the things that depend on a thing, as far as they were read."""
        return tuple(one for one, edges in self.edges.items() if any(edge.ref == ref for edge in edges))


def moment(value: object) -> datetime | None:
    """Return a time as the SDK or a case file has it, aware; None where it is none."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    try:
        return from_iso(str(value)) if value else None
    except ValueError:
        return None


def latest(data: Data, metric: str) -> float | None:
    """Return the last value of a metric; None where it has none."""
    values = series(data, metric)
    return values[-1][1] if values else None


def series(data: Data, metric: str) -> list[tuple[datetime, float]]:
    """Return the values of a metric that was read beside a thing, oldest first."""
    listed = (data.get("Metrics") or {}).get(metric) or ()
    found = [(at, float(value)) for when, value in listed if (at := moment(when)) is not None]
    return sorted(found)
