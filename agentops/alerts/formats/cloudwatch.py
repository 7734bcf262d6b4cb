"""Amazon CloudWatch alarms: the SNS message, EventBridge's event, an alarm action's event, and ``describe-alarms``.

Comes in: a decoded document. Goes out: a ``Payload``. The dimensions of Container Insights
(``ClusterName``, ``Namespace``, ``PodName``, ``Service``) lead to the Kubernetes object.
Forms: docs.aws.amazon.com, "Using Amazon CloudWatch alarms", "Alarm events and EventBridge", "Invoke a Lambda function
from an alarm" and "describe-alarms". Of metric math and anomaly detection, the metrics' own dimensions count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.alerts.prometheus_alert import too_many
from agentops.alerts.states import NO_DATA
from agentops.alerts.stating import joined
from agentops.core.alert import Alert, Target
from agentops.core.errors import AlertError
from agentops.core.text import one_line

_DIMENSIONS = {
    "ClusterName": "cluster",
    "Namespace": "namespace",
    "PodName": "pod",
    "FullPodName": "full_pod_name",
    "Service": "service",
    "NodeName": "node",
    "ContainerName": "container",
    "InstanceId": "instance_id",
}
_STATUS = {"ALARM": ("firing", ""), "OK": ("resolved", ""), "INSUFFICIENT_DATA": ("firing", NO_DATA)}
_OF_AWS = ("AWS/", "ECS/")
_LISTS = ("MetricAlarms", "CompositeAlarms")
# "high" in a name speaks of the metric, and digits of a replica.
_TELLING = re.compile(r"(?:critical|crit|emergency|fatal|warning|warn|p-?[0-5]|sev-?[0-5])", re.IGNORECASE)


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    return bool(
        {"AlarmName", "NewStateValue"} <= document.keys()
        or {"AlarmName", "StateValue"} <= document.keys()
        or document.get("detail-type") == "CloudWatch Alarm State Change"
        or (document.get("source") == "aws.cloudwatch" and isinstance(document.get("alarmData"), dict))
        or any(isinstance(document.get(key), list) for key in _LISTS)
    )


@alert_format(
    "CloudWatch",
    "the alarm's SNS message, EventBridge's event, an alarm action's event, the answer of `describe-alarms`",
    recognises=_recognises,
)
def cloudwatch(document: Mapping[str, Any]) -> Payload:
    """Read the alarm, or the alarms.

    Raises:
        AlertError: there is none.
    """
    if "detail" in document or "alarmData" in document:
        return _event(document)
    if not any(key in document for key in _LISTS):
        return _message(document)
    listed = [item for key in _LISTS for item in fields.items(document, key)]
    if not listed:
        raise AlertError("the answer of CloudWatch holds no alarm", hint="Ask with --state-value ALARM.")
    parts = (_message(fields.as_mapping(item, "MetricAlarms[]")) for item in listed[: fields.MAX_ALERTS])
    found = joined(parts)
    return Payload(alerts=found.alerts, notes=(*found.notes, *too_many(listed)))


def _message(found: Mapping[str, Any]) -> Payload:
    trigger = fields.mapping(found, "Trigger") or found
    path = "Trigger." if "Trigger" in found else ""
    rule = fields.first_text(found, "AlarmRule")
    return _payload(
        name=fields.text(found, "AlarmName"),
        state=fields.text(found, "NewStateValue") or fields.text(found, "StateValue"),
        reason=fields.text(found, "NewStateReason") or fields.text(found, "StateReason"),
        description=fields.text(found, "AlarmDescription"),
        changed_in=found,
        changed_key="StateChangeTime" if "StateChangeTime" in found else "StateUpdatedTimestamp",
        labels={
            "metric": fields.text(trigger, "MetricName", path),
            "metric_namespace": fields.text(trigger, "Namespace", path),
            "region": fields.text(found, "Region"),
            "account": fields.text(found, "AWSAccountId"),
            "alarm_rule": rule,
        },
        dimensions=dict(_dimensions(trigger, path)),
        fingerprint=fields.text(found, "AlarmArn"),
        paused=found.get("ActionsEnabled") is False,
    )


def _dimensions(trigger: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the dimensions of the metric, or of all metrics that an expression is made of."""
    for n, item in enumerate(fields.items(trigger, "Metrics", path)):
        metric = fields.inside(item, "MetricStat", "Metric")
        yield from _dimensions(metric, f"{path}Metrics[{n}].MetricStat.Metric.")
    for n, item in enumerate(fields.items(trigger, "Dimensions", path)):
        place = f"{path}Dimensions[{n}]."
        pair = fields.as_mapping(item, place)
        name = fields.text(pair, "name", place) or fields.text(pair, "Name", place)
        yield name, fields.text(pair, "value", place) or fields.text(pair, "Value", place)


