"""What the identity may not do of a preview's calls, as IAM says: asked before anything is tried.

Comes in: a client and a preview. Goes out: what is missing, in words. What EC2 is asked by a dry run needs no other
question. Everything else is asked of ``iam:SimulatePrincipalPolicy``; what IAM does not say counts as missing, for an
unknown permission is none: the sentence begins with ``not known`` and says what would let it be known.

Source: IAM API, ``SimulatePrincipalPolicy`` (policies of the identity, its boundary, those of the organisation; not
those of the resource or of the session).
"""

from __future__ import annotations

from collections.abc import Iterator

from agentops.core.errors import ToolError
from agentops.core.plan import Preview
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.api.errors import DENIED
from agentops.providers.aws.api.simulation import simulate
from agentops.providers.aws.impact.state.registry import read_state

_NEEDED = "iam:SimulatePrincipalPolicy and iam:GetRole on itself"
_FAR_REACHING = (
    "iam:CreateUser", "iam:AttachRolePolicy", "kms:ScheduleKeyDeletion", "s3:DeleteBucket", "ec2:TerminateInstances",
    "rds:DeleteDBInstance",
)  # fmt: skip
"""Whoever may do all of these on everything is no identity for changes."""


def missing_permissions(client: AwsClient, dry_runner: AwsDryRunner, preview: Preview) -> tuple[str, ...]:
    """Return what the identity may not do, or of which that is not known; empty when all is allowed.

    Raises:
        ToolError: the resource cannot be read.
    """
    found: list[str] = []
    for call in preview.calls:
        if dry_runner.can_try(call):
            continue
        for item in preview.objects:
            found += _refusals(client, call.verb, read_state(client, item.ref).arn)
    return tuple(dict.fromkeys(found))


def is_unlimited(client: AwsClient) -> bool:
    """Return whether the identity may do what no change needs, on everything.

    One that may not ask is no administrator, for an administrator may.

    Raises:
        ToolError: IAM cannot be asked.
    """
    if client.identity.is_root:
        return True
    try:
        answers = simulate(client, _FAR_REACHING)
    except ToolError as error:
        if error.code == DENIED:
            return False
        raise
    return all(one.get("EvalDecision") == "allowed" for one in answers) and bool(answers)


def _refusals(client: AwsClient, action: str, arn: str) -> Iterator[str]:
    if client.identity.is_root:
        return
    try:
        answers = simulate(client, (action,), arn)
    except ToolError as error:
        needed = f" (it needs {_NEEDED})" if error.code == DENIED else ""
        yield f"{action}: not known: {one_line(error.message, 200)}{needed}"
        return
    if not answers:
        yield f"{action}: not known: IAM gave no answer"
    for one in answers:
        decision = str(one.get("EvalDecision", ""))
        organised = (one.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations", True)
        bounded = (one.get("PermissionsBoundaryDecisionDetail") or {}).get("AllowedByPermissionsBoundary", True)
        if decision == "allowed" and organised is True and bounded is True:
            continue
        why = {"explicitDeny": "a policy denies it", "implicitDeny": "no policy allows it"}.get(decision, "")
        why = "a policy of the organisation denies it" if organised is not True else why
        why = "its permissions boundary does not allow it" if bounded is not True else why
        yield f"{action} on {arn}: {why or 'not known: IAM says ' + one_line(decision or 'nothing', 40)}"
