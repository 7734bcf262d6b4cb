"""What alarms themselves tell: which fire, which have no data, and which watch what is not there."""

from __future__ import annotations

from collections.abc import Iterator

from agentops.core.alert import Severity
from agentops.core.chart import number_text
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, information, problem, symptom, vague
from agentops.providers.aws.objects.place import ALARM
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, moment

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}


@aws_analyzer(
    "alarms",
    symptom("AlarmFiring", "alarm", "it is in ALARM"),
    vague("AlarmWithoutData", "alarm", "it is in INSUFFICIENT_DATA, and what it watches is there"),
    exact("AlarmWatchesNothing", "alarm", "a dimension of its metric names a resource that is not there"),
    information("AlarmActionsOff", "alarm", "it fires and its actions are switched off"),
)
def alarms(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is to be said of each alarm that was read."""
    for ref, data in snapshot.of(ALARM):
        state, since = data.get("StateValue"), moment(data.get("StateUpdatedTimestamp"))
        gone = [edge.ref for edge in snapshot.edges.get(ref, ()) if edge.ref in snapshot.absent]
        if gone:
            yield _watches_nothing(ref, data, gone)
        if state == "ALARM" and not gone:
            yield problem(
                ref,
                "AlarmFiring",
                f"alarm {ref.name} fires: {rule_of(data)}",
                ("StateValue", state),
                ("StateReason", data.get("StateReason", "")),
                since=since,
                root=False,
            )
        if state == "INSUFFICIENT_DATA" and not gone:
            yield problem(
                ref,
                "AlarmWithoutData",
                f"alarm {ref.name} has no data to say whether it fires: {rule_of(data)}",
                ("StateValue", state),
                ("StateReason", data.get("StateReason", "")),
                since=since,
                advice="Check that the metric still arrives with exactly these dimensions; TreatMissingData says what "
                "its absence counts as.",
            )
        if state == "ALARM" and data.get("ActionsEnabled") is False:
            yield problem(
                ref,
                "AlarmActionsOff",
                f"alarm {ref.name} fires and its actions are switched off: nobody is told",
                ("ActionsEnabled", "false"),
                severity=Severity.INFO,
                root=False,
            )


def rule_of(data: Data) -> str:
    """Return what an alarm compares, in words: ``UnHealthyHostCount (Maximum) >= 1 for 2 of 60 s``."""
    if data.get("AlarmRule"):
        return one_line(str(data["AlarmRule"]), 200)
    metric = str(data.get("MetricName") or "")
    if not metric:
        return one_line(str(data.get("StateReason") or "an expression of several metrics"), 200)
    sign = _SIGNS.get(str(data.get("ComparisonOperator")), str(data.get("ComparisonOperator", "")))
    threshold = data.get("Threshold")
    least = number_text(float(threshold)) if threshold is not None else "a band"
    statistic = data.get("Statistic") or data.get("ExtendedStatistic") or ""
    measured = f"{metric} ({statistic})" if statistic else metric
    return f"{measured} {sign} {least} for {data.get('EvaluationPeriods', '?')} of {data.get('Period', '?')} s"


def _watches_nothing(ref: ResourceRef, data: Data, gone: list[ResourceRef]) -> Problem:
    names = ", ".join(one.short for one in gone)
    dimensions = ", ".join(f"{one.get('Name')}={one.get('Value')}" for one in data.get("Dimensions") or ())
    return problem(
        ref,
        "AlarmWatchesNothing",
        f"alarm {ref.name} watches {names}, which is not in this account and region: the alarm is at fault, or what it "
        "watched was deleted or renamed",
        ("StateValue", data.get("StateValue", "")),
        ("Dimensions", dimensions or data.get("AlarmRule", "several metrics")),
        since=moment(data.get("StateUpdatedTimestamp")),
        advice="Correct the dimensions of the alarm, or delete it if what it watched is gone for good.",
    )
