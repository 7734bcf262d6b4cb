"""``kubernetes_events``: what happened, newest first; and the events of given objects for ``kubernetes_describe``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from agentops.core.clock import Clock, age
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.event import (
    NEVER,
    Event,
    alike,
    involved,
    last_seen,
    message_of,
    times,
)
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import ANY_NAMESPACE, NAME, choice, number, read_tool, text
from agentops.providers.kubernetes.read.phrases import in_namespace

_READ_LIMIT = 10_000
_MESSAGE_LIMIT = 600


@read_tool(
    "kubernetes_events",
    "Events, newest first; of one object, or of a namespace.",
    {
        "namespace": ANY_NAMESPACE,
        "kind": NAME,
        "name": NAME,
        "type": choice("Warning", "Normal"),
        "contains": text("text in reason or message"),
        "since_minutes": number(100_000),
        "limit": number(500, "default 50"),
    },
    permissions=("list events",),
)
def events(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return events of a namespace or of one object, newest first.

    Raises:
        ToolInputError: an argument cannot be used.
        ClusterError: as ``Cluster.list_page``.
    """
    namespace = arguments.namespace(cluster.namespace)
    now = clock()
    kind = cluster.kind(arguments.text("kind")) if arguments.text("kind") else None
    name = arguments.optional_name("name")
    # Events of cluster-scoped objects stand in some namespace, mostly default; look in all of them.
    if kind and not kind.namespaced:
        namespace = ""
    selector = _selector(kind.kind if kind else "", name, arguments.text("type"))
    found, more = cluster.list_objects(
        builtin("Event"), Selection(namespace=namespace, fields=selector), limit=_READ_LIMIT
    )
    wanted = arguments.text("contains").lower()
    since = now - timedelta(minutes=arguments.number("since_minutes", 10_000_000))
    kept = [event for event in found if last_seen(event) >= since and wanted in _searchable(event)]
    kept.sort(key=last_seen, reverse=True)
    limit = arguments.number("limit", 50)
    notes = []
    # Counted and cut after folding, so that many events of one kind do not push the others out.
    groups = alike(kept)
    if len(groups) > limit:
        notes.append(f"Only the newest {limit} of {len(groups):,} different events are shown.")
    if more:
        notes.append(f"Only {_READ_LIMIT:,} events were searched.")
    where = in_namespace(namespace)
    about = " ".join(part for part in (kind.kind if kind else "", name) if part)
    shown = [event for group in groups[:limit] for event in group]
    body = event_table(shown, now, with_namespace=not namespace) if kept else _nothing(len(found), where, about)
    return Reading(
        body=body,
        summary=f"{plural(len(kept), 'event')} {where}" + (f" of {about}" if about else ""),
        footer=" ".join(notes),
        resources=(cluster.ref(kind.kind, name, namespace),) if kind and name else (),
    )


def _selector(kind: str, name: str, type_: str) -> str:
    """Return the field selector of the events of one object, of a kind or of a type; empty for all."""
    fields = {"involvedObject.kind": kind, "involvedObject.name": name, "type": type_}
    return ",".join(f"{key}={value}" for key, value in fields.items() if value)


def _nothing(read: int, where: str, about: str) -> str:
    if read:
        return f"{plural(read, 'event')} {where}, but none that matches the filters."
    subject = f"There are no events {where}" + (f" of {about}" if about else "")
    return f"{subject}. The API server forgets events after an hour by default."


def events_of(cluster: Cluster, namespace: str, names: Iterable[tuple[str, str]]) -> tuple[list[Event], bool]:
    """Return the events of the given (kind, name) pairs, newest first, and whether some may be missing."""
    wanted = set(names)
    found, more = cluster.list_objects(builtin("Event"), Selection(namespace=namespace), limit=_READ_LIMIT)
    kept: list[Event] = [event for event in found if involved(event)[::2] in wanted]
    kept.sort(key=last_seen, reverse=True)
    return kept, more


def _searchable(event: Event) -> str:
    return f"{event.get('reason')} {event.get('message')}".lower()


def event_table(found: Sequence[Event], now: datetime, *, with_namespace: bool = False) -> str:
    """Return events as a table: when last, how often in all, what, about whom, and the message; those alike as one."""
    rows = []
    for group in alike(found):
        event = group[0]
        moment = last_seen(event)
        kind, _, name = involved(event)
        others = len({involved(one) for one in group}) - 1
        namespace = (event.get("metadata") or {}).get("namespace") or "-"
        row = (
            age(moment, now) if moment != NEVER else "-",
            f"x{sum(map(times, group))}",
            str(event.get("type") or "-"),
            str(event.get("reason") or "-"),
            *((str(namespace),) if with_namespace else ()),
            f"{kind}/{name}" + (f" and {others} more" if others else ""),
            one_line(message_of(event), _MESSAGE_LIMIT),
        )
        rows.append(row)
    middle = ("NAMESPACE",) if with_namespace else ()
    return table(("AGO", "TIMES", "TYPE", "REASON", *middle, "OBJECT", "MESSAGE"), rows)
