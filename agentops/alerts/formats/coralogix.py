"""Coralogix' generic webhook about one alert.

Form: coralogix.com, "Generic webhook"; ``alert_action`` is trigger or resolve, and ``fields`` a list of pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and "alert_action" in document and bool({"name", "alert_name"} & document.keys())


@alert_format("Coralogix", "generic webhook", recognises=_recognises)
def coralogix(document: Mapping[str, Any]) -> Payload:
    """Read the alert."""
    listed = document.get("fields")
    pairs = [one for one in listed[:200] if isinstance(one, dict)] if isinstance(listed, list) else []
    labels = {fields.first_text(one, "key"): fields.first_text(one, "value") for one in pairs}
    labels.pop("", None)
    return stated(
        "coralogix",
        name=fields.first_text(document, "name", "alert_name"),
        state=fields.first_text(document, "alert_action"),
        severity=(
            fields.first_text(document, "alert_severity", "event_severity"),
            labels.get("priority", ""),
            labels.get("severityLowercase", ""),
            labels.get("severity", ""),
        ),
        summary=fields.first_text(document, "description"),
        labels=labels,
        started=fields.as_moment(
            labels.get("timestampISO", "") or labels.get("timestamp", "") or fields.first_text(document, "timestamp")
        ),
        fingerprint=fields.first_text(document, "uuid", "alert_id"),
        link=fields.first_text(document, "alert_url") or labels.get("alertUrl", ""),
    )