def _event(found: Mapping[str, Any]) -> Payload:
    key = "detail" if "detail" in found else "alarmData"
    detail = fields.mapping(found, key)
    state = fields.mapping(detail, "state", f"{key}.")
    configuration = fields.mapping(detail, "configuration", f"{key}.")
    path = f"{key}.configuration."
    listed = [fields.as_mapping(item, path) for item in fields.items(configuration, "metrics", path)]
    metrics = [metric for item in listed if (metric := fields.inside(item, "metricStat", "metric"))]
    dimensions: dict[str, str] = {}
    for metric in metrics:
        dimensions |= fields.labels(metric, "dimensions", f"{path}metrics[].metricStat.metric.")
    first = metrics[0] if metrics else {}
    resources = fields.items(found, "resources")
    return _payload(
        name=fields.text(detail, "alarmName", f"{key}."),
        state=fields.text(state, "value", f"{key}.state."),
        reason=fields.text(state, "reason", f"{key}.state."),
        description=fields.text(configuration, "description", path),
        changed_in=state if "timestamp" in state else found,
        changed_key="timestamp" if "timestamp" in state else "time",
        labels={
            "metric": fields.text(first, "name", path),
            "metric_namespace": fields.text(first, "namespace", path),
            "region": fields.text(found, "region"),
            "account": fields.text(found, "account") or fields.text(found, "accountId"),
            "alarm_rule": fields.first_text(configuration, "alarmRule"),
        },
        dimensions=dimensions,
        fingerprint=fields.scalar(resources[0], "resources[0]") if resources else fields.text(found, "alarmArn"),
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
    paused: bool = False,
) -> Payload:
    if not name:
        raise AlertError("the CloudWatch alarm has no name", hint="Give the payload as CloudWatch made it.")
    about = {_DIMENSIONS.get(key, key): value for key, value in dimensions.items()}
    merged = {key: value for key, value in {**labels, **about}.items() if value}
    status, beyond = _STATUS.get(state, ("firing", "unknown"))
    alert = Alert(
        name=one_line(name, 200),
        source="cloudwatch",
        status=status,
        state=beyond,
        severity=severity_of(
            *_TELLING.findall(re.sub(r"[^A-Za-z0-9-]|(?<=[a-z])-(?=[a-z])", " ", f"{name} {description}"))
        ),
        summary=one_line(reason or description, 500),
        labels={"alertname": name, **merged},
        annotations={"description": description} if description else {},
        started_at=fields.moment(changed_in, changed_key),
        # A metric of an AWS service is about no object of a cluster, although an ECS service has a ServiceName.
        target=Target() if merged.get("metric_namespace", "").startswith(_OF_AWS) else target_of(merged),
        fingerprint=fingerprint,
    )
    notes = {
        "the alarm has not enough data to say whether it fires": beyond == NO_DATA,
        f"the alarm's state {one_line(state, 40)!r} is not one of CloudWatch: it is taken to fire": beyond == "unknown",
        "the alarm's actions are switched off": paused,
        f"it is made of other alarms: {one_line(labels.get('alarm_rule', ''), 200)}": bool(labels.get("alarm_rule")),
    }
    return Payload(alerts=(alert,), notes=tuple(note for note, is_so in notes.items() if is_so))
