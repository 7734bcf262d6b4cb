"""``aws_describe``: one resource, with what other calls tell of it: health, events, metrics, stopped tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import one_of
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import KINDS
from agentops.providers.aws.read.declaration import aws_tool
from agentops.providers.aws.read.shown import as_json
from agentops.providers.aws.sweep.registry import read_thing, sent_by
from agentops.providers.aws.sweep.scout import Scout


@aws_tool(
    "aws_describe",
    "One resource in full. Ids: CLUSTER/NAME of an ECS service or EKS nodegroup, NAME/HASH of a target group.",
    {"kind": one_of(*KINDS), "id": {"type": "string", "minLength": 1, "maxLength": 512}},
    required=("kind", "id"),
    sends=sent_by(*KINDS),
)
def describe(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return a resource as JSON.

    Raises:
        ToolError: there is none, or AWS refused or failed.
    """
    kind, name = str(arguments["kind"]), str(arguments["id"])
    scout = Scout(client, clock())
    found = read_thing(scout, kind, name)
    things = {f"{of} {what}": data for (of, what), data in found.things.items()}
    leads = [f"{link.upper[0]} {link.upper[1]} {link.relation} {link.lower[0]} {link.lower[1]}" for link in found.links]
    body = "\n\n".join([as_json(things), *(["\n".join(leads[:40])] if leads else [])])
    return Reading(
        body=body,
        summary=f"{kind} {one_line(name, 120)}",
        footer=" ".join(f"Not read: {gap.what}: {gap.reason}." for gap in scout.gaps),
        resources=(scout.place.ref(kind, name),),
    )
