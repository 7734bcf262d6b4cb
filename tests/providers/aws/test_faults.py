"""What goes wrong on the way: throttles, expired tokens, endless pages, answers that are none, denied reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.clock import utc_now
from agentops.core.errors import ToolError
from agentops.core.progress import no_progress
from agentops.providers.aws.analyzers.examine import examine
from agentops.providers.aws.api.client import AwsClient, Identity, Listed, open_client
from agentops.providers.aws.api.errors import ABSENT, DENIED
from agentops.providers.aws.sweep.sweep import sweep
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from tests.support.aws_stub import Answer, AwsStub, caller, refusal, serving


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[int], Answer]], AwsStub]]:
    """Starts a server that answers what a test says."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(serving(AwsStub(answer)))


def _client(stub: AwsStub, attempts: int = 1) -> AwsClient:
    options = {"aws_endpoint": stub.url, "aws_region": "eu-west-1", "aws_attempts": attempts}
    return open_client(options, lambda _secret: None)


def test_a_throttled_call_is_repeated_and_then_answered(serve: Any) -> None:
    """Adaptive retries of the SDK: refused once, answered the second time."""
    stub = serve(lambda n: (400, refusal("ThrottlingException")) if n == 1 else (200, b'{"QueueUrls": ["u/q"]}'))
    assert (_client(stub, attempts=3).pages("sqs", "ListQueues", "QueueUrls", 10).items, stub.asked) == (("u/q",), 2)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingException", "aws-throttled"),
        ("ExpiredToken", "aws-expired"),
        ("AccessDeniedException", "aws-denied"),
    ],
)
def test_a_call_that_goes_on_being_refused_says_so(serve: Any, code: str, kind: str) -> None:
    """After the last attempt the error has its code, and a hint."""
    stub = serve(lambda _n: (400, refusal(code)))
    with pytest.raises(ToolError) as raised:
        _client(stub).ask("sqs", "ListQueues")
    assert (raised.value.code, bool(raised.value.hint), stub.asked) == (kind, True, 1)


def test_pages_without_end_are_read_to_a_limit(serve: Any) -> None:
    """Pages of 1,000 that always lead to a next one: so many items are kept, and that there are more is known."""
    page = [f"https://sqs/1/q-{n}" for n in range(1000)]
    stub = serve(lambda n: (200, json.dumps({"QueueUrls": page, "NextToken": str(n)}).encode()))
    found = _client(stub).pages("sqs", "ListQueues", "QueueUrls", 10_000)
    assert (len(found.items), found.more, stub.asked <= 11) == (10_000, True, True)


def test_small_pages_without_end_are_given_up_on(serve: Any) -> None:
    """A list of empty pages costs a limited number of calls."""
    stub = serve(lambda n: (200, json.dumps({"QueueUrls": [], "NextToken": str(n)}).encode()))
    found = _client(stub).pages("sqs", "ListQueues", "QueueUrls", 10)
    assert (found.items, found.more, stub.asked) == ((), True, 40)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", [b"<html>502</html>", b"\x00\xff", b"[1, 2]", b'"QueueUrls"', b'{"QueueUrls": 3}'])
def test_an_answer_that_is_none_is_an_error_of_one_line(serve: Any, body: bytes, status: int) -> None:
    """A page of a proxy, noise, another document: with any status, and no traceback."""
    with pytest.raises(ToolError) as raised:
        _client(serve(lambda _n: (status, body))).pages("sqs", "ListQueues", "QueueUrls", 10)
    assert ("\n" in raised.value.message, raised.value.code) == (False, "aws-failed")


def test_nothing_of_the_environment_leads_a_sandbox_elsewhere(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and profiles of the user are not sent to it."""
    seen: list[str] = []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEUSER")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    stub = serve(lambda _n: (200, b"{}"))
    stub.who = lambda headers: (seen.append(str(headers)), caller())[1]
    _client(stub)
    assert (len(seen), "AKIAOFTHEUSER" in seen[0]) == (1, False)


class PartlyDenied:
    """A client at our own seam: what it has, what it refuses."""

    region = "eu-west-1"
    identity = Identity(account="1", partition="aws", arn="arn:aws:iam::1:user/u")

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def ask(self, service: str, operation: str, **_arguments: Any) -> dict[str, Any]:
        """Return what was told, or refuse."""
        found = self.answers.get(operation)
        if found is None:
            raise ToolError(f"AWS does not allow {service}:{operation}", code=DENIED)
        if found == "absent":
            raise ToolError("AWS knows no such thing", code=ABSENT)
        return dict(found)

    def pages(self, service: str, operation: str, key: str, most: int, **arguments: Any) -> Listed:
        """Return the items of the same."""
        return Listed(items=tuple(self.ask(service, operation, **arguments).get(key, ())[:most]))


def _verdict(answers: dict[str, Any], kind: str, name: str) -> tuple[str, str, tuple[str, ...]]:
    snapshot = sweep(
        PartlyDenied(answers),  # type: ignore[arg-type]
        target=Target(scheme="aws", kind=kind, name=name),
        starts=[(kind, name)],
        clock=utc_now,
        progress=no_progress,
        settled=False,
    )
    finding = conclude(rank([examine(snapshot, None)]), [])
    return finding.verdict.value, finding.confidence.value, tuple(gap.what for gap in snapshot.gaps)


_GROUP = {
    "AutoScalingGroupName": "web", "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1,
    "Instances": [{"InstanceId": "i-1", "LifecycleState": "InService", "HealthStatus": "Healthy"}],
}  # fmt: skip


def test_what_is_asked_about_cannot_be_read_so_nothing_is_said_of_it() -> None:
    """The group itself is denied: undetermined, and the gap names it."""
    verdict, confidence, gaps = _verdict({}, "autoscaling/group", "web")
    assert (verdict, confidence, "autoscaling/group web" in gaps) == ("undetermined", "low", True)


def test_a_part_that_was_denied_leaves_nothing_certain() -> None:
    """The group is well as far as it was read, and its activities were not: never with more than low confidence."""
    verdict, confidence, gaps = _verdict(
        {"DescribeAutoScalingGroups": {"AutoScalingGroups": [_GROUP]}}, "autoscaling/group", "web"
    )
    assert (verdict, confidence) == ("no-problem", "low")
    assert {"activities of web", "instances", "CloudTrail"} <= set(gaps)


def test_what_is_gone_is_no_gap() -> None:
    """AWS says that there is none: that is an answer."""
    verdict, _, gaps = _verdict({"DescribeAutoScalingGroups": "absent"}, "autoscaling/group", "web")
    assert (verdict, gaps) == ("undetermined", ("CloudTrail",))


def test_without_the_alarms_a_scan_has_nothing_to_begin_at() -> None:
    """It is an error, and not a scan that found nothing."""
    with pytest.raises(ToolError) as raised:
        sweep(
            PartlyDenied({"LookupEvents": {"Events": []}}),  # type: ignore[arg-type]
            target=Target(), starts=[], clock=utc_now, progress=no_progress, settled=False,
        )  # fmt: skip
    assert (raised.value.code, "DescribeAlarms" in raised.value.message) == ("aws-unread", True)
