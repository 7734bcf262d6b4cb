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


_PHASES = ("state.current_alert_phase", "incident.current_phase", "alert_phase")


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    sent = "message_type" in document and bool(_BESIDE & document.keys())
    nested: Mapping[str, Any] = next(
        (document[key] for key in ("ALERT", "alert") if isinstance(document.get(key), dict)), {}
    )
    return sent or "message_type" in nested or "ALERT.message_type" in document


@alert_format("Splunk On-Call", "what is sent to the REST endpoint; outgoing webhooks", recognises=_recognises)
def splunk_on_call(document: Mapping[str, Any]) -> Payload:
    """Read the message."""
    said = {_member(key): value for key, value in fields.flat(document).items()}
    kind = said.get("message_type", "")
    phase = next((said[key] for key in _PHASES if said.get(key)), "")
    times = (said.get(key, "") for key in ("state_start_time", "state.state_start_time", "timestamp"))
    return stated(
        "splunk-on-call",
        name=said.get("entity_display_name") or said.get("entity_id") or said.get("state_message", ""),
        state=(phase.upper().replace("UNACKED", "open"), kind),
        severity=(said.get("severity", ""), kind),
        summary=said.get("message", ""),
        text="\n".join(said.get(key, "") for key in ("state_message", "entity_id", "details")),
        labels={key: value for key, value in said.items() if key not in ("state_message", "message")},
        started=next((moment for one in times if (moment := fields.as_moment(one))), None),
        fingerprint=said.get("entity_id", ""),
        link=said.get("alert_url", ""),
    )


def _member(key: str) -> str:
    """Return a member without the variable's group that holds most: ``ALERT.entity_id``."""
    low = key.lower()
    return low.removeprefix("alert.")
