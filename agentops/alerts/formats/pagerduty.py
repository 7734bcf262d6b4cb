"""PagerDuty's webhook, version 3: one event about one incident.

Comes in: a decoded document. Goes out: a ``Payload``.
Form: developer.pagerduty.com, "Webhooks v3", events of the type ``incident.*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.alerts.prose import pairs_in, target_in
from agentops.core.alert import Alert
from agentops.core.errors import AlertError
from agentops.core.text import one_line

_TITLE_KEYS = ("title", "summary", "id")


def _recognises(document: Any) -> bool:
    event = document.get("event") if isinstance(document, dict) else None
    return isinstance(event, dict) and "event_type" in event


@alert_format("PagerDuty", "webhook v3, `incident.*` events", recognises=_recognises)
def pagerduty(document: Mapping[str, Any]) -> Payload:
    """Read the event.

    Raises:
        AlertError: the event is not about an incident.
    """
    event = fields.mapping(document, "event")
    kind = fields.text(event, "event_type", "event.")
    data, path = _incident(event, kind)
    title = next(text for key in _TITLE_KEYS if (text := fields.text(data, key, path)))
    details, prose = _details(data, path)
    labels = {"pagerduty_service": _summary(data, "service", path), **pairs_in(f"{title}\n{prose}"), **details}
    target = target_of(labels)
    is_over = kind == "incident.resolved" or fields.text(data, "status", path) == "resolved"
    alert = Alert(
        name=one_line(title, 200),
        source="pagerduty",
        status="resolved" if is_over else "firing",
        severity=severity_of(_summary(data, "priority", path), fields.text(data, "urgency", path)),
        summary=one_line(title, 500),
        labels={key: value for key, value in labels.items() if value},
        annotations={"description": prose} if prose else {},
        started_at=fields.moment(data, "created_at", path) or fields.moment(event, "occurred_at", "event."),
        ended_at=fields.moment(data, "resolved_at", path),
        target=target if target.known else target_in(f"{title}\n{prose}", target.namespace),
        fingerprint=fields.text(data, "incident_key", path) or fields.text(data, "id", path),
        runbook_url=fields.text(data, "html_url", path),
    )
    return Payload(alerts=(alert,))


def _incident(event: Mapping[str, Any], kind: str) -> tuple[Mapping[str, Any], str]:
    """Return what the event says of its incident, and where that stands; the event of a note holds it one deeper."""
    data, path = fields.mapping(event, "data", "event."), "event.data."
    if "title" not in data and isinstance(data.get("incident"), dict):
        data, path = data["incident"], "event.data.incident."
    if not kind.startswith("incident.") or not any(data.get(key) for key in _TITLE_KEYS):
        raise AlertError(
            f"the PagerDuty event {one_line(kind, 60)!r} is not about an incident",
            hint="Send an event of the type incident.*",
        )
    return data, path


def _summary(data: Mapping[str, Any], key: str, path: str) -> str:
    found = data.get(key)
    return fields.text(found, "summary", f"{path}{key}.") if isinstance(found, dict) else ""


def _details(data: Mapping[str, Any], path: str) -> tuple[dict[str, str], str]:
    """Return the incident's custom details as labels, and its text."""
    body = data.get("body")
    details = body.get("details") if isinstance(body, dict) else None
    if isinstance(details, dict):
        plain = {key: value for key, value in details.items() if not isinstance(value, dict | list)}
        nested = details.get("labels") if isinstance(details.get("labels"), dict) else {}
        found = {
            **fields.labels({"details": plain}, "details", path),
            **fields.labels({"labels": nested}, "labels", path),
        }
        return found, "\n".join(f"{key}: {value}" for key, value in found.items())
    return {}, fields.scalar(details, f"{path}body.details") if details is not None else ""
