"""What a CloudWatch alarm watches: the resources that its metrics' dimensions name.

Comes in: an alarm as ``describe-alarms`` has it, or the labels of an alert of any form. Goes out: kinds and ids. Of
metric math and anomaly detection every metric counts; a composite alarm leads to the alarms in its rule.
Dimensions: docs.aws.amazon.com, "AWS services that publish CloudWatch metrics".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.providers.aws.objects.place import (
    ALARM,
    CERTIFICATE,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    LOAD_BALANCER,
    QUEUE,
    SERVICE,
    TARGET_GROUP,
    after,
)

_BY_ONE = {
    "AutoScalingGroupName": GROUP,
    "InstanceId": INSTANCE,
    "DBInstanceIdentifier": DATABASE,
    "FunctionName": FUNCTION,
    "QueueName": QUEUE,
}
_LABELS = {"instance_id": "InstanceId", "cluster": "ClusterName"}
"""How the formats of alerts call the dimensions that they rename."""
_CHILD = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"([^\"]+)\"|'([^']+)'|([^\"'()\s]+))\s*\)")


def watched(alarm: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return kind and id of what an alarm watches, each once; empty where its dimensions name nothing that is known."""
    if alarm.get("AlarmRule"):
        return tuple((ALARM, name) for name in children(str(alarm["AlarmRule"])))
    found = [one for dimensions in _dimensions(alarm) for one in named_by(dimensions)]
    return tuple(dict.fromkeys(found))


def children(rule: str) -> tuple[str, ...]:
    """Return the names of the alarms in the rule of a composite alarm; an ARN counts by its name."""
    names = (next(filter(None, found.groups())) for found in _CHILD.finditer(rule))
    return tuple(dict.fromkeys(after(name, ":alarm:") for name in names))


def named_by(dimensions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what the dimensions of one metric name, the narrowest first."""
    group, balancer = dimensions.get("TargetGroup", ""), dimensions.get("LoadBalancer", "")
    if group:
        yield TARGET_GROUP, group.removeprefix("targetgroup/")
    elif balancer:
        yield LOAD_BALANCER, balancer
    for name, kind in _BY_ONE.items():
        if dimensions.get(name):
            yield kind, dimensions[name]
    if dimensions.get("ClusterName") and dimensions.get("ServiceName"):
        yield SERVICE, f"{dimensions['ClusterName']}/{dimensions['ServiceName']}"
    if dimensions.get("CertificateArn"):
        yield CERTIFICATE, after(dimensions["CertificateArn"], ":certificate/")


def named_by_labels(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what the labels of an alert name, as far as they are dimensions of AWS."""
    return tuple(dict.fromkeys(named_by({_LABELS.get(name, name): value for name, value in labels.items()})))


def _dimensions(alarm: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    yield _pairs(alarm.get("Dimensions"))
    for one in alarm.get("Metrics") or ():
        yield _pairs(((one.get("MetricStat") or {}).get("Metric") or {}).get("Dimensions"))


def _pairs(listed: Any) -> dict[str, str]:
    return {str(one.get("Name", "")): str(one.get("Value", "")) for one in listed or () if isinstance(one, Mapping)}
