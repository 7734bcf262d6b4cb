"""Splunk On-Call (VictorOps): what is sent to its REST endpoint, and its outgoing webhooks.

Form: help.splunk.com, "REST endpoint integration" (``message_type``), and "Custom outgoing webhooks", whose variables
(``ALERT.entity_id``, ``STATE.CURRENT_ALERT_PHASE``) people send on as nested or as dotted members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated

_BESIDE = frozenset({"entity_id", "state_message", "monitoring_tool", "entity_display_name", "state_start_time"})


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    sent = "message_type" in document and bool(_BESIDE & document.keys())
    return sent or "message_type" in fields.inside(document, "ALERT") or "ALERT.message_type" in document


@alert_format("Splunk On-Call", "what is sent to the REST endpoint; outgoing webhooks", recognises=_recognises)
def splunk_on_call(document: Mapping[str, Any]) -> Payload:
    """Read the message."""
    said = {key.removeprefix("ALERT."): value for key, value in fields.flat(document).items()}
    kind = said.get("message_type", "")
    phase = said.get("STATE.CURRENT_ALERT_PHASE", said.get("INCIDENT.CURRENT_PHASE", ""))
    return stated(
        "splunk-on-call",
        name=said.get("entity_display_name") or said.get("entity_id") or said.get("state_message", ""),
        state=(phase.replace("UNACKED", "open"), kind),
        severity=(said.get("severity", ""), kind),
        summary=said.get("message", ""),
        text="\n".join(said.get(key, "") for key in ("state_message", "entity_id", "details")),
        labels={key: value for key, value in said.items() if key not in ("state_message", "message")},
        started=fields.as_moment(said.get("state_start_time", "")) or fields.as_moment(said.get("timestamp", "")),
        fingerprint=said.get("entity_id", ""),
        link=said.get("alert_url", ""),
    )
