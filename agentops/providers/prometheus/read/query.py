"""``prometheus_query``: what an expression comes to at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.chart import number_text
from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.objects.series import QueryAnswer
from agentops.providers.prometheus.read.declaration import QUERY, about, prometheus_tool
from agentops.providers.prometheus.read.times import clock_text, moment

_SHOWN = 50


@prometheus_tool(
    "prometheus_query",
    'The value of a PromQL expression at one moment. To find metric names: count by (__name__) ({namespace="x"}).',
    {"query": QUERY, "time": about("RFC 3339; default now"), "limit": count(500, "series; default 50")},
    required=("query",),
    path="/api/v1/query",
)
def query(client: PrometheusClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the series of an expression with their values, in the order in which the server gives them.

    Raises:
        ToolInputError: it is no PromQL, or the time is none.
        ToolError: as ``PrometheusClient.query``.
    """
    expression, at = str(arguments["query"]), moment(arguments, "time", clock())
    answer = client.query(expression, at)
    limit = int(arguments.get("limit", _SHOWN))
    rows = [(number_text(one.last), one.title) for one in answer.series[:limit]]
    body = answer.text or (table(("VALUE", "SERIES"), rows) if rows else nothing_found(answer))
    return Reading(
        body=body,
        summary=f"{plural(len(answer.series), 'series', 'series')} at {clock_text(at)}: {one_line(expression, 160)}",
        footer=footer_of(answer, limit),
    )


def nothing_found(answer: QueryAnswer) -> str:
    """Return what it means that a query found no series: not zero, but nothing."""
    if answer.histograms:
        return "Only native histograms match, which have no single value: use histogram_quantile or histogram_count."
    return (
        "No series matches. That is no zero: the metric does not exist here, its labels have other values, or a "
        "comparison in the expression holds for none."
    )


def footer_of(answer: QueryAnswer, limit: int) -> str:
    """Return what was left out of an answer, and the server's own warnings."""
    notes = []
    if len(answer.series) > limit:
        notes.append(f"Only {limit} of {len(answer.series):,} series are shown.")
    if answer.histograms and answer.series:
        notes.append(f"{plural(answer.histograms, 'native histogram')} left out.")
    notes += [f"Prometheus warns: {warning}" for warning in answer.warnings]
    return " ".join(notes)
