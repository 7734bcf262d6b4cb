"""``aws_activities``: what an Auto Scaling group did, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.objects.place import GROUP
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell, since


@aws_tool(
    "aws_activities",
    "What an Auto Scaling group launched and terminated, why, and what failed.",
    {"group": NAME, "limit": count(100, "default 20")},
    required=("group",),
    sends=(("autoscaling", "DescribeScalingActivities"),),
)
def activities(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the activities, newest first.

    Raises:
        ToolError: as ``AwsClient.pages``.
    """
    limit, now, name = int(arguments.get("limit", 20)), clock(), str(arguments["group"])
    found = client.pages("autoscaling", "DescribeScalingActivities", "Activities", limit, AutoScalingGroupName=name)
    rows = [
        (
            since(one.get("StartTime"), now),
            cell(one.get("StatusCode")),
            cell(one.get("Description")),
            cell(one.get("StatusMessage") or one.get("Cause")),
        )
        for one in found.items
    ]
    failed = sum(one.get("StatusCode") == "Failed" for one in found.items)
    return Reading(
        body=table(("AGE", "STATUS", "WHAT", "WHY"), rows) if rows else "It has no activities of the last six weeks.",
        summary=f"{plural(len(rows), 'activity', 'activities')} of {one_line(name, 100)}, {failed} failed",
        footer=f"Only the newest {limit} are shown." if found.more else "",
        resources=(place_of(client).ref(GROUP, name),),
    )
