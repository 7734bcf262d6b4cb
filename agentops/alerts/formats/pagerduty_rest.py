"""PagerDuty's REST API: incidents and alerts, one or a list.

Form: developer.pagerduty.com, "Get an incident", "List incidents", "List alerts for an incident".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.formats.pagerduty import incident
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import too_many
from agentops.alerts.stating import joined

_KEYS = ("incident", "incidents", "alert", "alerts")
_MARKS = frozenset({"incident_number", "html_url", "incident_key", "alert_key", "urgency"})


def _listed(document: Mapping[str, Any]) -> list[Any]:
    found: Any = next((document[key] for key in _KEYS if document.get(key)), [])
    return found if isinstance(found, list) else [found]


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict) or "version" in document or "orgId" in document:
        return False
    listed = _listed(document)
    return bool(listed) and all(isinstance(item, dict) and _is_incident(item) for item in listed)


def _is_incident(item: Mapping[str, Any]) -> bool:
    return item.get("type") in ("incident", "alert") and "status" in item and bool(_MARKS & item.keys())


@alert_format("PagerDuty", "REST API: incidents and alerts", recognises=_recognises)
def pagerduty_rest(document: Mapping[str, Any]) -> Payload:
    """Read the incidents, or the alerts of one."""
    listed = _listed(document)
    found = joined(incident(item, f"[{n}].") for n, item in enumerate(listed[: fields.MAX_ALERTS]))
    return Payload(alerts=found.alerts, notes=(*found.notes, *too_many(listed)))
