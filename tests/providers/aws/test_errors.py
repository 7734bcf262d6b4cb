"""What AWS and its SDK say when they refuse or fail becomes an error that says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentops.core.errors import AgentopsError, ToolError, UsageError
from agentops.providers.aws.api.client import open_client
from agentops.providers.aws.api.errors import AwsCaller, asking

WHO = AwsCaller(region="eu-west-1", profile="prod", identity="arn:aws:iam::1:role/look")


def _said(code: str, message: str = "words of AWS", status: int = 400) -> ToolError:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    with pytest.raises(ToolError) as caught, asking("elbv2", "DescribeTargetHealth", WHO):
        raise ClientError(answer, "DescribeTargetHealth")
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("AccessDenied", "aws-denied", "elasticloadbalancing:DescribeTargetHealth to arn:aws:iam::1:role/look"),
        ("UnauthorizedOperation", "aws-denied", "Allow elasticloadbalancing:DescribeTargetHealth"),
        ("Throttling", "aws-throttled", "AWS_MAX_ATTEMPTS"),
        ("ExpiredToken", "aws-expired", "aws sso login --profile prod"),
        ("UnrecognizedClientException", "aws-credentials", "aws sts get-caller-identity"),
        ("TargetGroupNotFound", "aws-absent", "eu-west-1"),
        ("InvalidInstanceID.Malformed", "aws-absent", "words of AWS"),
        ("ValidationError", "aws-invalid", "words of AWS"),
        ("InternalFailure", "aws-failed", "Try again"),
    ],
)
def test_a_refusal_says_what_was_asked_and_what_to_do(code: str, kind: str, told: str) -> None:
    """Each has a stable code, and the action, the identity, the command or AWS's own words."""
    error = _said(code)
    assert (error.code, told in f"{error.message} {error.hint}") == (kind, True), error.message


def test_a_refusal_without_a_document_is_a_refusal() -> None:
    """403 of whatever stands between, without a code of AWS."""
    assert _said("403", "<html>", 403).code == "aws-denied"


def test_the_page_of_a_proxy_is_not_shown() -> None:
    """An error that is no document of AWS is told by its number."""
    error = _said("502", "<html><h1>Bad Gateway</h1>", 502)
    assert (error.code, "<html" in error.message) == ("aws-failed", False)


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any setting of AWS."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def _refused(**options: str) -> AgentopsError:
    with pytest.raises(AgentopsError) as caught:
        open_client(options, lambda _secret: None)
    return caught.value


def test_without_a_region_it_says_how_to_name_one(nobody: Path) -> None:
    """No region anywhere."""
    error = _refused()
    assert (error.code, "AGENTOPS_AWS_REGION" in error.hint) == ("aws-region", True)


def test_a_profile_that_is_not_there(nobody: Path) -> None:
    """The name is said, and the command that lists them."""
    error = _refused(aws_profile="prodd")
    assert isinstance(error, UsageError)
    assert ("prodd" in error.message, "list-profiles" in error.hint) == (True, True)


def test_without_credentials_it_says_how_to_get_some(nobody: Path) -> None:
    """No key, no profile, no role."""
    error = _refused(aws_region="eu-west-1")
    assert (error.code, "aws_profile" in error.hint) == ("aws-credentials", True)


def test_a_role_without_credentials_to_assume_it(nobody: Path) -> None:
    """The same, where a role is to be assumed with them."""
    error = _refused(aws_region="eu-west-1", aws_role="arn:aws:iam::1:role/x")
    assert error.code == "aws-credentials"


def test_an_expired_sign_on_says_which_command_renews_it(nobody: Path) -> None:
    """A profile of IAM Identity Center whose session is over."""
    (nobody / "config").write_text(
        "[profile prod]\nregion = eu-west-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = look\n"
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x.example/start\n"
    )
    error = _refused(aws_profile="prod")
    assert (error.code, error.hint) == ("aws-expired", "aws sso login --profile prod")


def test_an_address_that_does_not_answer(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: what to check is said."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    error = _refused(aws_region="eu-west-1")
    assert (error.code, "AWS_ENDPOINT_URL" in error.hint) == ("aws-unreachable", True)
    assert "not-a-real-secret" not in f"{error.message}{error.hint}"
