"""Opsgenie: its webhook about one alert, and an alert as its REST API answers.

Form: support.atlassian.com, "Opsgenie webhooks"; docs.opsgenie.com, "Alert API". Times are milliseconds since 1970,
and in ``updatedAt`` nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import joined, stated, tagged

_MARKS = frozenset({"alertId", "tinyId"})
_OVER = frozenset({"Close", "Delete"})
_TOLD_BY_ACTION = _OVER | {"Create", "Acknowledge", "UnAcknowledge", "Snooze"}


def _alerts(document: Mapping[str, Any]) -> list[Any]:
    found = document.get("alert", document.get("data"))
    return found if isinstance(found, list) else [found]


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    listed = _alerts(document)
    return bool(listed) and all(isinstance(item, dict) and bool(_MARKS & item.keys()) for item in listed)


@alert_format("Opsgenie", "webhook; an alert or a list of the REST API", recognises=_recognises)
def opsgenie(document: Mapping[str, Any]) -> Payload:
    """Read the alerts."""
    action = fields.first_text(document, "action")
    return joined(_alert(item, action) for item in _alerts(document)[: fields.MAX_ALERTS])


def _alert(alert: Mapping[str, Any], action: str) -> Payload:
    details = fields.flat(alert.get("details"), depth=1)
    state = action if action in _TOLD_BY_ACTION else _status(alert, action)
    tags, priority = alert.get("tags"), fields.first_text(alert, "priority")
    return stated(
        "opsgenie",
        name=fields.first_text(alert, "message", "alias", "alertId"),
        state="acknowledged" if state != "Close" and alert.get("acknowledged") is True else state,
        severity=(f"P{priority}" if priority.isdigit() else priority, details.get("severity", "")),
        summary=fields.first_text(alert, "message"),
        text="\n".join(fields.first_text(alert, key) for key in ("description", "entity", "note")),
        labels={**tagged(tags), **details},
        started=fields.as_moment(fields.first_text(alert, "createdAt")),
        ended=fields.as_moment(fields.first_text(alert, "updatedAt")) if action in _OVER else None,
        fingerprint=fields.first_text(alert, "alias", "alertId", "id"),
    )


def _status(alert: Mapping[str, Any], action: str) -> str:
    """Return what the alert itself says; a note, a tag or an escalation happens to one that is open."""
    return fields.first_text(alert, "status") or ("open" if action else "")
