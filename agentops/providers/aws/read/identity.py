"""``aws_identity``: which account and region is looked at, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import aws_tool


@aws_tool("aws_identity", "Account, region and identity of this run.", {}, sends=(("sts", "GetCallerIdentity"),))
def identity(client: AwsClient, _clock: Clock, _arguments: Mapping[str, Any]) -> Reading:
    """Return what the run was pinned to when it began; nothing is sent."""
    who = client.identity
    rows = (("account", who.account), ("region", client.region), ("partition", who.partition), ("identity", who.arn))
    return Reading(
        body="\n".join(f"{name}: {value}" for name, value in rows),
        summary=f"account {who.account}, region {client.region}, as {who.role}",
    )
