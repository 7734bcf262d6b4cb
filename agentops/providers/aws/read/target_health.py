"""``aws_target_health``: the targets of a target group, in which state they are, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import TARGET_GROUP
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell
from agentops.providers.aws.sweep.balancing import read_target_group
from agentops.providers.aws.sweep.registry import sent_by
from agentops.providers.aws.sweep.scout import Scout

_SHOWN = 100


@aws_tool(
    "aws_target_health",
    "Targets of a target group (NAME or NAME/HASH): state and why, and the health check.",
    {"target_group": NAME},
    required=("target_group",),
    sends=sent_by(TARGET_GROUP),
)
def target_health(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the targets, the unhealthy ones first.

    Raises:
        ToolError: there is no such group, or AWS refused or failed.
    """
    name = str(arguments["target_group"])
    scout = Scout(client, clock())
    data = read_target_group(scout, name).things[(TARGET_GROUP, name)]
    health = sorted(data["Health"], key=lambda one: one.get("TargetHealth", {}).get("State") == "healthy")
    rows = [
        (
            cell(one.get("TargetHealth", {}).get("State")),
            cell(one.get("Target", {}).get("Id")),
            cell(one.get("Target", {}).get("Port")),
            cell(one.get("Target", {}).get("AvailabilityZone")),
            cell(one.get("TargetHealth", {}).get("Reason")),
            cell(one.get("TargetHealth", {}).get("Description")),
        )
        for one in health[:_SHOWN]
    ]
    check = " ".join(
        f"{key.removeprefix('HealthCheck')}={cell(value, 60)}"
        for key, value in data.items()
        if key.startswith("Health") and key != "Health"
    )
    states = Counter(str(one.get("TargetHealth", {}).get("State")) for one in health)
    header = ("STATE", "TARGET", "PORT", "ZONE", "REASON", "DESCRIPTION")
    return Reading(
        body=f"{table(header, rows) if rows else 'No target is registered.'}\n\nhealth check: {check}",
        summary=f"targets of {one_line(name, 100)}: "
        + (", ".join(f"{count} {state}" for state, count in states.most_common()) or "none registered"),
        footer=f"Only {_SHOWN} of {len(health)} are shown." if len(health) > _SHOWN else "",
        resources=(scout.place.ref(TARGET_GROUP, name),),
    )
