"""What IAM would decide of some actions of the caller: ``SimulatePrincipalPolicy``, asked once for all who ask it.

Comes in: a client that only reads, actions, and the resource. Goes out: IAM's answers as they are. Asking changes
nothing. IAM decides by the policies of the identity, its boundary and those of the organisation, without those of the
resource and of the session. Source: IAM API Reference, ``SimulatePrincipalPolicy``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import ABSENT

AT_ONCE = 100
_REGION = "aws:RequestedRegion"


def simulate(client: AwsClient, actions: Sequence[str], arn: str = "") -> list[Mapping[str, Any]]:
    """Return what IAM says of some actions, on one resource or on any.

    Raises:
        ToolError: IAM cannot be asked.
    """
    source, found = client.identity.role, []
    for start in range(0, len(actions), AT_ONCE):
        part = list(actions[start : start + AT_ONCE])
        try:
            found += _simulated(client, source, part, arn)
        except ToolError as error:
            # A role in a path is asked for by its whole ARN, and the caller's own has no path.
            if error.code != ABSENT or ":role/" not in source or start:
                raise
            source = _whole_arn(client, source)
            found += _simulated(client, source, part, arn)
    return found


def _simulated(client: AwsClient, source: str, actions: list[str], arn: str) -> list[Mapping[str, Any]]:
    # A policy that holds in one region alone allows nothing where IAM is not told of one.
    region = {"ContextKeyName": _REGION, "ContextKeyType": "string", "ContextKeyValues": [client.region]}
    listed = client.pages(
        "iam", "SimulatePrincipalPolicy", "EvaluationResults", 2 * AT_ONCE,
        PolicySourceArn=source, ActionNames=actions, ContextEntries=[region],
        **({"ResourceArns": [arn]} if arn else {}),
    )  # fmt: skip
    return [one for one in listed.items if isinstance(one, Mapping)]


def _whole_arn(client: AwsClient, arn: str) -> str:
    found = client.ask("iam", "GetRole", RoleName=arn.rpartition("/")[2])
    return str((found.get("Role") or {}).get("Arn") or arn)
