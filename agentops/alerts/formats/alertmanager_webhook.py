"""Alertmanager's webhook, version 4.

Form: prometheus.io/docs/alerting, "webhook_config". Grafana sends the same with members of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import webhook_alerts

_MARKS = frozenset({"version", "groupKey", "receiver", "groupLabels", "commonLabels"})


def _recognises(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and "alerts" in document
        and "orgId" not in document
        and bool(_MARKS & document.keys())
    )


@alert_format("Alertmanager", "webhook (version 4)", recognises=_recognises)
def alertmanager_webhook(document: Mapping[str, Any]) -> Payload:
    """Read the webhook; labels that the group shares are each alert's labels."""
    return webhook_alerts(document, "alertmanager")
