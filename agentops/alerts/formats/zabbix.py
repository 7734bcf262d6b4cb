"""Zabbix: the parameters that its webhooks and scripts are given, as JSON.

Form: zabbix.com, "Webhook media type"; the members carry the names of the macros (``{EVENT.SEVERITY}``,
``{HOST.NAME}``), which every installation spells as it likes. Its times have no zone, so none is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import is_name
from agentops.alerts.stating import stated, tagged

_HOST = ("host", "hostname", "host_name", "host.name", "hostHost")
_RULE = ("trigger", "trigger_name", "triggername", "event_name", "name", "subject", "alert_subject", "item")
_STATUS = ("status", "event_status", "trigger_status", "triggerstatus", "event_value", "event_update_status")
_SEVERITY = ("severity", "event_severity", "event_nseverity", "trigger_severity", "triggerseverity")
_OWN_STATUS = frozenset({"PROBLEM", "RESOLVED", "OK", "1", "0"})
_NUMBERED = {"0": "unclassified", "1": "information", "2": "warning", "3": "average", "4": "high", "5": "disaster"}
_VALUES = {"1": "PROBLEM", "0": "RESOLVED"}


def _low(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in document.items()}


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    low = _low(document)
    status = fields.first_text(low, *_STATUS)
    has_host = bool(set(_HOST) & low.keys())
    is_own = "event_source" in low and "event_value" in low
    macros = {"trigger", "triggername", "trigger_name", "trigger_id", "eventid", "event_id", "event_name", "item"}
    return is_own or (status in _OWN_STATUS and has_host and bool(macros & low.keys()))


@alert_format("Zabbix", "the parameters of a webhook or a script, as JSON", recognises=_recognises)
def zabbix(document: Mapping[str, Any]) -> Payload:
    """Read the event."""
    low = _low(document)
    host = fields.first_text(low, *_HOST)
    severity = fields.first_text(low, *_SEVERITY)
    status = fields.first_text(low, *_STATUS)
    acknowledged = fields.first_text(low, "event_ack_status", "acknowledged", "ack").lower() in ("yes", "1")
    is_over = _VALUES.get(status, status).upper() in ("RESOLVED", "OK")
    name = fields.first_text(low, *_RULE)
    labels = {key: value for key, value in fields.flat(low, depth=1).items() if key not in ("status", "message")}
    return stated(
        "zabbix",
        name=name,
        state="acknowledged" if acknowledged and not is_over else _VALUES.get(status, status),
        severity=(_NUMBERED.get(severity, severity),),
        text="\n".join(fields.first_text(low, key) for key in ("message", "alert_message", "item", "event_opdata")),
        labels={**labels, **tagged(low.get("event_tags")), "host": host},
        fingerprint=fields.first_text(low, "eventid", "event_id", "trigger_id"),
        link=fields.first_text(low, "link", "url", "event_url", "zabbix_url"),
        notes=() if is_name(host) else (f"the host of Zabbix, {host!r}, is no name of a node",) if host else (),
    )
