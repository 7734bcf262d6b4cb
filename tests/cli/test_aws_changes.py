"""Changes of AWS through the command line, on moto: asked for, approved, applied, looked at, and rolled back."""

from __future__ import annotations

import importlib.util
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.aws.api.allowed import iam_action
from agentops.providers.aws.api.client import open_client
from agentops.providers.aws.change.registry import CHANGE_SPECS, CHANGES
from agentops.providers.aws.impact.state.registry import read_state
from agentops.providers.aws.read.registry import SPECS
from agentops.providers.aws.sweep.registry import sent_by
from tests.support.aws_account import PLACE, REGION, build
from tests.support.aws_proxy import Asked, passing_on
from tests.support.moto_server import moto_serving

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
PERMIT = "permit (principal, action, resource) when { context has environment };"


class Account:
    """A server of moto with one thing of each kind; no time passes in it."""

    def __init__(self, url: str) -> None:
        self.url, self.enforced = url, False
        self.ids = build(self.raw)
        read = {iam_action(*one) for one in sent_by()} | {one for spec in SPECS for one in spec.permissions}
        changed = {one for spec in CHANGE_SPECS for one in spec.permissions}
        sent = {iam_action(*one) for tool in CHANGES for one in tool.sends}
        self.fixer, self.reader = self._user("fixer", read | changed), self._user("reader", (read | changed) - sent)

    def _user(self, name: str, actions: set[str]) -> tuple[str, str]:
        """Return the key of a user who may do exactly these."""
        # moto knows CloudWatch by the name that its requests are signed for.
        named = actions | {one.replace("cloudwatch:", "monitoring:") for one in actions}
        iam, allow = self.raw("iam"), {"Effect": "Allow", "Action": sorted(named), "Resource": "*"}
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return str(key["AccessKeyId"]), str(key["SecretAccessKey"])

    @cache  # noqa: B019 - one a module
    def raw(self, service: str, key: str = "builder", secret: str = "builder") -> Any:
        """Return a client of the SDK without our guard."""
        import boto3

        return boto3.session.Session().client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def advance(self, seconds: float) -> None:
        """Return at once: nothing in it happens by itself."""

    def form(self, kind: str, name: str) -> dict[str, Any]:
        """Return a thing as changes see it, without the id of a deployment, which each one has anew."""
        was = self.enforced
        self.enforce(False)
        client = open_client({"aws_endpoint": self.url, "aws_region": REGION, "aws_attempts": 1}, lambda _s: None)
        found = dict(read_state(client, PLACE.ref(kind, name)).form)
        found.pop("deployment", None)
        self.enforce(was)
        return found

    def enforce(self, on: bool) -> None:
        """Let moto refuse what no policy allows, or allow everything again."""
        self.enforced = on
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth",
            data=b"0" if on else b"inf",
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
        urllib.request.urlopen(request).close()


@pytest.fixture(scope="module")
def cluster(slow: None) -> Iterator[Account]:
    """The account; so called because the command line of the tests sends the time of what is called so ahead."""
    from agentops.sandbox.cloud.lacking import add_lacking

    add_lacking()
    with moto_serving() as url:
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
        yield Account(url)


@pytest.fixture
def here(cluster: Account, cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cli]:
    """The command line, led to the account as a user who may do what the tools declare, and no more, for moto refuses
    the rest; policy of this home asks nobody."""
    home.mkdir(mode=0o700, exist_ok=True)
    policy = home / "policy.cedar"
    policy.write_text(f'@id("all")\n@approval("none")\n{PERMIT}\n')
    policy.chmod(0o600)
    for name in ("AWS_PROFILE", "HTTP_PROXY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": cluster.url, "AGENTOPS_AWS_REGION": REGION, "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": cluster.fixer[0], "AWS_SECRET_ACCESS_KEY": cluster.fixer[1],
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    cluster.enforce(True)
    yield cli
    cluster.enforce(False)


@pytest.fixture
def do(here: Cli, tmp_path: Path) -> Callable[..., Any]:
    """Ask for one change of a model that drafts it."""

    def ask(tool: str, kind: str, name: str, arguments: Mapping[str, Any], *options: str) -> Any:
        asked = {"tool": tool, "target": f"{kind}/{name}", "arguments": arguments}
        words = {"reason": "It is asked for.", "evidence": ["{{first}}"]}
        said = {"verdict": "planned", "text": "It is done.", "evidence": ["{{first}}"], "not_checked": []}
        turns = [
            {"calls": [{"tool": "draft_change", "arguments": asked | words}]},
            {"calls": [{"tool": "report_request", "arguments": said}]},
        ]
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"turns": turns}))
        return here("do", f"change {name}", f"--model=scripted:{script}", *options, "--no-input", "-o", "json")

    return ask


