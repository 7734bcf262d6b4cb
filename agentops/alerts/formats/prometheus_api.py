"""Prometheus' own API: ``/api/v1/alerts`` and ``/api/v1/rules``.

Form: prometheus.io/docs, "HTTP API".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import prometheus_alert, too_many
from agentops.core.errors import AlertError
from agentops.core.text import one_line


def _recognises(document: Any) -> bool:
    answered = isinstance(document, dict) and document.get("status") in ("success", "error")
    return answered and ("error" in document or ("data" in document and not isinstance(document["data"], list)))


@alert_format("Prometheus", "`/api/v1/alerts`, `/api/v1/rules`", recognises=_recognises)
def prometheus_api(document: Mapping[str, Any]) -> Payload:
    """Read ``/api/v1/alerts`` or ``/api/v1/rules``; what is only pending is set aside.

    Raises:
        AlertError: it is an error, the answer to a query, or holds no alert that is pending or firing.
    """
    if document.get("status") == "error":
        raise AlertError(f"Prometheus answered with an error: {one_line(fields.text(document, 'error'), 200)}")
    data = fields.mapping(document, "data")
    series = [one["metric"] for one in fields.items(data, "result", "data.") if _is_alert_series(one)]
    if series:
        found = [{"labels": one, "state": one.get("alertstate")} for one in series[: fields.MAX_ALERTS]]
        shown = [prometheus_alert(one, "data.result[].metric.", "prometheus") for one in found]
        return Payload(alerts=tuple(shown), notes=too_many(series))
    if "alerts" not in data and "groups" not in data:
        raise AlertError(
            "the answer of Prometheus holds no alerts", hint="Send the answer of /api/v1/alerts or /api/v1/rules."
        )
    listed: list[tuple[Any, str, dict[str, str]]]
    listed = [(item, f"data.alerts[{n}].", {}) for n, item in enumerate(fields.items(data, "alerts", "data."))]
    listed += _of_rules(data)
    if not listed:
        raise AlertError("no alert is pending or firing in the answer of Prometheus")
    alerts, aside = [], []
    for item, path, rule in listed[: fields.MAX_ALERTS]:
        alert = prometheus_alert(item, path, "prometheus", rule)
        if fields.text(fields.as_mapping(item, path), "state", path) == "pending":
            aside.append((alert, "it is pending, not yet firing"))
        else:
            alerts.append(alert)
    return Payload(alerts=tuple(alerts), aside=tuple(aside), notes=too_many(listed))


def _is_alert_series(one: Any) -> bool:
    """Return whether it is a series of ``ALERTS``, which a query for it answers with."""
    return "alertname" in fields.inside(one, "metric")


def _of_rules(data: Mapping[str, Any]) -> list[tuple[Any, str, dict[str, str]]]:
    found: list[tuple[Any, str, dict[str, str]]] = []
    for g, listed in enumerate(fields.items(data, "groups", "data.")):
        group_path = f"data.groups[{g}]."
        for r, item in enumerate(fields.items(fields.as_mapping(listed, group_path), "rules", group_path)):
            path = f"{group_path}rules[{r}]."
            rule = fields.as_mapping(item, path)
            name = {"alertname": fields.text(rule, "name", path)}
            alerts = fields.items(rule, "alerts", path)
            found += [(alert, f"{path}alerts[{n}].", name) for n, alert in enumerate(alerts)]
    return found
