"""``prometheus_range``: how an expression moved over a time: least, greatest, last, trend and a small chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agentops.core.chart import number_text, sparkline
from agentops.core.client_tool import count
from agentops.core.clock import Clock, age
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.objects.movement import Movement, movement_of
from agentops.providers.prometheus.objects.series import Series
from agentops.providers.prometheus.read.declaration import QUERY, about, prometheus_tool
from agentops.providers.prometheus.read.query import footer_of, nothing_found
from agentops.providers.prometheus.read.times import POINTS, clock_text, moment, step_for

_SHOWN = 10
_MINUTES = 60
_MOST_MINUTES = 44_640


@prometheus_tool(
    "prometheus_range",
    "How a PromQL expression moved over a time, one chart a series; those that moved most come first.",
    {
        "query": QUERY,
        "minutes": count(_MOST_MINUTES, "up to end; default 60"),
        "end": about("RFC 3339; default now"),
        "limit": count(50, "series; default 10"),
    },
    required=("query",),
    path="/api/v1/query_range",
)
def query_range(client: PrometheusClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return how each series of an expression moved, the one that moved most first.

    Raises:
        ToolInputError: it is no PromQL, or the time is none.
        ToolError: as ``PrometheusClient.query_range``.
    """
    expression, end = str(arguments["query"]), moment(arguments, "end", clock())
    try:
        start = end - timedelta(minutes=int(arguments.get("minutes", _MINUTES)))
    except OverflowError as error:
        raise ToolInputError("the time lies too far in the past") from error
    step_s = step_for(start, end)
    answer = client.query_range(expression, start, end, step_s)
    limit = int(arguments.get("limit", _SHOWN))
    moved = most_moved(answer.series)
    body = chart_table(moved[:limit], start, step_s) if moved else answer.text or nothing_found(answer)
    silent = len(answer.series) - len(moved)
    notes = [footer_of(answer, limit), f"Evaluated every {step_s} s; what lies between two points is not seen."]
    if silent:
        notes.append(f"{plural(silent, 'series', 'series')} without any number left out.")
    return Reading(
        body=body,
        summary=f"{plural(len(answer.series), 'series', 'series')} over {age(start, end)} to {clock_text(end)}: "
        f"{one_line(expression, 160)}",
        footer=" ".join(filter(None, notes)),
    )


def most_moved(series: Sequence[Series], since: float | None = None) -> list[Movement]:
    """Return how each series moved, the one that moved most first; those without a number are left out."""
    found = [one for one in (movement_of(item, since) for item in series) if one is not None]
    return sorted(found, key=lambda one: -abs(one.change))


def chart_table(moved: Sequence[Movement], start: datetime, step_s: int) -> str:
    """Return one row a series: its figures, its trend, its chart and its labels. All charts have one time axis."""
    rows = [
        (
            number_text(one.least),
            number_text(one.greatest),
            number_text(one.last),
            one.trend,
            sparkline(on_axis(one.series, start, step_s), POINTS + 1),
            one.series.title,
        )
        for one in moved
    ]
    return table(("MIN", "MAX", "LAST", "TREND", "CHART", "SERIES"), rows)


def on_axis(series: Series, start: datetime, step_s: int) -> list[float | None]:
    """Return the values of a series by step from ``start`` on; None where it has none, so that gaps are seen."""
    begun = start.timestamp()
    found: dict[int, float] = {round((at - begun) / step_s): value for at, value in series.points}
    return [found.get(step) for step in range(min(max(found, default=-1), POINTS + 1) + 1)]
