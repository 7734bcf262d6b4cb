"""``kubernetes_events``: what happened, newest first; and the events of given objects for other tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from agentops.core.clock import Clock, age, from_iso
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.tools.kubernetes.arguments import Arguments
from agentops.tools.kubernetes.client import Cluster, Selection
from agentops.tools.kubernetes.kinds import builtin
from agentops.tools.kubernetes.paths import check_part
from agentops.tools.kubernetes.table import table

_READ_LIMIT = 10_000
_MESSAGE_LIMIT = 600
_UID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_NEVER = datetime.min.replace(tzinfo=UTC)
Event: TypeAlias = Mapping[str, Any]


def events(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return events of a namespace or of one object, newest first.

    Raises:
        ToolInputError: an argument cannot be used.
        ClusterError: as ``Cluster.list_page``.
    """
    namespace = arguments.namespace(cluster.namespace)
    now = clock()
    kind = cluster.kind(arguments.text("kind")) if arguments.text("kind") else None
    name = check_part(arguments.text("name"), "name") if arguments.text("name") else ""
    if kind and not kind.namespaced:
        namespace = ""
    fields = {
        "involvedObject.kind": kind.kind if kind else "",
        "involvedObject.name": name,
        "type": arguments.text("type"),
    }
    selector = ",".join(f"{key}={value}" for key, value in fields.items() if value)
    found, more = cluster.list_objects(
        builtin("Event"), Selection(namespace=namespace, fields=selector), limit=_READ_LIMIT
    )
    wanted = arguments.text("contains").lower()
    since = now - timedelta(minutes=arguments.number("since_minutes", 10_000_000))
    kept = [event for event in found if last_seen(event) >= since and wanted in _searchable(event)]
    kept.sort(key=last_seen, reverse=True)
    limit = arguments.number("limit", 50)
    notes = []
    groups = alike(kept)
    if len(groups) > limit:
        notes.append(f"Only the newest {limit} of {len(groups):,} different events are shown.")
    if more:
        notes.append(f"Only {_READ_LIMIT:,} events were searched.")
    where = f"in {namespace}" if namespace else "in all namespaces"
    about = " ".join(part for part in (kind.kind if kind else "", name) if part)
    shown = [event for group in groups[:limit] for event in group]
    body = event_table(shown, now, with_namespace=not namespace) if kept else _nothing(len(found), where, about)
    return Reading(
        body=body,
        summary=f"{plural(len(kept), 'event')} {where}" + (f" of {about}" if about else ""),
        footer=" ".join(notes),
        resources=(cluster.ref(kind.kind, name, namespace),) if kind and name else (),
    )


def _nothing(read: int, where: str, about: str) -> str:
    if read:
        return f"{plural(read, 'event')} {where}, but none that matches the filters."
    subject = f"There are no events {where}" + (f" of {about}" if about else "")
    return f"{subject}. The API server forgets events after an hour by default."


def events_of(cluster: Cluster, namespace: str, names: Iterable[tuple[str, str]]) -> tuple[list[Event], bool]:
    """Return the events of the given (kind, name) pairs, newest first, and whether some may be missing."""
    wanted = set(names)
    found, more = cluster.list_objects(builtin("Event"), Selection(namespace=namespace), limit=_READ_LIMIT)
    kept: list[Event] = [event for event in found if _about(event) in wanted]
    kept.sort(key=last_seen, reverse=True)
    return kept, more


def _about(event: Event) -> tuple[str, str]:
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
    return _NEVER


def times(event: Event) -> int:
    """Return how often an event happened."""
    series = event.get("series") or {}
    count = series.get("count") or event.get("count") or 1
    return count if isinstance(count, int) else 1


def _searchable(event: Event) -> str:
    return f"{event.get('reason')} {event.get('message')}".lower()


def alike(found: Sequence[Event]) -> list[list[Event]]:
    """Return events in groups that say the same of objects of one kind, in the order of each group's first.

    The pods of one workload have their own name and uid in their messages, and nothing else tells them apart.
    """
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in found:
        kind, name = _about(event)
        namespace = str((event.get("metadata") or {}).get("namespace") or "")
        message = _message(event)
        said = _UID.sub("", message.replace(name, "NAME") if name else message)
        groups.setdefault((str(event.get("type")), str(event.get("reason")), namespace, kind, said), []).append(event)
    return list(groups.values())


def _message(event: Event) -> str:
    return str(event.get("message") or event.get("note") or "")


def event_table(found: Sequence[Event], now: datetime, *, with_namespace: bool = False) -> str:
    """Return events as a table: when last, how often in all, what, about whom, and the message; those alike as one."""
    rows = []
    for group in alike(found):
        event = group[0]
        moment = last_seen(event)
        kind, name = _about(event)
        others = len({_about(one) for one in group}) - 1
        namespace = (event.get("metadata") or {}).get("namespace") or "-"
        row = (
            age(moment, now) if moment != _NEVER else "-",
            f"x{sum(map(times, group))}",
            str(event.get("type") or "-"),
            str(event.get("reason") or "-"),
            *((str(namespace),) if with_namespace else ()),
            f"{kind}/{name}" + (f" and {others} more" if others else ""),
            one_line(_message(event), _MESSAGE_LIMIT),
        )
        rows.append(row)
    middle = ("NAMESPACE",) if with_namespace else ()
    return table(("AGO", "TIMES", "TYPE", "REASON", *middle, "OBJECT", "MESSAGE"), rows)
