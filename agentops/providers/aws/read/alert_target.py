"""What an alert of AWS is about: the alarm itself, or the resource that an event names.

Comes in: an alert of CloudWatch or EventBridge, of any form. Goes out: a ``Target``; what names nothing stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.alert import Alert, Target
from agentops.providers.aws.objects.place import (
    ALARM,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    QUEUE,
    SERVICE,
    named_by_arn,
    place_of_arn,
)
from agentops.providers.aws.objects.watched import named_by_labels


def alert_target(account: str, region: str, alert: Alert) -> Target:
    """Return what an alert is about.

    An alarm of another account or region is named by its ARN, which no alarm here is called: that it is not here is
    then said, and one of the same name is never taken for it.
    """
    if alert.source == "cloudwatch":
        name = alert.labels.get("alertname") or alert.name
        away = place_of_arn(alert.fingerprint) not in (("", ""), (account, region))
        return Target(kind=ALARM, name=alert.fingerprint if away else name, scheme="aws")
    if alert.source == "aws-events":
        found = _of_event(alert.labels) or next(iter(named_by_labels(alert.labels)), None)
        if found is not None:
            kind, name = found
            # As with alarms: one of the same name here is never taken for another account's.
            where = alert.labels.get("account") or account, alert.labels.get("region") or region
            away = where not in ((account, region), (account, "global"))
            return Target(kind=kind, name=f"{name} of {where[0]} {where[1]}" if away else name, scheme="aws")
    return alert.target


def _of_event(labels: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what an event names: in its own fields, as its resource, or as what AWS Health says is touched."""
    own = _in_own_fields(labels)
    if own is not None:
        return own
    for text in (labels.get("resource_arn", ""), labels.get("affected", "")):
        if (found := named_by_arn(text)) is not None:
            return found
    touched = labels.get("affected", "")
    by_service = {
        "EC2": INSTANCE if touched.startswith("i-") else "",
        "RDS": DATABASE,
        "LAMBDA": FUNCTION,
        "SQS": QUEUE,
    }
    kind = by_service.get(labels.get("service", ""), "") if labels.get("aws_source") == "aws.health" else ""
    return (kind, touched) if kind and touched and ":" not in touched else None


def _in_own_fields(labels: Mapping[str, str]) -> tuple[str, str] | None:
    is_instance = labels.get("SourceType", "DB_INSTANCE") == "DB_INSTANCE"
    by_source = {
        "aws.rds": (DATABASE, labels.get("SourceIdentifier", "") if is_instance else ""),
        "aws.autoscaling": (GROUP, labels.get("AutoScalingGroupName", "")),
        "aws.ec2": (INSTANCE, labels.get("instance-id", "")),
        "aws.ecs": (SERVICE, _service(labels)),
    }
    found = by_source.get(labels.get("aws_source", ""))
    return found if found is not None and found[1] else None


def _service(labels: Mapping[str, str]) -> str:
    group, cluster = labels.get("group", ""), labels.get("clusterArn", "")
    name = group.removeprefix("service:") if group.startswith("service:") else ""
    return f"{cluster.rpartition('/')[2]}/{name}" if name and cluster else ""
