"""``aws_alarm_history``: when an alarm changed its state, and when somebody changed the alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell, since


@aws_tool(
    "aws_alarm_history",
    "When an alarm fired, went back and was changed.",
    {"alarm": NAME, "limit": count(100, "default 30")},
    required=("alarm",),
    sends=(("cloudwatch", "DescribeAlarmHistory"),),
)
def alarm_history(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the history, newest first.

    Raises:
        ToolError: as ``AwsClient.pages``.
    """
    limit, now = int(arguments.get("limit", 30)), clock()
    found = client.pages(
        "cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems", limit,
        AlarmName=arguments["alarm"], ScanBy="TimestampDescending",
    )  # fmt: skip
    rows = [
        (since(one.get("Timestamp"), now), cell(one.get("HistoryItemType")), cell(one.get("HistorySummary")))
        for one in found.items
    ]
    return Reading(
        body=table(("AGE", "TYPE", "WHAT"), rows) if rows else "It has no history of the last 30 days.",
        summary=f"{plural(len(rows), 'entry', 'entries')} in the history of {one_line(str(arguments['alarm']), 100)}",
        footer=f"Only the newest {limit} are shown." if found.more else "",
    )
