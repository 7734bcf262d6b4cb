"""An RDS instance as changes see it: its storage, and whether it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, number, tags_of
from agentops.providers.aws.objects.place import DATABASE, AwsPlace

STORAGE = "AllocatedStorage"
AVAILABLE = "available"
SERVING = ("available", "backing-up", "configuring-enhanced-monitoring", "modifying", "storage-optimization")
"""States in which it answers; storage grows for minutes while it is ``modifying``."""
_PASSING = ("rebooting", "maintenance", "storage-full", "starting")


def read_database(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a database instance.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    listed = client.ask("rds", "DescribeDBInstances", DBInstanceIdentifier=name).get("DBInstances") or ()
    if not listed:
        raise absent(f"database {name}", place)
    found: Mapping[str, Any] = listed[0]
    coming = found.get("PendingModifiedValues") or {}
    status = str(found.get("DBInstanceStatus", ""))
    ref = place.ref(DATABASE, name)
    arn = str(found.get("DBInstanceArn", "")) or place.arn("rds", f"db:{name}")
    serves = status in SERVING
    return State(
        ref=ref,
        arn=arn,
        uid=str(found.get("DbiResourceId") or arn),
        form={
            STORAGE: number(coming, STORAGE) or number(found, STORAGE),
            TAGS: tags_of(found.get("TagList") or ()),
        },
        health=Health(
            ref=ref,
            ready=int(serves),
            wanted=1,
            settled=serves,
            failed="" if serves or status in _PASSING else f"{name} is {status}",
            detail=f"{name} is {status}",
        ),
        data=found,
    )
