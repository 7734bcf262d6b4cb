"""Every way in which AWS refuses or fails says what to do, through the command line: one line, a code, no traceback."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cloud.sandbox import REGION, CloudSandbox
from agentops.sandbox.cloud.scenario import load
from tests.support.aws_machine import without_aws
from tests.support.aws_proxy import failing
from tests.support.aws_stub import AwsStub, caller, refusal, serving

Cli = Callable[..., Any]
NAMED = ("investigate", "aws:sqs/queue/orders", "--no-model", "-o", "json")
QUEUE = "aws-queue-consumer-off"
SSO = (
    "[profile prod]\nregion = eu-west-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = look\n"
    "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x.example/start\n"
)
DENIED_STS = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: "
    b"sts:AssumeRole</Message></Error><RequestId>r</RequestId></ErrorResponse>"
)
EXPIRED_STS = DENIED_STS.replace(b"AccessDenied", b"ExpiredToken")
INVALID_STS = DENIED_STS.replace(b"AccessDenied", b"InvalidClientTokenId")


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a key of AWS in its environment, and nothing else of it."""
    without_aws(monkeypatch, tmp_path, key=True)
    monkeypatch.setenv("AGENTOPS_AWS_REGION", "eu-west-1")
    return tmp_path


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    """An AWS that knows who is asking, and answers the rest as a test says."""
    with serving(AwsStub(lambda _n: (400, refusal("QueueDoesNotExist")))) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield found


def _refused(done: Any) -> tuple[int, str, str]:
    (error,) = done.document["errors"]
    assert ("Traceback" in done.err, "secret-of-the-user" in f"{done.out}{done.err}") == (False, False)
    assert ("\n" in error["message"], bool(error["hint"])) == (False, True), error
    return done.code, error["code"], f"{error['message']} | {error['hint']}"


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "AccessDeniedException", "aws-denied", "AWS does not allow sqs:GetQueueUrl to arn:aws:iam::1:user/u"),
        (400, "AccessDeniedException", "aws-denied", "Allow sqs:GetQueueUrl in the policy"),
        (400, "ThrottlingException", "aws-throttled", "AWS throttles sqs:GetQueueUrl in eu-west-1 | Wait a minute"),
        (400, "ExpiredToken", "aws-expired", "the AWS credentials have expired | Renew them: aws sso login"),
        (403, "UnrecognizedClientException", "aws-credentials", "aws sts get-caller-identity"),
        (500, "InternalFailure", "aws-failed", "sqs:GetQueueUrl failed at AWS with InternalFailure"),
    ],
)
def test_a_refusal_of_the_first_read(status: int, code: str, kind: str, said: str, stub: AwsStub, cli: Cli) -> None:
    """Which action, as whom, and what to do."""
    stub.answer = lambda _n: (status, refusal(code))
    found = _refused(cli(*NAMED))
    assert (found[:2], said in found[2]) == ((1, kind), True), found


@pytest.mark.parametrize(
    ("who", "region", "kind", "said"),
    [
        (EXPIRED_STS, "eu-west-1", "aws-expired", "Renew them: aws sso login"),
        (INVALID_STS, "eu-west-1", "aws-credentials", "--aws-profile"),
        (INVALID_STS, "cn-north-1", "aws-credentials", "cn-north-1 is of a partition of its own"),
        (INVALID_STS, "us-gov-west-1", "aws-credentials", "us-gov-west-1 is of a partition of its own"),
    ],
)
def test_an_identity_that_aws_does_not_take(
    who: bytes, region: str, kind: str, said: str, stub: AwsStub, cli: Cli
) -> None:
    """Before anything else is asked; a region of another partition is said to be the likely reason."""
    stub.who = lambda _headers: who
    found = _refused(cli(*NAMED, "--aws-region", region))
    assert (found[:2], said in found[2], stub.asked) == ((1, kind), True, 0), found


