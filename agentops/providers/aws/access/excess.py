"""What an identity may do in an account, as IAM itself simulates it: what is missing, and what is too much.

Comes in: a client that only reads, and the needs. Goes out: ``Judged``. Asking changes nothing. IAM decides by the
policies of the identity, without those of the organisation and of resources: what it allows may still be refused.
Where IAM may not be asked, that is said, and nothing is concluded but from the identity's own name.
Source: docs.aws.amazon.com, IAM API Reference, SimulatePrincipalPolicy; "IAM Identity Center, roles it creates" (path).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient, Identity
from agentops.providers.aws.api.errors import CHANGED
from agentops.providers.aws.api.simulation import simulate

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
    if who.is_root:
        return Judged(administrator=True, how="it is the root user, whom no policy holds back")
    wanted = tuple(dict.fromkeys((*needed, *GRAVE)))
    try:
        answers = simulate(client, wanted)
        allowed = frozenset(one.get("EvalActionName") for one in answers if one.get("EvalDecision") == "allowed")
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


def _named_administrator(who: Identity) -> bool:
    name = who.role.rpartition("/")[2].removeprefix(_SSO).lower()
    return any(name.startswith(word) for word in _ADMIN_WORDS)
