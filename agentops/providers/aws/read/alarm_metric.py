"""How the metric of an alarm moved round its start, kept as the alert's own expression is.

Comes in: an alert of CloudWatch. Goes out: a reading whose first part is the chart; nothing for an alarm of several
metrics, a composite one, or one that is not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from agentops.core.alert import Alert
from agentops.core.chart import number_text
from agentops.core.clock import Clock
from agentops.core.evidence import ALERT_EXPRESSION, Reading
from agentops.core.text import one_line
from agentops.core.tool import ToolCall
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import ALARM
from agentops.providers.aws.read.metric import chart_text, period_for, values_of

_BEFORE_MINUTES = 180


def alarm_readings(client: AwsClient, clock: Clock, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
    """Return the reading with the call that it is kept under; empty where there is none.

    Raises:
        ToolError: AWS cannot be asked.
    """
    is_alarm = alert.source == "cloudwatch" or (alert.target.scheme == "aws" and alert.target.kind == ALARM)
    if not is_alarm:
        return ()
    name = alert.target.name or alert.labels.get("alertname", "")
    listed = client.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name]).get("MetricAlarms") or ()
    if not listed or not listed[0].get("MetricName"):
        return ()
    alarm, now = listed[0], clock()
    start, period = now - timedelta(minutes=_BEFORE_MINUTES), period_for(_BEFORE_MINUTES)
    wanted = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
    statistic = str(alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average")
    points = values_of(client, wanted, statistic, start, now, period)
    rule = f"{alarm['MetricName']} ({statistic}), threshold {number_text(float(alarm.get('Threshold') or 0))}"
    said = f"{rule}: last {number_text(points[-1][1])}" if points else f"{rule}: no value in the last three hours"
    reading = Reading(
        body=f"{chart_text(points, start, period)}\n\n{rule}" if points else said,
        summary=f"the metric of {one_line(name, 100)}: {one_line(said, 200)}",
        footer=f"One value each {period} s.",
    )
    return ((ToolCall(id="alert-expression", name=ALERT_EXPRESSION), reading),)
