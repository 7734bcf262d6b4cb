"""``prometheus_targets``: what Prometheus scrapes, and why a scrape fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count, one_of
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.read.alerts import labels_of, since
from agentops.providers.prometheus.read.declaration import about, prometheus_tool

_SHOWN = 30


@prometheus_tool(
    "prometheus_targets",
    "Scrape targets with the error of the last scrape; a target that is down has no metrics at all.",
    {
        "job": about("part of the job's name"),
        "health": one_of("down", "up", "unknown"),
        "limit": count(200, "default 30"),
    },
    path="/api/v1/targets",
)
def targets(client: PrometheusClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the targets that match, those that are down first, and how many there are.

    Raises:
        ToolError: as ``PrometheusClient.active_targets``.
    """
    listed = client.active_targets()
    wanted = str(arguments.get("job", "")).lower()
    kept = [
        one
        for one in listed
        if wanted in labels_of(one).get("job", "").lower()
        and ("health" not in arguments or one.get("health") == arguments["health"])
    ]
    kept.sort(key=lambda one: one.get("health") == "up")
    limit, now = int(arguments.get("limit", _SHOWN)), clock()
    rows = [_row(one, since(one.get("lastScrape"), now)) for one in kept[:limit]]
    states = Counter(one_line(str(one.get("health", "unknown")), 20) for one in kept)
    told = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
    said = f"{plural(len(listed), 'target')}, but none that matches." if listed else "Nothing is scraped."
    return Reading(
        body=table(("HEALTH", "SCRAPED", "JOB", "INSTANCE", "ERROR"), rows) if rows else said,
        summary=f"{plural(len(kept), 'target')}" + (f": {told}" if told else ""),
        footer=f"Only {limit} of {len(kept):,} targets are shown." if len(kept) > limit else "",
    )


def _row(item: Mapping[str, Any], scraped: str) -> tuple[str, ...]:
    labels = labels_of(item)
    return (
        one_line(str(item.get("health", "-")), 20),
        scraped if scraped == "-" else f"{scraped} ago",
        one_line(labels.get("job", "-"), 80),
        one_line(labels.get("instance", "-"), 120),
        one_line(str(item.get("lastError", "")), 300) or "-",
    )
