"""``LokiClient``: the log lines that Loki kept, also of pods that are gone; only GET.

Comes in: a LogQL query and a time. Goes out: ``LogStream``s, or the names and values of labels. What comes back is
untrusted text. Form: Grafana Loki's "HTTP API" and ``pkg/loghttp/query.go`` (times are nanoseconds since the epoch as
text, ``resultType`` is ``streams`` or, for a query that counts, ``matrix``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.text import one_line
from agentops.providers.monitoring.endpoint import HttpEndpoint

_PREFIX = "/loki/api/v1"
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStream:
    """The lines of one set of labels: ``(when, line)``, newest first."""

    labels: Mapping[str, str]
    lines: tuple[tuple[datetime, str], ...]


class LokiClient:
    """Asks one Loki, or what speaks its API."""

    def __init__(self, endpoint: HttpEndpoint) -> None:
        self._endpoint = endpoint

    @property
    def url(self) -> str:
        """Its address."""
        return self._endpoint.url

    def query(self, expression: str, start: datetime, end: datetime, limit: int) -> tuple[LogStream, ...]:
        """Return the newest lines that a LogQL expression selects in a time.

        Raises:
            ToolInputError: it is no LogQL, in Loki's own words, or it counts instead of selecting lines.
            ToolError: as ``HttpEndpoint.get_json``, or the answer is not Loki's.
        """
        asked = (
            ("query", expression),
            ("start", str(int(start.timestamp() * _NANO))),
            ("end", str(int(end.timestamp() * _NANO))),
            ("limit", str(limit)),
            ("direction", "backward"),
        )
        data = self._data("/query_range", asked)
        kind = data.get("resultType") if isinstance(data, Mapping) else None
        if kind in ("matrix", "vector"):
            hint = 'Select lines: {app="web"} |= "error"'
            raise ToolInputError("this query counts; it returns no lines", hint=hint)
        if kind != "streams" or not isinstance(data.get("result"), list):
            raise ToolError(f"{self.url} answers a query with no streams", hint="Is loki_url Loki's own address?")
        return tuple(_stream(one) for one in data["result"] if isinstance(one, Mapping))

    def labels(self, start: datetime, end: datetime) -> tuple[str, ...]:
        """Return the names of labels that streams of a time have.

        Raises:
            ToolError: as ``HttpEndpoint.get_json``.
        """
        return self._names("/labels", start, end)

    def values(self, label: str, start: datetime, end: datetime) -> tuple[str, ...]:
        """Return the values of a label.

        Raises:
            ToolInputError: it is no label's name.
            ToolError: as ``HttpEndpoint.get_json``.
        """
        if not label.replace("_", "a").isalnum() or not label.isascii():
            raise ToolInputError(f"{one_line(label, 60)!r} is no label's name")
        return self._names(f"/label/{label}/values", start, end)

    def _names(self, path: str, start: datetime, end: datetime) -> tuple[str, ...]:
        asked = (("start", str(int(start.timestamp() * _NANO))), ("end", str(int(end.timestamp() * _NANO))))
        data = self._data(path, asked)
        return tuple(sorted(str(one) for one in data)) if isinstance(data, list) else ()

    def _data(self, path: str, query: Sequence[tuple[str, str]]) -> Any:
        document = self._endpoint.get_json(f"{_PREFIX}{path}", query)
        if not isinstance(document, Mapping) or document.get("status") != "success":
            raise ToolError(f"{self.url}{_PREFIX}{path} answers with no document of Loki", hint="Check loki_url.")
        return document.get("data")


def _stream(one: Mapping[str, Any]) -> LogStream:
    labels, values = one.get("stream"), one.get("values")
    lines = [
        (when, entry[1])
        for entry in (values if isinstance(values, list) else ())
        if isinstance(entry, list) and len(entry) >= 2 and isinstance(entry[1], str)
        if (when := _moment(entry[0])) is not None
    ]
    return LogStream(
        labels={str(key): str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {},
        lines=tuple(lines),
    )


def _moment(nanoseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(nanoseconds) / _NANO, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
