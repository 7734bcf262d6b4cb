"""The registry of alert formats: every format is named here once, and nowhere else."""

from __future__ import annotations

from agentops.alerts.declaration import AlertFormat
from agentops.alerts.formats.alertmanager_api import alertmanager_api
from agentops.alerts.formats.alertmanager_webhook import alertmanager_webhook
from agentops.alerts.formats.cloudwatch import cloudwatch
from agentops.alerts.formats.grafana import grafana
from agentops.alerts.formats.pagerduty import pagerduty
from agentops.alerts.formats.plain_object import plain_object
from agentops.alerts.formats.prometheus_api import prometheus_api

# In the order in which docs/alerts.md shows them; the first that recognises a document reads it, the plain object last.
FORMATS: tuple[AlertFormat, ...] = (
    alertmanager_webhook,
    alertmanager_api,
    prometheus_api,
    grafana,
    pagerduty,
    cloudwatch,
    plain_object,
)


def senders() -> tuple[str, ...]:
    """Return whose alerts are recognised, each sender once."""
    return tuple(dict.fromkeys(one.sender for one in FORMATS if one.sender))
