"""``aws_stopped_tasks``: the tasks of an ECS service that stopped in the last hour, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import SERVICE
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell, since
from agentops.providers.aws.sweep.containers import read_service
from agentops.providers.aws.sweep.registry import sent_by
from agentops.providers.aws.sweep.scout import Scout


@aws_tool(
    "aws_stopped_tasks",
    "Stopped tasks of an ECS service (CLUSTER/NAME) with reasons and exit codes, and the service's events.",
    {"service": NAME},
    required=("service",),
    sends=sent_by(SERVICE),
)
def stopped_tasks(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the tasks and the events, newest first.

    Raises:
        ToolError: there is no such service, or AWS refused or failed.
    """
    name, now = str(arguments["service"]), clock()
    scout = Scout(client, now)
    data = read_service(scout, name).things[(SERVICE, name)]
    tasks = sorted(data["StoppedTasks"], key=lambda one: str(one.get("stoppedAt", "")), reverse=True)
    rows = [
        (
            since(one.get("stoppedAt"), now),
            cell(str(one.get("taskDefinitionArn", "")).rpartition("/")[2]),
            cell(one.get("stopCode")),
            cell(_ends(one)),
            cell(one.get("stoppedReason")),
        )
        for one in tasks
    ]
    events = [f"{since(one.get('createdAt'), now)}  {cell(one.get('message'))}" for one in data["events"]]
    body = table(("AGE", "DEFINITION", "CODE", "CONTAINERS", "REASON"), rows) if rows else "No stopped task is kept."
    return Reading(
        body="\n".join([body, "", "events:", *(events or ["none"])]),
        summary=f"{plural(len(rows), 'stopped task')} of {one_line(name, 100)}; {data['runningCount']} of "
        f"{data['desiredCount']} run",
        footer=" ".join(
            ["ECS keeps stopped tasks for about an hour.", *(f"Not read: {g.what}: {g.reason}." for g in scout.gaps)]
        ),
        resources=(scout.place.ref(SERVICE, name),),
    )


def _ends(task: Mapping[str, Any]) -> str:
    ends = (
        f"{one.get('name')} {one.get('exitCode', '')} {one.get('reason', '')}".strip()
        for one in task.get("containers") or ()
    )
    return "; ".join(ends)
