"""What an identity may do in an account, as IAM itself simulates it: what is missing, and what is too much.

Comes in: a client that only reads, and the needs. Goes out: ``Judged``. Asking changes nothing. IAM decides by the
policies of the identity, without those of the organisation and of resources: what it allows may still be refused.
Where IAM may not be asked, that is said, and nothing is concluded but from the identity's own name.
Source: docs.aws.amazon.com, IAM API Reference, SimulatePrincipalPolicy; "IAM Identity Center, roles it creates" (path).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient, Identity
from agentops.providers.aws.api.errors import ABSENT, CHANGED

GRAVE = (
    "iam:CreateAccessKey", "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:CreateUser", "iam:PassRole",
    "kms:ScheduleKeyDeletion", "organizations:LeaveOrganization", "s3:DeleteBucket", "s3:GetObject",
    "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:SendCommand", "dynamodb:DeleteTable",
    "ec2:TerminateInstances", "ec2:DeleteSnapshot", "rds:DeleteDBInstance", "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode", "sqs:ReceiveMessage", "cloudtrail:StopLogging",
)  # fmt: skip
"""What agentops never does, and what an identity that is only for it should not be able to do."""
_EVERYTHING = ("iam:CreateAccessKey", "iam:AttachRolePolicy", "kms:ScheduleKeyDeletion", "ec2:TerminateInstances")
"""Who may do all of these may do anything: by the first two it gives itself the rest."""
_AT_ONCE = 100
_REGION = "aws:RequestedRegion"
_ADMIN_WORDS = ("administratoraccess", "organizationaccountaccessrole")
_SSO = "AWSReservedSSO_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an identity may do.

    Arguments:
        administrator: it may do everything; None where IAM could not be asked and its name does not say.
        how: what that rests on, in words.
        missing: actions that are needed and not allowed.
        grave: actions that are allowed and that nothing of agentops needs.
        unasked: why IAM could not be asked; empty where it was.
    """

    administrator: bool | None
    how: str
    missing: tuple[str, ...] = ()
    grave: tuple[str, ...] = ()
    unasked: str = ""


def judge(client: AwsClient, needed: Collection[str] = ()) -> Judged:
    """Return what the identity of a client may do.

    Arguments:
        needed: the actions that it should be allowed.

    Raises:
        ToolError: the credentials became somebody else's.
    """
    who = client.identity
    if who.arn.endswith(":root"):
        return Judged(administrator=True, how="it is the root user, whom no policy holds back")
    wanted = tuple(dict.fromkeys((*needed, *GRAVE)))
    try:
        allowed = frozenset(_allowed(client, who, wanted))
    except ToolError as error:
        if error.code == CHANGED:
            raise
        named = _named_administrator(who)
        how = "its name says so" if named else "IAM could not be asked"
        return Judged(administrator=named or None, how=how, unasked=one_line(error.message, 300))
    everything = all(one in allowed for one in _EVERYTHING)
    return Judged(
        administrator=everything,
        how="IAM simulates its policies",
        missing=tuple(one for one in needed if one not in allowed),
        grave=tuple(one for one in GRAVE if one in allowed and one not in needed),
    )


def _allowed(client: AwsClient, who: Identity, actions: Sequence[str]) -> list[str]:
    """Return those of some actions that IAM would allow on any resource.

    Raises:
        ToolError: IAM cannot be asked.
    """
    arn, found = who.role, []
    for start in range(0, len(actions), _AT_ONCE):
        part = list(actions[start : start + _AT_ONCE])
        try:
            listed = _simulated(client, arn, part)
        except ToolError as error:
            # A role in a path is asked for by its whole ARN, and the caller's own has no path.
            if error.code != ABSENT or ":role/" not in arn or start:
                raise
            arn = _whole_arn(client, arn)
            listed = _simulated(client, arn, part)
        found += listed
    return found


def _simulated(client: AwsClient, arn: str, actions: list[str]) -> list[str]:
    # A policy that holds in one region alone allows nothing where IAM is not told of one.
    region = {"ContextKeyName": _REGION, "ContextKeyType": "string", "ContextKeyValues": [client.region]}
    listed = client.pages(
        "iam", "SimulatePrincipalPolicy", "EvaluationResults", 2 * _AT_ONCE,
        PolicySourceArn=arn, ActionNames=actions, ContextEntries=[region],
    )  # fmt: skip
    return [str(one.get("EvalActionName")) for one in listed.items if one.get("EvalDecision") == "allowed"]


def _whole_arn(client: AwsClient, arn: str) -> str:
    found = client.ask("iam", "GetRole", RoleName=arn.rpartition("/")[2])
    return str((found.get("Role") or {}).get("Arn") or arn)


def _named_administrator(who: Identity) -> bool:
    name = who.role.rpartition("/")[2].removeprefix(_SSO).lower()
    return any(name.startswith(word) for word in _ADMIN_WORDS)
