"""PagerDuty's webhook, version 3: one event about one incident; and an incident as PagerDuty's other forms hold it.

Comes in: a decoded document. Goes out: a ``Payload``.
Form: developer.pagerduty.com, "Webhooks v3", events of the type ``incident.*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated
from agentops.core.errors import AlertError
from agentops.core.text import one_line

_TITLE_KEYS = ("title", "summary", "description", "id")
_SAYS_HOW_IT_STANDS = ("triggered", "acknowledged", "unacknowledged", "resolved", "reopened")


def _recognises(document: Any) -> bool:
    event = document.get("event") if isinstance(document, dict) else None
    return isinstance(event, dict) and "event_type" in event and isinstance(event.get("data", {}), dict)


@alert_format("PagerDuty", "webhook v3, `incident.*` events", recognises=_recognises)
def pagerduty(document: Mapping[str, Any]) -> Payload:
    """Read the event.

    Raises:
        AlertError: the event is not about an incident.
    """
    event = fields.mapping(document, "event")
    kind = fields.text(event, "event_type", "event.")
    data, path = _incident(event, kind)
    told = kind.rpartition(".")[2]
    return incident(
        data,
        path,
        told=told if told in _SAYS_HOW_IT_STANDS else "",
        seen=fields.moment(event, "occurred_at", "event."),
    )


def incident(data: Mapping[str, Any], path: str, *, told: str = "", seen: datetime | None = None) -> Payload:
    """Read one incident, as webhooks and the REST API hold it.

    Arguments:
        told: how the event about it says that it stands; else its own ``status`` does.
        seen: when the event happened, for an incident that does not say when it began.
    """
    title = next((text for key in _TITLE_KEYS if (text := fields.text(data, key, path))), "")
    details, prose = details_of(data, path)
    status = told or fields.text(data, "status", path) or "triggered"
    found = stated(
        "pagerduty",
        name=title,
        state=status,
        severity=(
            _summary(data, "priority", path),
            fields.text(data, "urgency", path) if isinstance(data.get("urgency"), str) else "",
        ),
        text=prose,
        labels={"pagerduty_service": _summary(data, "service", path), **details},
        started=fields.moment(data, "created_at", path) or fields.moment(data, "created_on", path) or seen,
        ended=fields.moment(data, "resolved_at", path),
        fingerprint=fields.text(data, "incident_key", path) or fields.text(data, "id", path),
        link=fields.text(data, "html_url", path),
    )
    (alert,) = found.alerts
    # The service of PagerDuty comes first, as its pages show it.
    labels = {key: alert.labels[key] for key in ("pagerduty_service",) if key in alert.labels} | dict(alert.labels)
    return replace(found, alerts=(replace(alert, labels=labels),))


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
    if not isinstance(found, dict):
        return ""
    return fields.text(found, "summary", f"{path}{key}.") or fields.text(found, "name", f"{path}{key}.")


def details_of(data: Mapping[str, Any], path: str) -> tuple[dict[str, str], str]:
    """Return the incident's custom details as labels, and its text."""
    body = data.get("body")
    details = body.get("details") if isinstance(body, dict) else None
    if details is None and isinstance(body, dict):
        details = fields.inside(body, "cef_details", "details") or None
    if isinstance(details, dict):
        return custom_details(details, path)
    return {}, fields.scalar(details, f"{path}body.details") if isinstance(details, str | int | float) else ""


def custom_details(details: Mapping[str, Any], path: str) -> tuple[dict[str, str], str]:
    """Return free details as labels and as text; what nests deeper than ``labels`` is left out."""
    plain = {key: value for key, value in details.items() if not isinstance(value, dict | list)}
    nested = details.get("labels") if isinstance(details.get("labels"), dict) else {}
    found = {**fields.labels({"details": plain}, "details", path), **fields.flat(nested, depth=1)}
    return found, "\n".join(f"{key}: {value}" for key, value in found.items())
