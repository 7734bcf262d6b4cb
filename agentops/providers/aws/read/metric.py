"""``aws_metric``: how a metric of CloudWatch moved: least, greatest, last, and a chart of small bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agentops.core.chart import number_text, sparkline
from agentops.core.client_tool import count
from agentops.core.clock import Clock, to_iso
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import NAME, about, aws_tool
from agentops.providers.aws.read.shown import end_of

_COLUMNS, _LAST = 60, 12
_PERIODS = (60, 300, 900, 3600, 21600, 86400)


@aws_tool(
    "aws_metric",
    "How a CloudWatch metric moved, with a chart.",
    {
        "namespace": about("AWS/RDS ..."),
        "metric": NAME,
        "dimensions": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "all of them, exactly",
        },
        "statistic": about("Average, Sum, Maximum, p99 ...; default Average"),
        "minutes": count(40_320, "up to end; default 180"),
        "end": about("RFC 3339; default now"),
    },
    required=("namespace", "metric", "dimensions"),
    sends=(("cloudwatch", "GetMetricData"),),
)
def metric(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the values of one metric.

    Raises:
        ToolInputError: the time is none.
        ToolError: as ``AwsClient.ask``.
    """
    end, minutes = end_of(arguments, clock), int(arguments.get("minutes", 180))
    start, period = end - timedelta(minutes=minutes), period_for(minutes)
    wanted = {
        "Namespace": arguments["namespace"],
        "MetricName": arguments["metric"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in arguments["dimensions"].items()],
    }
    statistic = str(arguments.get("statistic", "Average"))
    points = values_of(client, wanted, statistic, start, end, period)
    title = f"{arguments['metric']} ({one_line(statistic, 20)})"
    if not points:
        said = "No value in that time. Check the namespace and that the dimensions are all of them, exactly."
        return Reading(body=said, summary=f"{title}: no data over {plural(minutes, 'minute')}")
    return Reading(
        body=chart_text(points, start, period),
        summary=f"{title} over {plural(minutes, 'minute')}: {_figures([value for _, value in points])}",
        footer=f"One value each {period} s; a gap in the chart has no data.",
    )


def period_for(minutes: int) -> int:
    """Return the seconds of one column, so that the time fits into a chart."""
    return next((one for one in _PERIODS if minutes * 60 / one <= _COLUMNS), _PERIODS[-1])


def values_of(
    client: AwsClient, wanted: Mapping[str, Any], statistic: str, start: datetime, end: datetime, period: int
) -> list[tuple[datetime, float]]:
    """Return the values of one metric, oldest first.

    Raises:
        ToolInputError: CloudWatch cannot take the statistic.
        ToolError: as ``AwsClient.ask``.
    """
    if not statistic or len(statistic) > 40:
        raise ToolInputError("statistic is not one of CloudWatch", hint="Average, Sum, Minimum, Maximum, p99 ...")
    stat = {"Metric": dict(wanted), "Period": period, "Stat": statistic}
    answer = client.ask(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[{"Id": "m0", "MetricStat": stat}],
        StartTime=start,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    result = (answer.get("MetricDataResults") or [{}])[0]
    return sorted(zip(result.get("Timestamps") or (), result.get("Values") or (), strict=False))


def chart_text(points: Sequence[tuple[datetime, float]], start: datetime, period: int) -> str:
    """Return the chart of a metric and its last values."""
    last = max(at for at, _ in points)
    columns: list[float | None] = [None] * (max(int((last - start).total_seconds() // period), 0) + 1)
    for at, value in points:
        columns[max(int((at - start).total_seconds() // period), 0)] = float(value)
    lines = [sparkline(columns, _COLUMNS), _figures([value for _, value in points]), ""]
    lines += [f"{to_iso(at)}  {number_text(value)}" for at, value in points[-_LAST:]]
    return "\n".join(lines)


def _figures(values: Sequence[float]) -> str:
    return f"min {number_text(min(values))}, max {number_text(max(values))}, last {number_text(values[-1])}"