KINDS: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("aws_set_group_size", "autoscaling/group", "workers", {"max": 8}),
    ("aws_resume_processes", "autoscaling/group", "workers", {"processes": ["Launch"]}),
    ("aws_start_instance", "ec2/instance", "{stopped}", {}),
    ("aws_stop_instance", "ec2/instance", "{first}", {}),
    ("aws_set_reserved_concurrency", "lambda/function", "take", {"concurrency": 9}),
    ("aws_shift_alias", "lambda/function", "take", {"alias": "live", "version": "1"}),
    ("aws_roll_back_alias", "lambda/function", "take", {"alias": "live"}),
    ("aws_set_event_source", "lambda/function", "take", {"mapping": "{mapping}", "enabled": True}),
    ("aws_register_target", "elbv2/targetgroup", "{group}", {"id": "{spare}"}),
    ("aws_deregister_target", "elbv2/targetgroup", "{group}", {"id": "{second}"}),
    ("aws_set_alarm_actions", "cloudwatch/alarm", "old", {"enabled": True}),
    ("aws_tag", "sqs/queue", "orders", {"tags": {"ticket": "42"}}),
)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, ids) for key, one in value.items()}
    return value.format(**ids) if isinstance(value, str) and value.startswith("{") else value


@pytest.mark.parametrize("kind", KINDS, ids=[one[0] for one in KINDS])
def test_a_change_is_applied_looked_at_and_rolled_back(
    kind: tuple[str, str, str, Mapping[str, Any]], do: Callable[..., Any], here: Cli, cluster: Account
) -> None:
    """Asked for in words, recorded, sent, seen as previewed; and a plan of its own takes it back to what it was."""
    tool, what, name, arguments = kind
    # moto finds no request to Lambda without a body signed aright, so of Lambda IAM's simulation alone speaks here.
    cluster.enforce(what != "lambda/function")
    named = _filled(name, cluster.ids)
    before = cluster.form(what, named)
    done = do(tool, what, named, _filled(arguments, cluster.ids), "--yes")
    assert done.code == 0, done.out[-3000:]
    assert done.document["outcome"]["status"] == "applied"
    assert cluster.form(what, named) != before
    back = here("rollback", "last", "--yes", "--no-input", "-o", "json")
    assert (back.code, back.document["outcome"]["status"]) == (0, "applied"), back.document["errors"]
    assert cluster.form(what, named) == before
    assert here("audit", "verify").code == 0


