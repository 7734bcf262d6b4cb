"""The registry of alert formats: every format is named here once, and nowhere else."""

from __future__ import annotations

from agentops.alerts.declaration import AlertFormat
from agentops.alerts.formats.alertmanager_api import alertmanager_api
from agentops.alerts.formats.alertmanager_v1 import alertmanager_v1
from agentops.alerts.formats.alertmanager_webhook import alertmanager_webhook
from agentops.alerts.formats.argocd import argocd
from agentops.alerts.formats.aws_events import aws_events
from agentops.alerts.formats.azure_monitor import azure_monitor
from agentops.alerts.formats.chat_message import chat_message
from agentops.alerts.formats.cloudwatch import cloudwatch
from agentops.alerts.formats.coralogix import coralogix
from agentops.alerts.formats.datadog import datadog
from agentops.alerts.formats.dynatrace import dynatrace
from agentops.alerts.formats.falco import falco
from agentops.alerts.formats.flux import flux
from agentops.alerts.formats.gcp_monitoring import gcp_monitoring
from agentops.alerts.formats.grafana import grafana
from agentops.alerts.formats.grafana_legacy import grafana_legacy
from agentops.alerts.formats.grafana_oncall import grafana_oncall
from agentops.alerts.formats.honeycomb import honeycomb
from agentops.alerts.formats.kubernetes_event import kubernetes_event
from agentops.alerts.formats.kubernetes_object import kubernetes_object
from agentops.alerts.formats.newrelic import newrelic
from agentops.alerts.formats.opsgenie import opsgenie
from agentops.alerts.formats.pagerduty import pagerduty
from agentops.alerts.formats.pagerduty_events import pagerduty_events
from agentops.alerts.formats.pagerduty_rest import pagerduty_rest
from agentops.alerts.formats.pagerduty_v2 import pagerduty_v2
from agentops.alerts.formats.plain_object import plain_object
from agentops.alerts.formats.prometheus_api import prometheus_api
from agentops.alerts.formats.sentry import sentry
from agentops.alerts.formats.splunk_on_call import splunk_on_call
from agentops.alerts.formats.ticket import ticket
from agentops.alerts.formats.uptime_kuma import uptime_kuma
from agentops.alerts.formats.zabbix import zabbix

# In the order in which docs/alerts.md shows them; the first that recognises a document reads it, the plain object last.
FORMATS: tuple[AlertFormat, ...] = (
    alertmanager_webhook,
    alertmanager_api,
    alertmanager_v1,
    prometheus_api,
    grafana,
    grafana_legacy,
    grafana_oncall,
    pagerduty,
    pagerduty_events,
    pagerduty_v2,
    pagerduty_rest,
    opsgenie,
    splunk_on_call,
    datadog,
    newrelic,
    dynatrace,
    zabbix,
    sentry,
    cloudwatch,
    aws_events,
    azure_monitor,
    gcp_monitoring,
    kubernetes_event,
    kubernetes_object,
    argocd,
    flux,
    falco,
    honeycomb,
    coralogix,
    uptime_kuma,
    chat_message,
    ticket,
    plain_object,
)


def senders() -> tuple[str, ...]:
    """Return whose alerts are recognised, each sender once."""
    return tuple(dict.fromkeys(one.sender for one in FORMATS if one.sender))
