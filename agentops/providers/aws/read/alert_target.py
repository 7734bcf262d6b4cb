"""What an alert of AWS is about: the alarm itself, or the resource that an event names.

Comes in: an alert of CloudWatch or EventBridge, of any form. Goes out: a ``Target``; what names nothing stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.alert import Alert, Target
from agentops.providers.aws.objects.place import ALARM, DATABASE, GROUP, INSTANCE, SERVICE, place_of_arn
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
            return Target(kind=found[0], name=found[1], scheme="aws")
    return alert.target


def _of_event(labels: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what the event of a service names in its own fields."""
    by_source = {
        "aws.rds": (DATABASE, labels.get("SourceIdentifier", "")),
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
