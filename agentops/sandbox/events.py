"""Events in the form that the real components write them, counted and rate-limited as client-go's correlator does.

Comes in: what a component has to say about an object. Goes out: Event objects in the store, repeated ones with a
growing ``count``. The scheduler writes the newer form (``eventTime`` and ``series``; no ``firstTimestamp``), as it
does in a real cluster. Must never write one event per repetition: a probe that fails for an hour is one object.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agentops.core.clock import from_iso
from agentops.sandbox.clock import VirtualClock
from agentops.sandbox.objects import reference
from agentops.sandbox.store import Key, Obj, ObjectStore, timestamp

EVENT_TTL = timedelta(hours=1)
# client-go tools/record/events_cache.go: 10 similar events, then "(combined from similar events)"; repeats are written
# 25 times in a burst, then once in five minutes. There the burst is shared by all events of an object; here each reason
# has its own, so that a chatty one does not hide the others.
_SIMILAR_LIMIT = 10
_BURST = 25
_REFILL = timedelta(minutes=5)


@dataclass(slots=True)
class _Seen:
    name: str
    count: int = 0
    first: str = ""


@dataclass(slots=True)
class _Bucket:
    tokens: float = float(_BURST)
    filled_at: datetime | None = None
    messages: set[str] = field(default_factory=set)


class Recorder:
    """Writes events; keeps what it needs to count repeats of each and to hold back floods."""

    def __init__(self, store: ObjectStore, clock: VirtualClock) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[tuple[str, ...], _Seen] = {}
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._serial = itertools.count(1)

    def record(
        self, obj: Obj, kind: str, reason: str, message: str, component: str, *, host: str = "", container: str = ""
    ) -> None:
        """Write an event about ``obj``, or count one up.

        Arguments:
            kind: ``Normal`` or ``Warning``.
            component: the reporting component, such as ``kubelet``.
            host: the node, for components that run on one.
            container: names the container in ``involvedObject.fieldPath``; ``init:NAME`` for an init container.
        """
        involved = reference(obj)
        if container:
            involved["fieldPath"] = _field_path(container)
        bucket = self._buckets.setdefault((component, involved["uid"], reason), _Bucket())
        similar = bucket.messages
        if message not in similar and len(similar) >= _SIMILAR_LIMIT:
            message = f"(combined from similar events): {message}"
            identity = (component, involved["uid"], kind, reason, "combined")
        else:
            similar.add(message)
            identity = (component, involved["uid"], kind, reason, message + container)
        seen = self._seen.get(identity)
        if seen is None:
            stamp = int(self._clock.now().timestamp() * 1e9) + next(self._serial)
            seen = self._seen[identity] = _Seen(f"{involved['name']}.{stamp:x}", first=timestamp(self._clock.now()))
        seen.count += 1
        if seen.count > 1 and not self._spend(bucket):
            return
        self._write(seen, _body(seen, involved, kind, reason, message, component, host, self._clock.now()))

    def expire(self) -> None:
        """Remove the events that were last written more than an hour ago."""
        horizon = timestamp(self._clock.now() - EVENT_TTL)
        for event in list(self._store.list("Event", group="")):
            if _last_written(event) < horizon:
                metadata = event["metadata"]
                self._store.remove(Key("", "Event", metadata["namespace"], metadata["name"]))
        live = {event["metadata"]["name"] for event in self._store.list("Event", group="")}
        self._seen = {identity: seen for identity, seen in self._seen.items() if seen.name in live}

    def _spend(self, bucket: _Bucket) -> bool:
        now = self._clock.now()
        if bucket.filled_at is not None:
            bucket.tokens = min(bucket.tokens + (now - bucket.filled_at) / _REFILL, float(_BURST))
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _write(self, seen: _Seen, event: Obj) -> None:
        namespace = event["metadata"]["namespace"]
        if self._store.peek(Key("", "Event", namespace, seen.name)) is None:
            self._store.load([event])
            return
        self._store.replace(event)


def _field_path(container: str) -> str:
    head, _, name = container.rpartition(":")
    return f"spec.{'initContainers' if head == 'init' else 'containers'}{{{name}}}"


def _last_written(event: Obj) -> str:
    series: dict[str, Any] = event.get("series") or {}
    said = event.get("lastTimestamp") or series.get("lastObservedTime") or event.get("eventTime")
    return str(said or event["metadata"]["creationTimestamp"])


def _body(
    seen: _Seen,
    involved: dict[str, Any],
    kind: str,
    reason: str,
    message: str,
    component: str,
    host: str,
    now: datetime,
) -> Obj:
    event: Obj = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": seen.name, "namespace": involved.get("namespace") or "default"},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": kind,
        "reportingComponent": component,
    }
    if component == "default-scheduler":
        micro = "%Y-%m-%dT%H:%M:%S.%fZ"
        event |= {
            "action": "Scheduling",
            "eventTime": from_iso(seen.first).strftime(micro),
            "firstTimestamp": None,
            "lastTimestamp": None,
            "reportingInstance": "default-scheduler-control-plane-1",
            "source": {},
        }
        if seen.count > 1:
            event["series"] = {"count": seen.count, "lastObservedTime": now.strftime(micro)}
        return event
    return event | {
        "count": seen.count,
        "eventTime": None,
        "firstTimestamp": seen.first,
        "lastTimestamp": timestamp(now),
        "reportingInstance": host,
        "source": {"component": component, **({"host": host} if host else {})},
    }
