"""Grafana's alerting webhook: Alertmanager's form with members of its own.

Form: grafana.com/docs, "Configure webhook notifications"; ``orgId`` tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import webhook_alerts


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and "alerts" in document and "orgId" in document


@alert_format("Grafana", "alerting webhook", recognises=_recognises)
def grafana(document: Mapping[str, Any]) -> Payload:
    """Read the webhook."""
    return webhook_alerts(document, "grafana")
