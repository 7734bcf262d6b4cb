"""``aws_trail``: who changed what, as CloudTrail has it; of a request's contents nothing, for it can hold secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell, end_of, since
from agentops.providers.aws.sweep.others import trail_event

_ATTRIBUTES = (("resource", "ResourceName"), ("user", "Username"), ("event", "EventName"))


@aws_tool(
    "aws_trail",
    "Who changed what (CloudTrail, writes only); one filter at a time.",
    {
        "resource": about("name or ARN"),
        "user": about("user or session"),
        "event": about("PutRolePolicy ..."),
        "minutes": count(10_080, "up to end; default 120"),
        "end": about("RFC 3339; default now"),
        "limit": count(200, "default 50"),
    },
    sends=(("cloudtrail", "LookupEvents"),),
)
def trail(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the changes, newest first.

    Raises:
        ToolInputError: the time is none.
        ToolError: as ``AwsClient.pages``.
    """
    now, end, limit = clock(), end_of(arguments, clock), int(arguments.get("limit", 50))
    minutes = int(arguments.get("minutes", 120))
    # CloudTrail takes one attribute a request; without one of ours, reads are left out by it.
    given = [(key, str(arguments[name])) for name, key in _ATTRIBUTES if arguments.get(name)]
    key, value = given[0] if given else ("ReadOnly", "false")
    found = client.pages(
        "cloudtrail",
        "LookupEvents",
        "Events",
        limit,
        LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}],
        StartTime=end - timedelta(minutes=minutes),
        EndTime=end,
    )
    listed = [trail_event(one) for one in found.items if str(one.get("ReadOnly", "false")) != "true"]
    rows = [
        (
            since(one.get("EventTime"), now),
            cell(one.get("Username") or one.get("arn"), 60),
            cell(one.get("EventName"), 60),
            cell(one.get("errorCode"), 60),
            cell(", ".join(one.get("Resources") or ())),
        )
        for one in listed
    ]
    notes = ["CloudTrail is up to 15 minutes behind."]
    notes += [f"Only the newest {limit} are shown."] if found.more else []
    notes += [f"Only the filter {given[0][0]} was used."] if len(given) > 1 else []
    return Reading(
        body=table(("AGE", "WHO", "CALLED", "ERROR", "RESOURCES"), rows) if rows else "No change in that time.",
        summary=f"{plural(len(rows), 'change')} in {plural(minutes, 'minute')}",
        footer=" ".join(notes),
    )
