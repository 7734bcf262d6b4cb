"""PagerDuty's webhooks of versions 2 and 1: a list of messages, each about one incident.

Form: developer.pagerduty.com, "v2 Webhooks (deprecated)"; version 1 holds the incident one member deeper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.formats.pagerduty import incident
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import joined
from agentops.core.errors import AlertError

_STATES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved", "unacknowledge": "triggered"}


def _recognises(document: Any) -> bool:
    messages = document.get("messages") if isinstance(document, dict) else None
    return isinstance(messages, list) and bool(messages) and all(map(_has_incident, messages))


def _has_incident(message: Any) -> bool:
    return bool(fields.inside(message, "incident") or fields.inside(message, "data", "incident"))


@alert_format("PagerDuty", "webhooks v2 and v1", recognises=_recognises)
def pagerduty_v2(document: Mapping[str, Any]) -> Payload:
    """Read the messages; of several about one incident, the last says how it stands.

    Raises:
        AlertError: none of them names its incident.
    """
    last: dict[str, Payload] = {}
    for n, message in enumerate(fields.items(document, "messages")[: fields.MAX_ALERTS]):
        found = fields.inside(message, "incident") or fields.inside(message, "data", "incident")
        told = fields.first_text(message, "event", "type").rpartition(".")[2]
        said = fields.inside(found, "trigger_summary_data")
        title = fields.first_text(found, "title", "description") or fields.first_text(said, "subject", "description")
        if title or fields.first_text(found, "id"):
            merged = {**found, "title": title or fields.first_text(found, "id")}
            key = fields.first_text(found, "id") or str(n)
            last[key] = incident(merged, f"messages[{n}].incident.", told=_STATES.get(told, ""))
    if not last:
        raise AlertError("the PagerDuty messages name no incident", hint="Send a message of the type incident.*")
    return joined(last.values())
