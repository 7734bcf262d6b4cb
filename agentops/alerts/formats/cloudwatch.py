"""Amazon CloudWatch alarms: the SNS envelope, the message inside it, and EventBridge's event.

Comes in: a decoded document. Goes out: a ``Payload``. The dimensions of Container Insights
(``ClusterName``, ``Namespace``, ``PodName``, ``Service``) lead to the Kubernetes object.
Forms: docs.aws.amazon.com, "Using Amazon CloudWatch alarms" and "Alarm events and EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.core.alert import Alert
from agentops.core.errors import AlertError
from agentops.core.text import one_line

_DIMENSIONS = {
    "ClusterName": "cluster",
    "Namespace": "namespace",
    "PodName": "pod",
    "Service": "service",
    "NodeName": "node",
    "ContainerName": "container",
    "InstanceId": "instance_id",
}
_STATUS = {"ALARM": "firing", "OK": "resolved", "INSUFFICIENT_DATA": "firing"}


def _recognises(document: Any) -> bool:
    """Return whether it is one of the three forms, or an SNS message that is none of them."""
    if not isinstance(document, dict):
        return False
    return bool(
        {"AlarmName", "NewStateValue"} <= document.keys()
        or document.get("detail-type") == "CloudWatch Alarm State Change"
        or ("TopicArn" in document and "Type" in document)
    )


@alert_format(
    "CloudWatch", "the alarm's SNS message, with or without its envelope; EventBridge's event", recognises=_recognises
)
def cloudwatch(document: Mapping[str, Any]) -> Payload:
    """Read the alarm.

    Raises:
        AlertError: the SNS message is no alarm (a subscription, another publisher).
    """
    if "TopicArn" in document:
        document = _unwrapped(document)
    return _event(document) if "detail" in document else _message(document)


def _unwrapped(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = fields.text(envelope, "Type")
    if kind != "Notification":
        raise AlertError(
            f"the SNS message is of the type {one_line(kind, 40)!r}, not an alarm",
            hint="Confirm the subscription first, then send an alarm's notification.",
        )
    raw = fields.text(envelope, "Message")
    written = envelope["Message"] if isinstance(envelope.get("Message"), str) else raw
    try:
        message = json.loads(written)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not _recognises(message) or "TopicArn" in message:
        raise AlertError("the SNS message holds no CloudWatch alarm", hint="Send an alarm's notification.")
    return message


def _message(found: Mapping[str, Any]) -> Payload:
    trigger = fields.mapping(found, "Trigger")
    dimensions = {}
    for n, item in enumerate(fields.items(trigger, "Dimensions", "Trigger.")):
        path = f"Trigger.Dimensions[{n}]."
        pair = fields.as_mapping(item, path)
        name = fields.text(pair, "name", path) or fields.text(pair, "Name", path)
        dimensions[name] = fields.text(pair, "value", path) or fields.text(pair, "Value", path)
    return _payload(
        name=fields.text(found, "AlarmName"),
        state=fields.text(found, "NewStateValue"),
        reason=fields.text(found, "NewStateReason"),
        description=fields.text(found, "AlarmDescription"),
        changed_in=found,
        changed_key="StateChangeTime",
        labels={
            "metric": fields.text(trigger, "MetricName", "Trigger."),
            "metric_namespace": fields.text(trigger, "Namespace", "Trigger."),
            "region": fields.text(found, "Region"),
            "account": fields.text(found, "AWSAccountId"),
        },
        dimensions=dimensions,
        fingerprint=fields.text(found, "AlarmArn"),
    )


def _event(found: Mapping[str, Any]) -> Payload:
    detail = fields.mapping(found, "detail")
    state = fields.mapping(detail, "state", "detail.")
    configuration = fields.mapping(detail, "configuration", "detail.")
    path = "detail.configuration.metrics[0]."
    metrics = fields.items(configuration, "metrics", "detail.configuration.")
    first = fields.as_mapping(metrics[0], path) if metrics else {}
    metric = fields.mapping(fields.mapping(first, "metricStat", path), "metric", f"{path}metricStat.")
    resources = fields.items(found, "resources")
    return _payload(
        name=fields.text(detail, "alarmName", "detail."),
        state=fields.text(state, "value", "detail.state."),
        reason=fields.text(state, "reason", "detail.state."),
        description=fields.text(configuration, "description", "detail.configuration."),
        changed_in=state if "timestamp" in state else found,
        changed_key="timestamp" if "timestamp" in state else "time",
        labels={
            "metric": fields.text(metric, "name", path),
            "metric_namespace": fields.text(metric, "namespace", path),
            "region": fields.text(found, "region"),
            "account": fields.text(found, "account"),
        },
        dimensions=fields.labels(metric, "dimensions", f"{path}metricStat.metric."),
        fingerprint=fields.scalar(resources[0], "resources[0]") if resources else "",
    )


def _payload(
    *,
    name: str,
    state: str,
    reason: str,
    description: str,
    changed_in: Mapping[str, Any],
    changed_key: str,
    labels: Mapping[str, str],
    dimensions: Mapping[str, str],
    fingerprint: str,
) -> Payload:
    if not name:
        raise AlertError("the CloudWatch alarm has no name", hint="Give the payload as CloudWatch made it.")
    about = {_DIMENSIONS.get(key, key): value for key, value in dimensions.items()}
    merged = {key: value for key, value in {**labels, **about}.items() if value}
    alert = Alert(
        name=one_line(name, 200),
        source="cloudwatch",
        status=_STATUS.get(state, "firing"),
        severity=severity_of(
            *name.replace("_", "-").split("-"), *description.replace("[", " ").replace("]", " ").split()
        ),
        summary=one_line(reason or description, 500),
        labels={"alertname": name, **merged},
        annotations={"description": description} if description else {},
        started_at=fields.moment(changed_in, changed_key),
        target=target_of(merged),
        fingerprint=fingerprint,
    )
    notes = ("the alarm has not enough data to say whether it fires",) if state == "INSUFFICIENT_DATA" else ()
    return Payload(alerts=(alert,), notes=notes)
