"""PagerDuty's webhook, version 3: one event about one incident.

Comes in: a decoded document that ``is_event`` recognised. Goes out: a ``Payload``.
Form: developer.pagerduty.com, "Webhooks v3", events of the type ``incident.*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.alerts.prose import pairs_in, target_in
from agentops.core.alert import Alert
from agentops.core.errors import AlertError
from agentops.core.text import one_line


def is_event(document: Any) -> bool:
    """Tell a PagerDuty event."""
    event = document.get("event") if isinstance(document, dict) else None
    return isinstance(event, dict) and "event_type" in event


def event(document: Mapping[str, Any]) -> Payload:
    """Read the event.

    Raises:
        AlertError: the event is not about an incident.
    """
    found = fields.mapping(document, "event")
    kind = fields.text(found, "event_type", "event.")
    data = fields.mapping(found, "data", "event.")
    path = "event.data."
    if "title" not in data and isinstance(data.get("incident"), dict):
        data, path = data["incident"], "event.data.incident."
    if not kind.startswith("incident.") or not (data.get("title") or data.get("summary") or data.get("id")):
        raise AlertError(
            f"the PagerDuty event {one_line(kind, 60)!r} is not about an incident",
            hint="Send an event of the type incident.*",
        )
    title = fields.text(data, "title", path) or fields.text(data, "summary", path) or fields.text(data, "id", path)
    details, prose = _details(data, path)
    labels = {"pagerduty_service": _summary(data, "service", path), **pairs_in(f"{title}\n{prose}"), **details}
    status = fields.text(data, "status", path)
    target = target_of(labels)
    return Payload(
        alerts=(
            Alert(
                name=one_line(title, 200),
                source="pagerduty",
                status="resolved" if status == "resolved" or kind == "incident.resolved" else "firing",
                severity=severity_of(_summary(data, "priority", path), fields.text(data, "urgency", path)),
                summary=one_line(title, 500),
                labels={key: value for key, value in labels.items() if value},
                annotations={"description": prose} if prose else {},
                started_at=fields.moment(data, "created_at", path) or fields.moment(found, "occurred_at", "event."),
                ended_at=fields.moment(data, "resolved_at", path),
                target=target if target.known else target_in(f"{title}\n{prose}", target.namespace),
                fingerprint=fields.text(data, "incident_key", path) or fields.text(data, "id", path),
                runbook_url=fields.text(data, "html_url", path),
            ),
        )
    )


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