@pytest.mark.parametrize("kind", KINDS, ids=[one[0] for one in KINDS])
def test_an_identity_that_only_reads_is_refused_before_a_person_is_asked(
    kind: tuple[str, str, str, Mapping[str, Any]],
    do: Callable[..., Any],
    here: Cli,
    cluster: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it may not do is named when it is drafted: no plan, no question, nothing sent; reading goes on working."""
    tool, what, name, arguments = kind
    cluster.enforce(what != "lambda/function")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cluster.reader[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", cluster.reader[1])
    named = _filled(name, cluster.ids)
    before = cluster.form(what, named)
    done = do(tool, what, named, _filled(arguments, cluster.ids), "--yes")
    (error,) = done.document["errors"]
    (action,) = [iam_action(*one) for one in _sent(tool)]
    assert (done.code, action in error["hint"]) == (1, True), error
    assert cluster.form(what, named) == before
    events = {one["event"] for one in here("audit", "log", "-o", "json").document["records"]}
    assert events & {"approval_asked", "intent", "apply"} == set()


def _sent(tool: str) -> list[tuple[str, str]]:
    """Return the operation that the case of a tool sends; the first where it has two ways."""
    (found,) = [one for one in CHANGES if one.spec.name == tool]
    return [("sqs", "TagQueue")] if tool == "aws_tag" else [found.sends[0]]


XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>words</Message></Error>"
    "<RequestId>r-1</RequestId></ErrorResponse>"
)
FAULTS = {
    "throttled": (400, XML.format("Throttling"), "AWS throttles autoscaling:UpdateAutoScalingGroup"),
    "expired": (403, XML.format("ExpiredToken"), "the AWS credentials have expired"),
    "denied": (403, XML.format("AccessDenied"), "AWS does not allow autoscaling:UpdateAutoScalingGroup"),
    "failed": (500, XML.format("InternalFailure"), "whether it took effect is not known"),
    "proxy": (502, "<html>bad gateway</html>", "whether it took effect is not known"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_fails_while_it_is_applied_is_said_as_it_is(
    fault: str, do: Callable[..., Any], cluster: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by AWS: nothing was changed. No answer of AWS: the group is looked at, and found as it was."""
    status, body, said = FAULTS[fault]
    cluster.enforce(False)
    before = cluster.form("autoscaling/group", "workers")
    fails = (status, body.encode())
    with passing_on(
        cluster.url, lambda asked: fails if b"Action=UpdateAutoScalingGroup" in asked.body else None
    ) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = do("aws_set_group_size", "autoscaling/group", "workers", {"max": 8}, "--yes")
    assert (done.code, done.document["outcome"]["status"]) == (6, "rolled-back"), done.out[-2000:]
    assert (said in done.out, cluster.form("autoscaling/group", "workers")) == (True, before)


def test_a_change_whose_answer_was_lost_is_found_and_taken_back(
    do: Callable[..., Any], cluster: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS carried it out and its answer never came: the group is looked at, found changed, and set back."""
    cluster.enforce(False)
    before = cluster.form("autoscaling/group", "workers")
    sizes: list[bytes] = []

    def lose(asked: Asked) -> tuple[int, bytes] | None:
        if b"Action=UpdateAutoScalingGroup" not in asked.body:
            return None
        sizes.append(asked.body.partition(b"MaxSize=")[2].partition(b"&")[0])
        return (504, b"<html>gateway time-out</html>") if len(sizes) == 1 else None

    with passing_on(cluster.url, lose, late=True) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = do("aws_set_group_size", "autoscaling/group", "workers", {"max": 8}, "--yes")
    assert (done.code, done.document["outcome"]["status"]) == (6, "rolled-back"), done.out[-2000:]
    assert (sizes, cluster.form("autoscaling/group", "workers")) == ([b"8", b"4"], before)


@pytest.mark.parametrize("late", [True, False], ids=["carried-out", "not-carried-out"])
def test_a_reboot_whose_answer_was_lost_is_not_said_to_be_rolled_back(
    late: bool, do: Callable[..., Any], here: Cli, cluster: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that can be read tells whether it took effect: it stays open for a person, and recovery says why."""
    cluster.enforce(False)

    def lose(asked: Asked) -> tuple[int, bytes] | None:
        lost = b"Action=RebootInstances" in asked.body and b"DryRun=true" not in asked.body
        return (504, b"<html>gateway time-out</html>") if lost else None

    with passing_on(cluster.url, lose, late=late) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = do("aws_reboot_instance", "ec2/instance", cluster.ids["second"], {}, "--yes")
    assert (done.code, done.document["outcome"]["status"]) == (7, "rollback-failed"), done.out[-2000:]
    assert "leaves no trace, so nothing that can be read tells whether it took effect" in done.out
    open_changes = here("recover", "--no-input")
    assert "No change is open" not in open_changes.out + open_changes.err
