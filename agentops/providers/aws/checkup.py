"""The checks of ``agentops doctor`` for AWS: does the identity of the settings work, and may it read alarms.

Comes in: what a run hands to providers. Goes out: one result. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult, ProviderContext

NAME = "aws-account"


def check_up(context: ProviderContext) -> Iterator[CheckResult]:
    """Yield what was found about the account of the settings."""
    from agentops.providers.aws.api.client import open_client

    try:
        client = open_client(context.options, context.learn)
        where = f"account {client.identity.account}, region {client.region}, {client.identity.role}"
        client.ask("cloudwatch", "DescribeAlarms", MaxRecords=1)
    except AgentopsError as error:
        yield CheckResult(name=NAME, state="bad", text=error.message, hint=error.hint)
        return
    if client.identity.arn.endswith(":root"):
        hint = "Use a role that can only read; docs/aws.md has its policy."
        yield CheckResult(name=NAME, state="warn", text=f"{where}: the root user, who may do anything", hint=hint)
        return
    yield CheckResult(name=NAME, state="ok", text=where)
