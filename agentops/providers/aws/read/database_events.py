"""``aws_database_events``: what RDS tells of an instance: failovers, restarts, storage, maintenance, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.objects.place import DATABASE
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell, since

_MOST = 100


@aws_tool(
    "aws_database_events",
    "Events of an RDS instance: failover, restart, storage, parameters.",
    {"database": NAME, "minutes": count(20_160, "default 1440")},
    required=("database",),
    sends=(("rds", "DescribeEvents"),),
)
def database_events(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the events, newest first.

    Raises:
        ToolError: as ``AwsClient.pages``.
    """
    name, minutes, now = str(arguments["database"]), int(arguments.get("minutes", 1440)), clock()
    found = client.pages(
        "rds", "DescribeEvents", "Events", _MOST, SourceIdentifier=name, SourceType="db-instance", Duration=minutes
    )
    listed = sorted(found.items, key=lambda one: str(one.get("Date", "")), reverse=True)
    rows = [
        (since(one.get("Date"), now), cell(", ".join(one.get("EventCategories") or ())), cell(one.get("Message")))
        for one in listed
    ]
    return Reading(
        body=table(("AGE", "CATEGORY", "EVENT"), rows) if rows else "No event in that time.",
        summary=f"{plural(len(rows), 'event')} of {one_line(name, 100)} in {plural(minutes, 'minute')}",
        footer=f"Only {_MOST} are shown." if found.more else "",
        resources=(place_of(client).ref(DATABASE, name),),
    )
