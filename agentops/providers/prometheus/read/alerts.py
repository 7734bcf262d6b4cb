"""``prometheus_alerts``: the alerts that are pending or firing, as Prometheus itself sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentops.core.chart import number_text
from agentops.core.client_tool import count, one_of
from agentops.core.clock import Clock, age, from_iso
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.objects.series import labels_text
from agentops.providers.prometheus.read.declaration import TEXT, about, prometheus_tool

_SHOWN = 50


@prometheus_tool(
    "prometheus_alerts",
    "Alerts that are pending or firing now; what else fires often shows the cause.",
    {
        "name": about("part of the alert's name"),
        "namespace": TEXT,
        "state": one_of("firing", "pending"),
        "limit": count(200, "default 50"),
    },
    path="/api/v1/alerts",
)
def alerts(client: PrometheusClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the alerts as a table, the youngest first.

    Raises:
        ToolError: as ``PrometheusClient.alerts``.
    """
    listed = client.alerts()
    kept = [one for one in listed if _matches(one, arguments)]
    kept.sort(key=lambda one: str(one.get("activeAt", "")), reverse=True)
    limit, now = int(arguments.get("limit", _SHOWN)), clock()
    rows = [_row(one, now) for one in kept[:limit]]
    said = f"{plural(len(listed), 'alert')}, but none that matches." if listed else "No alert is pending or firing."
    return Reading(
        body=table(("AGE", "STATE", "VALUE", "ALERT"), rows) if rows else said,
        summary=f"{plural(len(kept), 'alert')} pending or firing",
        footer=f"Only {limit} of {len(kept):,} alerts are shown." if len(kept) > limit else "",
    )


def labels_of(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of an alert or a rule as text."""
    labels = item.get("labels")
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {}


def since(text: object, now: datetime) -> str:
    """Return the age of a time as the API writes it; ``-`` where it is none."""
    try:
        return age(from_iso(str(text)), now)
    except (ValueError, OverflowError):
        return "-"


def _matches(item: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    labels = labels_of(item)
    wanted = str(arguments.get("name", "")).lower()
    namespaces = (labels.get("namespace"), labels.get("exported_namespace"))
    return (
        wanted in labels.get("alertname", "").lower()
        and ("namespace" not in arguments or arguments["namespace"] in namespaces)
        and ("state" not in arguments or item.get("state") == arguments["state"])
    )


def _row(item: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    labels = labels_of(item)
    name = one_line(labels.pop("alertname", ""), 80)
    try:
        value = number_text(float(item.get("value", "")))
    except (TypeError, ValueError):
        value = "-"
    return (
        since(item.get("activeAt"), now),
        one_line(str(item.get("state", "-")), 10),
        value,
        name + labels_text(labels),
    )