def test_a_role_that_may_not_be_assumed(stub: AwsStub, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was denied is sts:AssumeRole, and not what would have been asked as that role."""
    monkeypatch.setenv("AGENTOPS_AWS_ROLE", "arn:aws:iam::222222222222:role/look")
    stub.answer = lambda _n: (403, DENIED_STS)
    found = _refused(cli(*NAMED))
    assert (found[:2], "AWS does not allow sts:AssumeRole" in found[2]) == ((1, "aws-denied"), True), found


@pytest.mark.parametrize(
    ("region", "role", "said"),
    [
        ("eu-west", "", "eu-west is no AWS region | Did you mean eu-west-"),
        ("../x", "", "is no AWS region"),
        ("eu-west-1", "arn:aws-cn:iam::1:role/look", "is of the partition aws-cn, and the region eu-west-1 of aws"),
    ],
)
def test_a_place_that_there_cannot_be(
    region: str, role: str, said: str, stub: AwsStub, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region that is none, and a role of another partition, are refused before anything is sent."""
    monkeypatch.setenv("AGENTOPS_AWS_ROLE", role)
    found = _refused(cli(*NAMED, "--aws-region", region))
    assert (found[0], said in found[2], stub.bodies) == (2, True, []), found


def test_a_sign_on_that_is_over(cli: Cli, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that renews it, with the profile."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (machine / "config").write_text(SSO)
    found = _refused(cli(*NAMED, "--aws-profile", "prod"))
    assert (found[:2], "aws sso login --profile prod" in found[2]) == ((1, "aws-expired"), True), found


def test_nobody_is_signed_in(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials anywhere: how to name some."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    found = _refused(cli(*NAMED))
    assert (found[:2], "--aws-profile" in found[2]) == ((1, "aws-credentials"), True), found


def test_a_profile_that_is_not_there(cli: Cli) -> None:
    """Its name, and the command that lists them."""
    found = _refused(cli(*NAMED, "--aws-profile", "prodd"))
    assert (found[0], "there is no AWS profile prodd" in found[2], "list-profiles" in found[2]) == (2, True, True)


def test_nobody_listens(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that does not answer: network, proxy, region, endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = _refused(cli(*NAMED))
    assert (found[:2], "AWS_ENDPOINT_URL" in found[2]) == ((1, "aws-unreachable"), True), found


needs_moto = pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is not installed")


@pytest.fixture(scope="module")
def served() -> Iterator[CloudSandbox]:
    """One incident for the faults in the middle of a run."""
    with CloudSandbox(load(QUEUE)) as sandbox:
        yield sandbox


def _investigated(served: CloudSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch, fault: Any) -> Any:
    with failing(served.url, fault) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AGENTOPS_AWS_REGION", REGION)
        return cli("investigate", "cloudwatch:orders-too-old", "--no-model", "-o", "json")


@needs_moto
@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"<html>Internal Server Error</html>"), (503, b""), (400, refusal("ThrottlingException"))],
    ids=["500", "503", "throttled"],
)
def test_what_fails_once_is_asked_again(
    status: int, body: bytes, served: CloudSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of each operation fails; the SDK's adaptive retries come to the cause, with nothing left open."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    # A throttle is told in the protocol of a service, of which SQS speaks JSON.
    told = ("GetQueueUrl", "GetQueueAttributes", "ListDeadLetterSourceQueues")

    def fails(name: str, number: int) -> tuple[int, bytes] | None:
        return (status, body) if number == 1 and (status >= 500 or name in told) else None

    done = _investigated(served, cli, monkeypatch, fails)
    finding = done.document["finding"]
    assert (done.code, finding["cause"]["condition"], finding["not_checked"]) == (0, "FunctionSwitchedOff", [])


@needs_moto
@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"<html>Internal Server Error</html>", "sqs:GetQueueUrl failed at AWS with 500"),
        (400, refusal("ThrottlingException"), "AWS throttles sqs:GetQueueUrl"),
        (400, refusal("ExpiredToken"), "the AWS credentials have expired"),
        (400, refusal("AccessDeniedException"), "AWS does not allow sqs:GetQueueUrl"),
        (200, b"<html>sign in to the hotel</html>", "answered sqs:GetQueueUrl with something that is no answer"),
    ],
    ids=["500", "throttled", "expired", "denied", "not-aws"],
)
def test_what_goes_on_failing_is_said_and_nothing_is_certain(
    status: int, body: bytes, said: str, served: CloudSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue that the alarm watches cannot be read: undetermined, and why; never that all is well."""
    done = _investigated(served, cli, monkeypatch, lambda name, _n: (status, body) if name == "GetQueueUrl" else None)
    finding = done.document["finding"]
    assert (done.code, finding["verdict"], said in json.dumps(finding["not_checked"])) == (0, "undetermined", True), (
        finding
    )


def test_who_asks_is_never_a_secret(stub: AwsStub, cli: Cli) -> None:
    """A key that AWS quotes in a refusal is hidden."""
    stub.who = lambda _headers: caller("1", "arn:aws:iam::1:user/u")
    stub.answer = lambda _n: (400, refusal("ValidationException", "bad key secret-of-the-user"))
    assert "secret-of-the-user" not in cli(*NAMED).out
