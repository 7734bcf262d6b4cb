"""``agentops access aws``: the policy that is printed, and what IAM says of the identity in use; doctor's warning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.aws_machine import without_aws
from tests.support.aws_stub import AwsStub, caller, serving

Cli = Callable[..., Any]
ROLE = "arn:aws:iam::111111111111:role/look"
SESSION = "arn:aws:sts::111111111111:assumed-role/look/ana"


class Iam(AwsStub):
    """IAM as its API reference has it: what it allows, what it refuses to be asked, and in which path a role is."""

    def __init__(self, *allowed: str, arn: str = SESSION, refused: str = "", path: str = "") -> None:
        super().__init__(lambda _n: (500, b""), lambda _headers: caller("111111111111", arn))
        self.allowed, self.refused, self.path = set(allowed), refused, path
        self.simulated: list[dict[str, list[str]]] = []

    def reply(self, body: bytes, headers: Any) -> tuple[int, bytes]:
        """Answer the three calls that are made of it."""
        asked = parse_qs(body.decode())
        action = asked.get("Action", [""])[0]
        if action == "DescribeAlarms" or "DescribeAlarms" in str(headers.get("X-Amz-Target")):
            return 200, b"{}"
        if action == "GetRole":
            arn = f"arn:aws:iam::111111111111:role/{self.path}{asked['RoleName'][0]}"
            role = f"<Role><Arn>{arn}</Arn><RoleName>look</RoleName></Role>"
            return 200, _iam("GetRole", role)
        if action != "SimulatePrincipalPolicy":
            return super().reply(body, headers)
        self.simulated.append(asked)
        if self.refused:
            return 403, _error(self.refused, "not authorized")
        if self.path and self.path not in asked["PolicySourceArn"][0]:
            return 404, _error("NoSuchEntity", "no such role")
        names = [value[0] for key, value in asked.items() if key.startswith("ActionNames.member")]
        rows = "".join(
            f"<member><EvalActionName>{name}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>"
            f"{'allowed' if name in self.allowed or '*' in self.allowed else 'implicitDeny'}</EvalDecision></member>"
            for name in names
        )
        return 200, _iam(action, f"<IsTruncated>false</IsTruncated><EvaluationResults>{rows}</EvaluationResults>")


def _iam(action: str, inside: str) -> bytes:
    return (
        f"<{action}Response><{action}Result>{inside}</{action}Result>"
        f"<ResponseMetadata><RequestId>r-2</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def _error(code: str, words: str) -> bytes:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
        "<RequestId>r-3</RequestId></ErrorResponse>"
    ).encode()


@pytest.fixture
def asked(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Calls the command line while such an IAM answers."""
    without_aws(monkeypatch, tmp_path, key=True)

    def call(iam: Iam, *words: str) -> Any:
        with serving(iam):
            monkeypatch.setenv("AWS_ENDPOINT_URL", iam.url)
            return cli(*words)

    return call


def _needed(cli: Cli) -> list[str]:
    return [one["action"] for one in cli("access", "aws", "--mode", "read", "-o", "json").document["actions"]]


def test_the_policy_is_printed_and_nothing_is_sent(asked: Callable[..., Any]) -> None:
    """One JSON document that IAM takes; as a result it holds the same, and what each action is for."""
    iam = Iam()
    printed = json.loads(asked(iam, "access", "aws", "--mode", "read", "--aws-region", "eu-west-1").out)
    document = asked(iam, "access", "aws", "--mode", "read", "--aws-region", "eu-west-1", "-o", "json").document
    assert (document["policy"], iam.bodies) == (printed, [])
    assert printed["Statement"][0]["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    assert {"action": "cloudtrail:LookupEvents", "for": ["triage", "aws_trail"]} in document["actions"]


def test_a_tool_that_is_switched_off_takes_its_actions_along(cli: Cli, home: Path) -> None:
    """As with the roles of a cluster."""
    before = _needed(cli)
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[safety]\ndisabled_tools = ["aws_alarm_history"]\n')
    assert set(before) - set(_needed(cli)) == {"cloudwatch:DescribeAlarmHistory"}


def test_an_identity_that_has_what_is_needed_is_said_to_be_right(asked: Callable[..., Any], cli: Cli) -> None:
    """All that is needed, and nothing of what is asked for beside it; IAM is told of the region."""
    iam = Iam(*_needed(cli))
    done = asked(iam, "access", "aws", "--mode", "read", "--check", "--aws-region", "eu-west-1")
    assert (done.code, "It has what is needed" in done.out) == (0, True), done.out + done.err
    said = {key: value for key, value in iam.simulated[0].items() if not key.startswith("ActionNames")}
    assert (said["PolicySourceArn"], said["ContextEntries.member.1.ContextKeyValues.member.1"]) == (
        [ROLE],
        ["eu-west-1"],
    )


def test_what_is_too_much_and_what_is_missing_is_named(asked: Callable[..., Any], cli: Cli) -> None:
    """By action, in both forms."""
    allowed = [*_needed(cli)[1:], "s3:GetObject", "ec2:TerminateInstances"]
    words = ("access", "aws", "--mode", "read", "--check", "--aws-region", "eu-west-1")
    found = asked(Iam(*allowed), *words, "-o", "json").document["identity"]
    assert (found["administrator"], found["missing"], found["grave"], found["identity"]) == (
        False,
        ["acm:DescribeCertificate"],
        ["s3:GetObject", "ec2:TerminateInstances"],
        ROLE,
    )
    out = asked(Iam(*allowed), *words).out
    assert ("Allowed, and never needed" in out, "s3:GetObject" in out, "acm:DescribeCertificate" in out) == (
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("iam", "state", "said"),
    [
        (Iam("*"), "warn", f"{ROLE} may do everything: IAM simulates its policies"),
        (Iam("*", path="aws-reserved/sso.amazonaws.com/"), "warn", "may do everything: IAM simulates its policies"),
        (Iam("s3:GetObject"), "warn", f"{ROLE} may do what agentops never needs: s3:GetObject"),
        (Iam(), "ok", "none of the grave rights"),
        (Iam(arn="arn:aws:iam::111111111111:root"), "warn", "may do everything: it is the root user"),
        (
            Iam(
                arn="arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_AdministratorAccess_0a1b/ana",
                refused="AccessDenied",
            ),
            "warn",
            "may do everything: its name says so",
        ),
        (Iam(refused="AccessDenied"), "untried", f"AWS does not allow iam:SimulatePrincipalPolicy to {ROLE}"),
    ],
    ids=["everything", "in-a-path", "grave", "nothing", "root", "by-its-name", "not-asked"],
)
def test_doctor_warns_of_who_may_do_too_much(asked: Callable[..., Any], iam: Iam, state: str, said: str) -> None:
    """An administrator, the root user, one by its name, rights that are never needed; or that nobody knows."""
    document = asked(iam, "doctor", "--aws-region", "eu-west-1", "-o", "json").document
    row = next(one for one in document["checks"] if one["name"] == "aws-rights")
    assert (row["state"], said in row["text"], bool(row["hint"]) or state == "ok") == (state, True, True), row


def test_a_profile_without_a_check_is_told_in_vain(cli: Cli) -> None:
    """An option acts, or it is refused."""
    done = cli("access", "aws", "--mode", "read", "--aws-profile", "x")
    assert (done.code, "--aws-profile needs --check" in done.err) == (2, True)
