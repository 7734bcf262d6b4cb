"""Reads alarms: one by name, or all that fire; they lead to what they watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import ALARM
from agentops.providers.aws.objects.watched import watched
from agentops.providers.aws.sweep.scout import Found, Link, Scout, picked

MOST_FIRING = 25
FIELDS = (
    "AlarmName", "AlarmArn", "AlarmDescription", "StateValue", "StateReason", "StateUpdatedTimestamp",
    "StateTransitionedTimestamp", "AlarmConfigurationUpdatedTimestamp", "ActionsEnabled", "MetricName", "Namespace",
    "Statistic", "ExtendedStatistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
    "ComparisonOperator", "TreatMissingData", "Metrics", "AlarmRule",
)  # fmt: skip
_KINDS = ["MetricAlarm", "CompositeAlarm"]


def read_alarm(scout: Scout, name: str) -> Found:
    """Return one alarm, metric or composite.

    Raises:
        ToolError: there is none of that name, or it cannot be read.
    """
    answer = scout.client.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=_KINDS)
    listed = [*(answer.get("MetricAlarms") or ()), *(answer.get("CompositeAlarms") or ())]
    if not listed:
        raise ToolError(f"there is no alarm {name} in {scout.place.region}", code=ABSENT)
    return _found(listed)


def read_firing(scout: Scout, _name: str) -> Found:
    """Return all alarms that fire; those that composite alarms are made of are among them.

    Raises:
        ToolError: alarms cannot be read.
    """
    listed: list[Any] = []
    for key in ("MetricAlarms", "CompositeAlarms"):
        found = scout.client.pages(
            "cloudwatch", "DescribeAlarms", key, MOST_FIRING, StateValue="ALARM", AlarmTypes=_KINDS
        )
        listed += found.items
        if found.more:
            scout.miss("alarms that fire", f"only the first {MOST_FIRING} were read")
    return _found(listed)


def _found(listed: list[Mapping[str, Any]]) -> Found:
    found = Found()
    for one in listed:
        here = (ALARM, str(one["AlarmName"]))
        found.things[here] = picked(one, *FIELDS) | {"ActionsEnabled": one.get("ActionsEnabled", True)}
        for lower in watched(one):
            found.links.append(Link(upper=here, lower=lower, relation="watches", own=True))
            found.follow.append(lower)
    return found
