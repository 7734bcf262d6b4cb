"""What monitoring sends to PagerDuty's Events API: version 2, and version 1.

Form: developer.pagerduty.com, "Events API v2" and "Events API v1". A change event is no alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.formats.pagerduty import custom_details
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    second = "event_action" in document and bool({"payload", "dedup_key", "routing_key"} & document.keys())
    return second or ("service_key" in document and "event_type" in document)


@alert_format("PagerDuty", "what is sent to the Events API, v2 and v1", recognises=_recognises)
def pagerduty_events(document: Mapping[str, Any]) -> Payload:
    """Read the event."""
    payload = fields.inside(document, "payload")
    details = fields.inside(payload, "custom_details") or fields.inside(document, "details")
    labels, text = custom_details(details, "details.")
    own = {key: fields.first_text(payload, key) for key in ("source", "component", "group", "class")}
    return stated(
        "pagerduty",
        name=fields.first_text(payload, "summary") or fields.first_text(document, "description", "dedup_key"),
        state=fields.first_text(document, "event_action", "event_type"),
        severity=(fields.first_text(payload, "severity"), labels.get("severity", "")),
        text=text,
        labels={**own, **labels},
        started=fields.as_moment(fields.first_text(payload, "timestamp")),
        fingerprint=fields.first_text(document, "dedup_key", "incident_key"),
        link=fields.first_text(document, "client_url"),
    )
