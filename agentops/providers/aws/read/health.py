"""``aws_health``: what AWS itself says is wrong or planned in this region: is it AWS's fault.

AWS Health answers accounts with a support plan of Business or above; without one that is said.
Source: docs.aws.amazon.com, AWS Health API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell, since

_EVENTS, _AT_ONCE, _ENTITIES = 50, 10, 100


@aws_tool(
    "aws_health",
    "Issues and planned changes of AWS itself that touch this account.",
    {"service": about("EC2, RDS ...; default all"), "days": count(90, "default 7")},
    sends=(("health", "DescribeEvents"), ("health", "DescribeEventDetails"), ("health", "DescribeAffectedEntities")),
)
def health(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the events, those that are open first, with what AWS says of the newest.

    Raises:
        ToolError: there is no support plan, or AWS refused or failed.
    """
    now, days = clock(), int(arguments.get("days", 7))
    wanted: dict[str, Any] = {
        "regions": [client.region, "global"],
        "lastUpdatedTimes": [{"from": now - timedelta(days=days)}],
    }
    wanted |= {"services": [str(arguments["service"]).upper()]} if arguments.get("service") else {}
    found = client.pages("health", "DescribeEvents", "events", _EVENTS, filter=wanted)
    events = sorted(found.items, key=lambda one: str(one.get("lastUpdatedTime", "")), reverse=True)
    events.sort(key=lambda one: one.get("statusCode") != "open")
    rows = [
        (
            cell(one.get("statusCode")),
            since(one.get("startTime"), now),
            cell(one.get("service"), 40),
            cell(one.get("eventTypeCategory"), 40),
            cell(one.get("eventTypeCode"), 80),
            cell(one.get("availabilityZone") or one.get("region"), 40),
        )
        for one in events
    ]
    newest = [str(one["arn"]) for one in events[:_AT_ONCE] if one.get("arn")]
    said, notes = _details(client, newest)
    body = table(("STATUS", "SINCE", "SERVICE", "CATEGORY", "EVENT", "WHERE"), rows)
    return Reading(
        body="\n\n".join([body, *said]) if rows else "AWS tells of nothing in that time.",
        summary=f"{plural(len(rows), 'event')} of AWS Health in {plural(days, 'day')}, "
        f"{sum(one.get('statusCode') == 'open' for one in events)} open",
        footer=" ".join([*notes, *([f"Only {_EVENTS} are shown."] if found.more else [])]),
    )


def _details(client: AwsClient, arns: list[str]) -> tuple[list[str], list[str]]:
    """Return what AWS says of some events and which resources they touch, and what of that could not be read."""
    if not arns:
        return [], []
    said, notes = [], []
    touched: dict[str, list[str]] = {}
    try:
        entities = client.pages("health", "DescribeAffectedEntities", "entities", _ENTITIES, filter={"eventArns": arns})
        for one in entities.items:
            touched.setdefault(str(one.get("eventArn")), []).append(cell(one.get("entityValue"), 120))
    except ToolError as error:
        notes.append(f"Not read: affected resources: {one_line(error.message, 200)}.")
    try:
        details = client.ask("health", "DescribeEventDetails", eventArns=arns).get("successfulSet") or ()
    except ToolError as error:
        return [], [*notes, f"Not read: descriptions: {one_line(error.message, 200)}."]
    for one in details:
        event = one.get("event") or {}
        words = one_line(str((one.get("eventDescription") or {}).get("latestDescription", "")), 1_000)
        there = touched.get(str(event.get("arn")), [])
        said.append(
            f"{event.get('eventTypeCode')}: {words}" + (f"\n  touches {', '.join(there[:20])}" if there else "")
        )
    return said, notes
