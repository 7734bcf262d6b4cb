"""What is asked of IAM before a person is: the answers as the IAM API reference has them, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.core.plan import Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.api.client import Identity, Listed
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.api.errors import ABSENT, DENIED, FAILED
from agentops.providers.aws.change.change_tool import AwsChangeTool
from agentops.providers.aws.change.permissions import is_unlimited, missing_permissions
from agentops.providers.aws.change.tools.set_alarm_actions import set_alarm_actions
from tests.support.aws_account import PLACE

ARN = PLACE.arn("cloudwatch", "alarm:old")
ACTION = "cloudwatch:EnableAlarmActions"
ALLOWED = {"EvalActionName": ACTION, "EvalResourceName": ARN, "EvalDecision": "allowed"}


class Account:
    """An account at our own seam: an alarm, and what IAM says."""

    region = PLACE.region

    def __init__(self, says: Any, arn: str = "arn:aws:iam::123456789012:user/ana") -> None:
        self.says, self.asked = says, []
        self.identity = Identity(account=PLACE.account, partition="aws", arn=arn)

    def ask(self, _service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Answer one read."""
        self.asked.append((operation, arguments))
        if operation == "GetRole":
            return {"Role": {"Arn": "arn:aws:iam::123456789012:role/ops/fixers"}}
        alarm = {"AlarmName": "old", "AlarmArn": ARN, "ActionsEnabled": False}
        return {"DescribeAlarms": {"MetricAlarms": [alarm]}, "ListTagsForResource": {"Tags": []}}[operation]

    def pages(self, _service: str, operation: str, _key: str, _most: int, **arguments: Any) -> Listed:
        """Answer the simulation."""
        self.asked.append((operation, arguments))
        found = self.says(arguments) if callable(self.says) else self.says
        if isinstance(found, ToolError):
            raise found
        return Listed(items=tuple(found))


def _missing(account: Account) -> tuple[str, ...]:
    runner = AwsDryRunner(None, account)  # type: ignore[arg-type]
    tool: AwsChangeTool = AwsChangeTool(
        spec=set_alarm_actions.spec,
        function=set_alarm_actions.function,
        kinds=set_alarm_actions.kinds,
        client=account,  # type: ignore[arg-type]
        dry_runner=runner,
        clock=None,  # type: ignore[arg-type]
    )
    from tests.providers.aws.change.conftest import change

    preview = tool.predict(change("aws_set_alarm_actions", "cloudwatch/alarm", "old", enabled=True))
    return missing_permissions(account, runner, preview)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ([ALLOWED], ()),
        ([{**ALLOWED, "EvalDecision": "implicitDeny"}], (f"{ACTION} on {ARN}: no policy allows it",)),
        ([{**ALLOWED, "EvalDecision": "explicitDeny"}], (f"{ACTION} on {ARN}: a policy denies it",)),
        (
            [{**ALLOWED, "OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}],
            (f"{ACTION} on {ARN}: a policy of the organisation denies it",),
        ),
        (
            [{**ALLOWED, "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}],
            (f"{ACTION} on {ARN}: its permissions boundary does not allow it",),
        ),
        ([{**ALLOWED, "EvalDecision": "perhaps"}], (f"{ACTION} on {ARN}: not known: IAM says perhaps",)),
        ([{}], (f"{ACTION} on {ARN}: not known: IAM says nothing",)),
        ([], (f"{ACTION}: not known: IAM gave no answer",)),
    ],
)
def test_what_iam_says_counts_and_what_it_does_not_say_is_no(says: Any, told: tuple[str, ...]) -> None:
    """Allowed by the identity, its boundary and its organisation; anything else is missing, and says why."""
    account = Account(says)
    assert _missing(account) == told
    (asked,) = [arguments for operation, arguments in account.asked if operation == "SimulatePrincipalPolicy"]
    assert (asked["ActionNames"], asked["ResourceArns"]) == ([ACTION], [ARN])


@pytest.mark.parametrize("code", [DENIED, FAILED])
def test_who_may_not_ask_has_no_known_permission(code: str) -> None:
    """Unknown is no, and the sentence says what would let it be known."""
    (said,) = _missing(Account(ToolError("no", code=code)))
    needed = " (it needs iam:SimulatePrincipalPolicy and iam:GetRole on itself)" if code == DENIED else ""
    assert said == f"{ACTION}: not known: no{needed}"


def test_a_role_in_a_path_is_asked_for_by_its_whole_arn() -> None:
    """The session of a role does not tell its path; IAM does."""

    def says(arguments: Any) -> Any:
        whole = "role/ops/" in arguments["PolicySourceArn"]
        return [ALLOWED] if whole else ToolError("no such role", code=ABSENT)

    assert _missing(Account(says, "arn:aws:sts::123456789012:assumed-role/fixers/ana")) == ()


def test_what_ec2_is_asked_by_a_dry_run_is_asked_there_alone() -> None:
    """Its dry run is the better answer: it knows conditions, and comes before a person is asked too."""
    account = Account(ToolError("never asked"))
    preview = Preview(
        calls=(call_of("ec2", "StopInstances", {"InstanceIds": ["i-1"]}),), objects=(), validated=False,
        risk=Risk.HIGH, reversal=Reversal.COMPENSATING,
    )  # fmt: skip
    runner = AwsDryRunner(None, account)  # type: ignore[arg-type]
    assert (missing_permissions(account, runner, preview), account.asked) == ((), [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("says", "arn", "unlimited"),
    [
        (lambda a: [{"EvalActionName": one, "EvalDecision": "allowed"} for one in a["ActionNames"]], "user/a", True),
        (
            lambda a: [{"EvalActionName": one, "EvalDecision": "implicitDeny"} for one in a["ActionNames"]],
            "user/a",
            False,
        ),
        (ToolError("no", code=DENIED), "user/a", False),
        ([], "user/a", False),
        (ToolError("never asked"), "root", True),
    ],
)
def test_who_may_do_everything_is_known(says: Any, arn: str, unlimited: bool) -> None:
    """An administrator may ask; whoever may not ask is none. The root user always is one."""
    assert is_unlimited(Account(says, f"arn:aws:iam::123456789012:{arn}")) is unlimited  # type: ignore[arg-type]


def test_when_iam_fails_nobody_is_taken_for_limited() -> None:
    """An error that is no denial says nothing of the identity."""
    with pytest.raises(ToolError):
        is_unlimited(Account(ToolError("500", code=FAILED)))  # type: ignore[arg-type]
