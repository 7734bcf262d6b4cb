"""Grafana's alerting webhook: Alertmanager's form with members of its own.

Form: grafana.com/docs, "Configure webhook notifications"; ``orgId`` tells it. Why an alert of a rule that is paused or
has no data was sent stands in the annotation ``grafana_state_reason``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import webhook_alerts
from agentops.alerts.states import NO_DATA, PAUSED, standing_of
from agentops.core.alert import Alert


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("alerts"), list) and "orgId" in document


@alert_format("Grafana", "alerting webhook", recognises=_recognises)
def grafana(document: Mapping[str, Any]) -> Payload:
    """Read the webhook."""
    found = webhook_alerts(document, "grafana")
    alerts = tuple(map(_with_reason, found.alerts))
    remarks = dict.fromkeys(standing_of(alert.state).remark for alert in alerts if alert.state)
    return replace(found, alerts=alerts, notes=(*found.notes, *remarks))


def _with_reason(alert: Alert) -> Alert:
    reason = standing_of(alert.annotations.get("grafana_state_reason", "")).state
    if reason in (NO_DATA, PAUSED):
        return replace(alert, state=reason)
    return alert
