"""``aws_quotas``: the quotas of a service in this account and region, and their use where AWS measures it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agentops.core.chart import number_text
from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell

_READ, _MEASURED, _WINDOW = 1_000, 20, timedelta(days=1)


@aws_tool(
    "aws_quotas",
    "Quotas of a service (ec2, lambda, vpc, ecs, rds ...) and their use.",
    {
        "service": {"type": "string", "minLength": 1, "maxLength": 63},
        "contains": about("part of the name"),
        "limit": count(200, "default 40"),
    },
    required=("service",),
    sends=(("service-quotas", "ListServiceQuotas"), ("cloudwatch", "GetMetricData")),
)
def quotas(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the quotas, those that are used most first.

    Raises:
        ToolError: there is no such service, or AWS refused or failed.
    """
    service, limit = str(arguments["service"]), int(arguments.get("limit", 40))
    found = client.pages("service-quotas", "ListServiceQuotas", "Quotas", _READ, ServiceCode=service)
    wanted = str(arguments.get("contains", "")).lower()
    kept = [one for one in found.items if wanted in str(one.get("QuotaName", "")).lower()]
    used, unread = _used(client, clock(), kept)
    rows = sorted(
        (
            (
                -_share(one, used),
                (
                    cell(one.get("QuotaName"), 80),
                    number_text(float(one.get("Value") or 0)),
                    number_text(used[code]) if (code := str(one.get("QuotaCode"))) in used else "-",
                    "yes" if one.get("Adjustable") else "no",
                    cell(code),
                ),
            )
            for one in kept
        ),
    )
    notes = [f"Only {limit} of {len(kept)} are shown."] if len(kept) > limit else []
    notes += [f"Only the first {_READ} were read."] if found.more else []
    notes += [f"Use was not read: {unread}."] if unread else []
    return Reading(
        body=table(("QUOTA", "VALUE", "USED", "ADJUSTABLE", "CODE"), [row for _, row in rows[:limit]])
        if rows
        else "No quota matches.",
        summary=f"{plural(len(kept), 'quota')} of {one_line(service, 60)}, "
        f"{sum(_share(one, used) >= 1 for one in kept)} used up",
        footer=" ".join(["Use is the greatest of the last day, where CloudWatch has it.", *notes]),
    )


def _share(quota: Mapping[str, Any], used: Mapping[str, float]) -> float:
    value = float(quota.get("Value") or 0)
    return used.get(str(quota.get("QuotaCode")), 0.0) / value if value else 0.0


def _used(client: AwsClient, now: datetime, quotas: list[Any]) -> tuple[dict[str, float], str]:
    """Return the greatest use of the last day by code, and why it could not be read."""
    measured = [one for one in quotas if (one.get("UsageMetric") or {}).get("MetricName")][:_MEASURED]
    if not measured:
        return {}, ""
    try:
        answer = client.ask(
            "cloudwatch", "GetMetricData",
            MetricDataQueries=[_query(number, one["UsageMetric"]) for number, one in enumerate(measured)],
            StartTime=now - _WINDOW, EndTime=now,
        )  # fmt: skip
    except ToolError as error:
        return {}, one_line(error.message, 200)
    found: dict[str, float] = {}
    for one in answer.get("MetricDataResults") or ():
        number = str(one.get("Id", "")).removeprefix("q")
        if number.isdigit() and int(number) < len(measured) and one.get("Values"):
            found[str(measured[int(number)].get("QuotaCode"))] = max(map(float, one["Values"]))
    return found, ""


def _query(number: int, metric: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in (metric.get("MetricDimensions") or {}).items()]
    wanted = {"Namespace": metric.get("MetricNamespace"), "MetricName": metric["MetricName"], "Dimensions": dimensions}
    statistic = str(metric.get("MetricStatisticRecommendation") or "Maximum")
    return {"Id": f"q{number}", "MetricStat": {"Metric": wanted, "Period": 300, "Stat": statistic}}
