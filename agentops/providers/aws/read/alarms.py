"""``aws_alarms``: the alarms of CloudWatch, what they watch, and since when they are in which state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count, one_of
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.watched import watched
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell, since

_READ, _SHOWN = 1_000, 50


@aws_tool(
    "aws_alarms",
    "CloudWatch alarms: state, since when, what they compare and watch.",
    {
        "state": one_of("ALARM", "OK", "INSUFFICIENT_DATA"),
        "contains": about("part of the name"),
        "limit": count(200, "default 50"),
    },
    sends=(("cloudwatch", "DescribeAlarms"),),
)
def alarms(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the alarms as a table, those that fire first, then the youngest change.

    Raises:
        ToolError: as ``AwsClient.pages``.
    """
    asked = {"StateValue": arguments["state"]} if "state" in arguments else {}
    listed: list[Any] = []
    cut = False
    for key in ("MetricAlarms", "CompositeAlarms"):
        found = client.pages(
            "cloudwatch", "DescribeAlarms", key, _READ, AlarmTypes=["MetricAlarm", "CompositeAlarm"], **asked
        )
        listed += found.items
        cut = cut or found.more
    wanted = str(arguments.get("contains", "")).lower()
    kept = [one for one in listed if wanted in str(one.get("AlarmName", "")).lower()]
    kept.sort(key=lambda one: str(one.get("StateUpdatedTimestamp", "")), reverse=True)
    kept.sort(key=lambda one: one.get("StateValue") != "ALARM")
    limit, now = int(arguments.get("limit", _SHOWN)), clock()
    rows = [
        (
            cell(one.get("StateValue")),
            since(one.get("StateUpdatedTimestamp"), now),
            cell(one.get("AlarmName"), 100),
            cell(one.get("MetricName") or one.get("AlarmRule"), 60),
            ", ".join(f"{kind}/{name}" for kind, name in watched(one)) or "-",
        )
        for one in kept[:limit]
    ]
    notes = [f"Only {limit} of {len(kept)} alarms are shown."] if len(kept) > limit else []
    notes += [f"Only {_READ} of each type were read."] if cut else []
    return Reading(
        body=table(("STATE", "SINCE", "ALARM", "METRIC", "WATCHES"), rows) if rows else "No alarm matches.",
        summary=f"{plural(len(kept), 'alarm')}, {sum(one.get('StateValue') == 'ALARM' for one in kept)} in ALARM",
        footer=" ".join(notes),
    )
