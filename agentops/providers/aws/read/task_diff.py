"""``aws_task_diff``: how two task definitions differ; values of environment variables are never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.task_diff import differences
from agentops.providers.aws.read.declaration import NAME, about, aws_tool
from agentops.providers.aws.sweep.containers import task_definition


@aws_tool(
    "aws_task_diff",
    "How two ECS task definitions (FAMILY:REVISION) differ; without old, newest against the one before.",
    {"new": NAME, "old": about("default: one revision before")},
    required=("new",),
    sends=(("ecs", "DescribeTaskDefinition"),),
)
def task_diff(client: AwsClient, _clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the differences, one a line.

    Raises:
        ToolInputError: there is no revision before.
        ToolError: there is no such definition, or AWS refused or failed.
    """
    new = _definition(client, str(arguments["new"]))
    family, revision = str(new.get("family", "")), int(new.get("revision") or 0)
    if not arguments.get("old") and revision < 2:
        raise ToolInputError(f"{family} has no revision before {revision}", hint="Name it: old")
    old = _definition(client, str(arguments.get("old") or f"{family}:{revision - 1}"))
    found = differences(old, new)
    names = f"{old.get('family')}:{old.get('revision')} -> {family}:{revision}"
    return Reading(
        body="\n".join(found) or "They are alike, but for values of environment variables, which are not compared.",
        summary=f"{one_line(names, 160)}: {plural(len(found), 'difference')}",
        footer="Values of environment variables are left out.",
    )


def _definition(client: AwsClient, name: str) -> dict[str, Any]:
    answer = client.ask("ecs", "DescribeTaskDefinition", taskDefinition=name)
    return task_definition(answer.get("taskDefinition") or {})
