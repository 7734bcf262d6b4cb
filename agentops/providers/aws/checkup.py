"""The checks of ``agentops doctor`` for AWS: does the identity work, may it read alarms, is it too much.

Comes in: what a run hands to providers. Goes out: results. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult, ProviderContext

if TYPE_CHECKING:
    from agentops.providers.aws.api.client import AwsClient

NAME, RIGHTS = "aws-account", "aws-rights"
_NAMED = 4


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
    yield CheckResult(name=NAME, state="ok", text=where)
    try:
        yield _rights(client)
    except AgentopsError as error:
        yield CheckResult(name=RIGHTS, state="bad", text=error.message, hint=error.hint)


def _rights(client: AwsClient) -> CheckResult:
    """Return whether the identity may do more than agentops ever needs.

    Raises:
        ToolError: the credentials became somebody else's.
    """
    from agentops.providers.aws.access.excess import judge

    judged = judge(client)
    hint = f"Use a role that can do no more than: {command_line('access', 'aws', '--mode', 'read')}"
    if judged.administrator:
        text = f"{client.identity.role} may do everything: {judged.how}"
        return CheckResult(name=RIGHTS, state="warn", text=text, hint=hint)
    if judged.unasked:
        text = f"not known: {judged.unasked}"
        return CheckResult(name=RIGHTS, state="untried", text=text, hint="Allow it iam:SimulatePrincipalPolicy.")
    if judged.grave:
        named = ", ".join(judged.grave[:_NAMED])
        more = f" and {len(judged.grave) - _NAMED} more" if len(judged.grave) > _NAMED else ""
        text = f"{client.identity.role} may do what agentops never needs: {named}{more}"
        return CheckResult(name=RIGHTS, state="warn", text=text, hint=hint)
    return CheckResult(name=RIGHTS, state="ok", text="none of the grave rights that were asked for")
