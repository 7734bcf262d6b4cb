"""``aws_logs``: lines of a log group that match a filter of CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock, to_iso
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.text import one_line, plural
from agentops.core.tool import ToolCall
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import FUNCTION
from agentops.providers.aws.objects.snapshot import AwsSnapshot
from agentops.providers.aws.read.declaration import NAME, about, aws_tool
from agentops.providers.aws.read.shown import end_of

_SHOWN, _LINE = 100, 1_000
NAME_OF_TOOL = "aws_logs"


@aws_tool(
    NAME_OF_TOOL,
    'Lines of a CloudWatch log group; filter is CloudWatch\'s own (ERROR, ?a ?b, "two words").',
    {
        "group": NAME,
        "filter": about("default all"),
        "minutes": count(10_080, "up to end; default 30"),
        "end": about("RFC 3339; default now"),
        "limit": count(500, "default 100"),
    },
    required=("group",),
    sends=(("logs", "FilterLogEvents"),),
)
def logs(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the lines, oldest first.

    Raises:
        ToolInputError: the time is none.
        ToolError: there is no such group, or AWS refused or failed.
    """
    end, limit = end_of(arguments, clock), int(arguments.get("limit", _SHOWN))
    minutes = int(arguments.get("minutes", 30))
    found = client.pages(
        "logs",
        "FilterLogEvents",
        "events",
        limit,
        logGroupName=arguments["group"],
        startTime=int((end - timedelta(minutes=minutes)).timestamp() * 1000),
        endTime=int(end.timestamp() * 1000),
        **({"filterPattern": arguments["filter"]} if arguments.get("filter") else {}),
    )
    return Reading(
        body="\n".join(_line(one) for one in found.items) or "No line matches in that time.",
        summary=f"{plural(len(found.items), 'line')} of {one_line(str(arguments['group']), 120)}",
        footer=f"Only the first {limit} lines are shown: a narrower filter or a shorter time shows others."
        if found.more
        else "",
    )


def swept_lines(snapshot: AwsSnapshot, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:
    """Return the log lines that a sweep read of functions that a problem is about."""
    found = []
    unwell = {one.resource for one in problems}
    for ref, data in snapshot.of(FUNCTION):
        lines = data.get("LogLines") or ()
        if ref in unwell and lines:
            group = f"/aws/lambda/{ref.name}"
            reading = Reading(
                body="\n".join(_line(one) for one in lines),
                summary=f"{plural(len(lines), 'line')} of {group} that tell of errors",
                resources=(ref,),
            )
            found.append((ToolCall(id="sweep", name=NAME_OF_TOOL, arguments={"group": group}), reading))
    return found


def _line(event: Mapping[str, Any]) -> str:
    stamp = event.get("timestamp")
    at = to_iso(datetime.fromtimestamp(stamp / 1000, UTC)) if isinstance(stamp, int | float) else "-"
    return f"{at}  {one_line(str(event.get('message', '')), _LINE)}"
