"""``aws_insights``: a query of CloudWatch Logs Insights; what it will scan and cost is known, and said, before it runs.

Comes in: log groups, a query, a time. Goes out: the rows. AWS takes money for each byte that is scanned, so the bytes
are estimated first, by what the groups took in over that time (``IncomingBytes``), and a query above the cap of the
settings (``aws_insights_gib``) is refused. What cannot be estimated is not run. A query reads and changes nothing.
Sources: docs.aws.amazon.com, CloudWatch Logs API Reference (StartQuery, GetQueryResults); "CloudWatch pricing".
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.errors import ToolError, ToolInputError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import ABSENT, FAILED
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell, end_of

USD_PER_GB = 0.005
"""What a GB costs in us-east-1; in other regions up to a half more."""
_GROUPS, _SHOWN, _WAIT_S, _PAUSE_S = 5, 100, 40.0, 0.4
_GIB = 1 << 30
_HIDDEN = "@ptr"
_OVER = ("Complete", "Failed", "Cancelled", "Timeout")


@aws_tool(
    "aws_insights",
    "Logs Insights query over log groups; costs money by bytes scanned, capped. Prefer aws_logs for plain filters.",
    {
        "groups": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": _GROUPS},
        "query": about("stats count() by bin(5m) ..."),
        "minutes": count(10_080, "up to end; default 30"),
        "end": about("RFC 3339; default now"),
        "limit": count(500, "default 100"),
    },
    required=("groups", "query"),
    sends=(
        ("cloudwatch", "GetMetricData"),
        ("logs", "DescribeLogGroups"),
        ("logs", "StartQuery"),
        ("logs", "GetQueryResults"),
        ("logs", "StopQuery"),
    ),
)
def insights(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the rows of a query.

    Raises:
        ToolInputError: it would scan more than the cap, or the time is none.
        ToolError: what it would scan cannot be told, AWS does not take the query, or it does not end in time.
    """
    end, minutes = end_of(arguments, clock), int(arguments.get("minutes", 30))
    start, limit = end - timedelta(minutes=minutes), int(arguments.get("limit", _SHOWN))
    groups = list(dict.fromkeys(map(str, arguments["groups"])))
    estimate = sum(_bytes_of(client, group, start, end) for group in groups)
    named = one_line(", ".join(groups), 160)
    said = f"about {size_text(estimate)} of {named} ({price_text(estimate)})"
    cap = client.insights_gib
    if estimate > cap * _GIB:
        raise ToolInputError(
            f"the query would scan {said}, and {cap:g} GiB are allowed",
            hint="Ask for less time or fewer groups, or raise aws_insights_gib in config.toml.",
        )
    client.say(f"Logs Insights scans {said}")
    rows, statistics = _run(client, groups, str(arguments["query"]), start, end, limit)
    scanned = float(statistics.get("bytesScanned") or 0)
    header = tuple(dict.fromkeys(field for row in rows for field in row if field != _HIDDEN))
    cells = [tuple(cell(row.get(name), 500) for name in header) for row in rows]
    return Reading(
        body=table(header, cells) if rows else "The query has no result.",
        summary=f"{plural(len(rows), 'row')} of Logs Insights over {named}: {size_text(scanned)} scanned",
        footer=f"Before it ran: {said}. It scanned {size_text(scanned)} ({price_text(scanned)}).",
    )


def size_text(size_bytes: float) -> str:
    """Return a size in the unit that fits it."""
    for unit, factor in (("GiB", _GIB), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes:.0f} bytes"


def price_text(size_bytes: float) -> str:
    """Return what scanning costs: ``0.02 USD``; below a cent it is said to be less."""
    usd = size_bytes / 1e9 * USD_PER_GB
    return f"{usd:.2f} USD" if usd >= 0.01 else "less than 0.01 USD"


def _bytes_of(client: AwsClient, group: str, start: datetime, end: datetime) -> float:
    """Return how many bytes of a group a query of that time scans, at most as far as it can be told.

    Raises:
        ToolError: it cannot be told.
    """
    listed = client.pages("logs", "DescribeLogGroups", "logGroups", 50, logGroupNamePrefix=group).items
    found = next((one for one in listed if one.get("logGroupName") == group), None)
    if found is None:
        raise ToolError(f"there is no log group {one_line(group, 200)} in {client.region}", code=ABSENT)
    wanted = {
        "Namespace": "AWS/Logs",
        "MetricName": "IncomingBytes",
        "Dimensions": [{"Name": "LogGroupName", "Value": group}],
    }
    # Points are kept in hours after two weeks; one an hour is there in either case.
    stat = {"Metric": wanted, "Period": 3600, "Stat": "Sum"}
    answer = client.ask(
        "cloudwatch", "GetMetricData",
        MetricDataQueries=[{"Id": "m0", "MetricStat": stat}],
        StartTime=start - timedelta(hours=1), EndTime=end + timedelta(hours=1),
    )  # fmt: skip
    values = [value for one in answer.get("MetricDataResults") or () for value in one.get("Values") or ()]
    # Without a measurement, all that is stored: more than a query of some hours ever scans.
    return float(sum(values)) if values else float(found.get("storedBytes") or 0)


def _run(
    client: AwsClient, groups: Sequence[str], query: str, start: datetime, end: datetime, limit: int
) -> tuple[list[dict[str, str]], Mapping[str, Any]]:
    """Return the rows of a query, and what AWS measured.

    Raises:
        ToolError: AWS does not take it, it failed, or it did not end in time and was stopped.
    """
    begun = client.ask(
        "logs", "StartQuery",
        logGroupNames=list(groups), queryString=query, limit=limit,
        startTime=int(start.timestamp()), endTime=int(end.timestamp()),
    )  # fmt: skip
    number, until = str(begun.get("queryId", "")), time.monotonic() + _WAIT_S
    while True:
        answer = client.ask("logs", "GetQueryResults", queryId=number)
        status = str(answer.get("status", ""))
        if status in _OVER:
            break
        if time.monotonic() > until:
            client.ask("logs", "StopQuery", queryId=number)
            raise ToolError(
                f"the query did not end within {_WAIT_S:.0f} s and was stopped",
                hint="Ask for less time or fewer groups.",
                code=FAILED,
            )
        time.sleep(_PAUSE_S)
    if status != "Complete":
        raise ToolError(f"Logs Insights says that the query {status.lower()}", code=FAILED)
    rows = [{str(one.get("field")): str(one.get("value", "")) for one in row} for row in answer.get("results") or ()]
    return rows, answer.get("statistics") or {}
