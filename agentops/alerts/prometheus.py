"""Prometheus and what speaks its language: Alertmanager's webhook and API, Grafana's webhook, Prometheus' own API.

Comes in: a decoded document that one of the ``is_`` functions recognised. Goes out: a ``Payload``.
Forms: Alertmanager webhook version 4 and API v2 (prometheus.io/docs/alerting), Prometheus ``/api/v1/alerts`` and
``/api/v1/rules``, Grafana's unified alerting webhook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentops.alerts import fields
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.core.alert import Alert
from agentops.core.errors import AlertError
from agentops.core.text import one_line, plural

_SEVERITY_KEYS = ("severity", "priority", "level", "sev")


def is_webhook(document: Any) -> bool:
    """Tell Alertmanager's or Grafana's webhook."""
    marks = {"version", "groupKey", "receiver", "groupLabels", "commonLabels", "orgId"}
    return isinstance(document, dict) and "alerts" in document and bool(marks & document.keys())


def is_alert_list(document: Any) -> bool:
    """Tell the answer of Alertmanager's API, or a bare list of alerts."""
    return isinstance(document, list) and all(isinstance(item, dict) and "labels" in item for item in document)


def is_api_answer(document: Any) -> bool:
    """Tell an answer of Prometheus' HTTP API."""
    return isinstance(document, dict) and document.get("status") in ("success", "error") and (
        "data" in document or "error" in document
    )  # fmt: skip


def webhook(document: Mapping[str, Any]) -> Payload:
    """Read the webhook; Grafana sends Alertmanager's form with members of its own."""
    grafana = "orgId" in document
    listed = fields.items(document, "alerts")
    common_labels = fields.labels(document, "commonLabels")
    common_notes = fields.labels(document, "commonAnnotations")
    alerts = [
        _alert(item, f"alerts[{n}].", "grafana" if grafana else "alertmanager", common_labels, common_notes)
        for n, item in enumerate(listed[: fields.MAX_ALERTS])
    ]
    notes = _too_many(listed)
    cut = document.get("truncatedAlerts")
    if isinstance(cut, int) and cut > 0:
        notes = (*notes, f"the sender left out {plural(cut, 'more alert')}")
    return Payload(alerts=tuple(alerts), notes=notes)


def alert_list(document: Sequence[Any]) -> Payload:
    """Read the list that Alertmanager's API v2 answers with; silenced and inhibited alerts are set aside."""
    alerts, aside = [], []
    for n, item in enumerate(document[: fields.MAX_ALERTS]):
        alert = _alert(item, f"[{n}].", "alertmanager-api", {}, {})
        reason = _suppressed(item, f"[{n}].")
        if reason:
            aside.append((alert, reason))
        else:
            alerts.append(alert)
    return Payload(alerts=tuple(alerts), aside=tuple(aside), notes=_too_many(document))


def api_answer(document: Mapping[str, Any]) -> Payload:
    """Read ``/api/v1/alerts`` or ``/api/v1/rules``; what is only pending is set aside.

    Raises:
        AlertError: it is an error, the answer to a query, or holds no alert that is pending or firing.
    """
    if document.get("status") == "error":
        raise AlertError(f"Prometheus answered with an error: {one_line(fields.text(document, 'error'), 200)}")
    data = fields.mapping(document, "data")
    if "alerts" not in data and "groups" not in data:
        raise AlertError(
            "the answer of Prometheus holds no alerts", hint="Send the answer of /api/v1/alerts or /api/v1/rules."
        )
    found: list[tuple[Any, str, dict[str, str]]]
    found = [(item, f"data.alerts[{n}].", {}) for n, item in enumerate(fields.items(data, "alerts", "data."))]
    found += _of_rules(data)
    if not found:
        raise AlertError("no alert is pending or firing in the answer of Prometheus")
    alerts, aside = [], []
    for item, path, rule in found[: fields.MAX_ALERTS]:
        alert = _alert(item, path, "prometheus", rule, {})
        if fields.text(fields.as_mapping(item, path), "state", path) == "pending":
            aside.append((alert, "it is pending, not yet firing"))
        else:
            alerts.append(alert)
    return Payload(alerts=tuple(alerts), aside=tuple(aside), notes=_too_many(found))


def single(document: Mapping[str, Any]) -> Payload:
    """Read one alert that stands alone: ``labels`` and what belongs to them."""
    return Payload(alerts=(_alert(document, "", "prometheus", {}, {}),))


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


def _alert(item: Any, path: str, source: str, common: Mapping[str, str], common_notes: Mapping[str, str]) -> Alert:
    found = fields.as_mapping(item, path.rstrip("."))
    labels = {**common, **fields.labels(found, "labels", path)}
    annotations = {**common_notes, **fields.labels(found, "annotations", path)}
    status = found.get("status")
    state = status.get("state") if isinstance(status, dict) else status or found.get("state")
    word = fields.scalar(state, f"{path}status") if state is not None else "firing"
    ended = fields.moment(found, "endsAt", path)
    summary = annotations.get("summary") or annotations.get("message") or annotations.get("description") or ""
    alert = Alert(
        name=one_line(labels.get("alertname") or summary or "alert without a name", 200),
        source=source,
        status="resolved" if word.lower() in ("resolved", "inactive", "normal", "ok") else "firing",
        severity=severity_of(*(labels.get(key, "") for key in _SEVERITY_KEYS)),
        summary=one_line(summary, 500),
        labels=labels,
        annotations=annotations,
        started_at=fields.moment(found, "startsAt", path) or fields.moment(found, "activeAt", path),
        ended_at=ended,
        target=target_of(labels),
        fingerprint=fields.text(found, "fingerprint", path),
        runbook_url=annotations.get("runbook_url") or annotations.get("runbook") or "",
    )
    # While an alert fires, the API's endsAt is only when it would expire.
    return alert if alert.status == "resolved" else replace(alert, ended_at=None)


def _suppressed(item: Mapping[str, Any], path: str) -> str:
    status = item.get("status")
    if not isinstance(status, dict) or status.get("state") != "suppressed":
        return ""
    silences = [fields.scalar(one, f"{path}status.silencedBy") for one in fields.items(status, "silencedBy", path)]
    if silences:
        return f"it is silenced by {one_line(', '.join(silences), 120)}"
    return "it is inhibited by another alert"


def _too_many(listed: Sequence[Any]) -> tuple[str, ...]:
    if len(listed) <= fields.MAX_ALERTS:
        return ()
    return (f"only the first {fields.MAX_ALERTS:,} of {len(listed):,} alerts were read",)
