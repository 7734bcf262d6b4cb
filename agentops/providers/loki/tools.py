"""The read tools of Loki: lines by LogQL, and the labels to select them by.

Comes in: checked arguments. Goes out: a ``Reading``. Every line is untrusted text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agentops.core.client_tool import ClientReadTool, read_spec
from agentops.core.clock import Clock, from_iso, to_iso
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits
from agentops.core.text import one_line, plural
from agentops.core.tool import ReadTool, ToolSpec

if TYPE_CHECKING:
    from agentops.providers.loki.client import LogStream, LokiClient

_LIMITS = SizeLimits(text_chars=4_000, items=20)
_TIMEOUT_S = 45.0
_LINES, _MOST_LINES = 50, 500
_MINUTES, _MOST_MINUTES = 60, 44_640
_VALUES = 200
_LINE_CHARS = 600

_TIME: dict[str, Any] = {
    "minutes": {"type": "integer", "minimum": 1, "maximum": _MOST_MINUTES, "description": "up to end; default 60"},
    "end": {"type": "string", "description": "RFC 3339; default now"},
}


def _spec(name: str, description: str, path: str, properties: dict[str, Any], required: list[str]) -> ToolSpec:
    permissions = [f"GET {path}"]
    return read_spec(name, description, properties, required=required, permissions=permissions, timeout_s=_TIMEOUT_S)


QUERY_SPEC = _spec(
    "loki_query",
    'Log lines that Loki kept, newest first, also of pods that are gone; by LogQL such as {namespace="shop"}.',
    "/loki/api/v1/query_range",
    {
        "query": {"type": "string", "minLength": 1, "description": "LogQL that selects lines"},
        **_TIME,
        "limit": {"type": "integer", "minimum": 1, "maximum": _MOST_LINES, "description": "lines; default 50"},
    },
    ["query"],
)
LABELS_SPEC = _spec(
    "loki_labels",
    "The labels that log streams have, or the values of one label.",
    "/loki/api/v1/labels",
    {"label": {"type": "string", "description": "its values; without it the names of labels"}, **_TIME},
    [],
)
SPECS: tuple[ToolSpec, ...] = (QUERY_SPEC, LABELS_SPEC)


def read_tools(client: LokiClient, clock: Clock) -> tuple[ReadTool, ...]:
    """Return the read tools for one server."""
    return tuple(
        ClientReadTool(spec=spec, client=client, clock=clock, function=function, limits=_LIMITS)
        for spec, function in ((QUERY_SPEC, query), (LABELS_SPEC, labels))
    )


def query(client: LokiClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the newest lines that a query selects.

    Raises:
        ToolInputError, ToolError: as ``LokiClient.query``.
    """
    expression, limit = str(arguments["query"]), int(arguments.get("limit", _LINES))
    start, end = _span(arguments, clock())
    return lines_reading(client.query(expression, start, end, limit), expression, start, end, limit)


def lines_reading(streams: Sequence[LogStream], expression: str, start: datetime, end: datetime, limit: int) -> Reading:
    """Return lines of several streams as one text in the order of time; labels that all have are said once."""
    found = sorted(((when, line, one.labels) for one in streams for when, line in one.lines), key=lambda each: each[0])
    common = dict(set.intersection(*(set(one.labels.items()) for one in streams))) if streams else {}
    body = [f"labels of all: {_labels(common)}"] if common and found else []
    for when, line, own in found:
        rest = _labels({name: value for name, value in own.items() if name not in common})
        body.append(f"{to_iso(when)} {f'[{rest}] ' if rest else ''}{one_line(line, _LINE_CHARS)}")
    footer = ""
    if len(found) >= limit:
        footer = f"Only the newest {limit} lines; there may be more: narrow the query or the time."
    if not found:
        body = ["No line. Either nothing was written, or Loki does not keep it, or its labels differ (loki_labels)."]
    return Reading(
        body="\n".join(body),
        summary=f"{plural(len(found), 'log line')} from {to_iso(start)} to {to_iso(end)}: {one_line(expression, 160)}"
        + (f"; the last one: {one_line(found[-1][1], 160)}" if found else ""),
        footer=footer,
    )


def labels(client: LokiClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the names of labels, or the values of one.

    Raises:
        ToolInputError, ToolError: as ``LokiClient.labels`` and ``values``.
    """
    start, end = _span(arguments, clock())
    label = str(arguments.get("label", ""))
    names = client.values(label, start, end) if label else client.labels(start, end)
    what = f"values of {one_line(label, 60)}" if label else "labels"
    footer = f"{len(names) - _VALUES} more left out." if len(names) > _VALUES else ""
    return Reading(
        body="\n".join(one_line(name, 200) for name in names[:_VALUES]) or f"No {what} in this time.",
        summary=f"{len(names)} {what}",
        footer=footer,
    )


def _labels(pairs: Mapping[str, str]) -> str:
    return " ".join(f"{one_line(name, 60)}={one_line(value, 120)}" for name, value in sorted(pairs.items()))


def _span(arguments: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    said = str(arguments.get("end") or "")
    try:
        end = from_iso(said) if said else now
        return end - timedelta(minutes=int(arguments.get("minutes", _MINUTES))), end
    except (ValueError, OverflowError) as error:
        raise ToolInputError(f"end: {one_line(said, 40)!r} is no time such as 2026-11-22T12:00:00Z") from error
