"""AWS through the command line: the sandbox's incidents to the right cause without a model, named targets, errors."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.finding import Cause
from agentops.core.resource import parse_ref
from agentops.sandbox.cloud.oracle import names_cause, unwell
from agentops.sandbox.cloud.sandbox import REGION, CloudSandbox
from agentops.sandbox.cloud.scenario import all_cloud_scenarios
from agentops.sandbox.cloud.seeding import CloudWorld

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
SCENARIOS = {one.name: one for one in all_cloud_scenarios()}
QUEUE = "aws-queue-consumer-off"
LESS_SURE = "aws-group-at-maximum"
"""That a group is at its maximum may have another cause, and is said to be less sure."""


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A trap: whatever would leave the sandbox is led to an address at which nobody is, with a profile of that name."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEUSER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-user")


def _names_cause(name: str, finding: dict[str, Any]) -> bool:
    told = finding["cause"]
    cause = told and Cause(resource=parse_ref(told["resource"]), condition=told["condition"])
    return names_cause(SCENARIOS[name], cause)


def test_the_sandbox_needs_no_account_and_lets_nothing_in(cli: Cli, home: Path) -> None:
    """From the scenario's own alarm to its cause; the account is on record, and nothing of the user's is anywhere."""
    done = cli("investigate", f"--sandbox={QUEUE}", "--no-model", "-o", "json")
    assert _names_cause(QUEUE, done.document["finding"]), done.document["finding"]["conclusion"]
    records = cli("audit", "log", "--event", "cluster_pinned", "-o", "json").document["records"]
    assert [(one["payload"]["provider"], one["payload"]["context"]) for one in records] == [("aws", "123456789012")]
    kept = "".join(path.read_text("utf-8", "replace") for path in home.rglob("*") if path.is_file())
    assert "AKIAOFTHEUSER" not in kept
    assert "secret-of-the-user" not in kept


def _lead_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the SDK's own settings to a sandbox, as if it were an account."""
    for name in ("AWS_PROFILE", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AGENTOPS_AWS_REGION", REGION)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.mark.parametrize("name", sorted(name for name, one in SCENARIOS.items() if name != QUEUE and not one.cluster))
def test_each_incident_is_led_to_its_cause_and_healed_by_its_fix(
    name: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the alarm alone, without a model; the oracle sees that it is broken, and after the fix that it is not."""
    scenario = SCENARIOS[name]
    with CloudSandbox(scenario) as sandbox:
        _lead_to(sandbox.url, monkeypatch)
        alarm = json.dumps(sandbox.alert_payload).encode()
        finding = cli("investigate", "-", "--no-model", "-o", "json", stdin=alarm).document["finding"]
        world = CloudWorld(sandbox.url, REGION, sandbox.begun, sandbox.kept)
        before = unwell(scenario, world)
        for step in scenario.right_fix:
            world.perform(step)
        after = unwell(scenario, world)
    assert _names_cause(name, finding), finding["conclusion"]
    sure = "low" if name == LESS_SURE else "high"
    assert (finding["verdict"].replace("-", "_"), finding["confidence"]) == (scenario.verdict, sure)
    assert (bool(before), after) == (bool(scenario.checks), ())


@pytest.fixture(scope="module")
def served() -> Any:
    """One incident, served for the whole module."""
    with CloudSandbox(SCENARIOS[QUEUE]) as sandbox:
        yield sandbox


@pytest.fixture
def account(served: CloudSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, with an account that it can look at."""
    _lead_to(served.url, monkeypatch)
    return cli


def _conclusion(done: Any) -> tuple[int, str]:
    return done.code, done.document["finding"]["conclusion"]


@pytest.mark.parametrize(
    "target", ["cloudwatch:orders-too-old", "aws:sqs/queue/orders", "AWS:lambda/function/take-orders"]
)
def test_what_a_person_names_is_looked_at(target: str, account: Cli) -> None:
    """An alarm, the queue that it watches, and the function behind it lead to one cause."""
    code, said = _conclusion(account("investigate", target, "--no-model", "-o", "json"))
    assert (code, "take-orders has a reserved concurrency of 0" in said) == (0, True)


def test_the_alarm_s_own_message_is_looked_at(served: CloudSandbox, account: Cli) -> None:
    """What SNS sends of it, piped in; Kubernetes is not configured, and that is said, no more."""
    alarm = served.alert_payload["MetricAlarms"][0]
    message = {
        "AlarmName": alarm["AlarmName"], "NewStateValue": "ALARM", "NewStateReason": alarm["StateReason"],
        "StateChangeTime": alarm["StateUpdatedTimestamp"], "AlarmArn": alarm["AlarmArn"], "Region": "EU (Ireland)",
        "Trigger": {"MetricName": alarm["MetricName"], "Namespace": alarm["Namespace"],
                    "Dimensions": [{"name": "QueueName", "value": "orders"}]},
    }  # fmt: skip
    code, said = _conclusion(
        account("investigate", "-", "--no-model", "-o", "json", stdin=json.dumps(message).encode())
    )
    assert (code, "take-orders" in said) == (0, True)


def test_an_alarm_of_another_account_is_not_here(served: CloudSandbox, account: Cli) -> None:
    """One of the same name is in this account, and is not taken for it."""
    alarm = dict(served.alert_payload["MetricAlarms"][0])
    alarm["AlarmArn"] = alarm["AlarmArn"].replace("123456789012", "999988887777")
    listed = json.dumps({"MetricAlarms": [alarm]}).encode()
    done = account("investigate", "-", "--no-model", "-o", "json", stdin=listed)
    finding = done.document["finding"]
    assert (finding["verdict"], finding["cause"]) == ("undetermined", None)
    assert "account 123456789012, region eu-west-1" in finding["conclusion"]


def test_a_scan_begins_at_the_alarms_that_fire(account: Cli) -> None:
    """Without an alert, what stands behind each of them is looked at."""
    done = account("triage", "-o", "json")
    found = {(one["resource"].rpartition("/")[2], one["condition"]) for one in done.document["problems"]}
    assert ("take-orders", "FunctionSwitchedOff") in found


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("aws:sqs/queue/oders", "there is no sqs/queue oders in account 123456789012, region eu-west-1"),
        ("aws:s3/bucket/x", "s3/bucket is no kind of AWS that is known"),
        ("aws:sqs/queue", "aws:sqs/queue does not name a resource"),
        ("cloudwatch:orders-to-old", "there is no cloudwatch/alarm orders-to-old"),
    ],
)
def test_what_is_not_there_is_a_usage_error(target: str, said: str, account: Cli) -> None:
    """What resembles it is suggested, and not looked at instead."""
    done = account("investigate", target, "--no-model", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, said in error["message"], bool(error["hint"])) == (2, True, True), error


@pytest.mark.parametrize(
    "named", ["lambda/function/take-orders", "aws://123456789012/eu-west-1/lambda/function/take-orders"]
)
def test_a_model_reads_aws_and_cites_it(named: str, account: Cli, tmp_path: Path, home: Path) -> None:
    """The tools are offered to a model, what one brings back is evidence, and the cause is kept in full."""
    report = {
        "verdict": "root-cause",
        "cause": {"resource": named, "condition": "FunctionSwitchedOff"},
        "conclusion": "The function is switched off.",
        "confidence": "high",
        "evidence": ["{{last}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": ["Ask who set it to 0."],
    }  # fmt: skip
    calls = [{"tool": "aws_describe", "arguments": {"kind": "lambda/function", "id": "take-orders"}}]
    turns = [{"calls": calls}, {"calls": [{"tool": "report_finding", "arguments": report}]}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"name": "asks", "turns": turns}))
    done = account("investigate", "cloudwatch:orders-too-old", f"--model=scripted:{script}", "-o", "json")
    cause = {"resource": "aws://123456789012/eu-west-1/lambda/function/take-orders", "condition": "FunctionSwitchedOff"}
    assert (done.document["finding"]["cause"], account("show", "-o", "json").document["finding"]["cause"]) == (
        cause,
        cause,
    )
    (stored,) = home.glob("incidents/*/evidence.jsonl")
    read = [one for one in map(json.loads, stored.read_text().splitlines()) if one["tool"] == "aws_describe"]
    assert ('"ReservedConcurrentExecutions": 0' in read[0]["excerpt"], done.document["finding"]["by"]) == (
        True,
        "scripted:asks",
    )


def test_doctor_says_where_and_as_whom(account: Cli) -> None:
    """The account, the region and the role, where a setting leads there."""
    rows = {one["name"]: one for one in account("doctor", "-o", "json").document["checks"]}
    assert rows["aws-account"]["state"] == "ok"
    assert "account 123456789012, region eu-west-1" in rows["aws-account"]["text"]


def test_without_a_region_one_line_says_how_to_name_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, exit 1, and the setting's name."""
    monkeypatch.delenv("AWS_PROFILE")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    done = cli("investigate", "cloudwatch:x", "--no-model", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, error["code"], "aws_region" in error["hint"]) == (1, "aws-region", True)


def test_a_sandbox_holds_one_provider_and_no_other(cli: Cli) -> None:
    """AWS is not reached out of a simulated cluster."""
    done = cli("investigate", "cloudwatch:x", "--sandbox=bad-image-tag", "--no-model", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, "AWS is no part of it" in error["message"]) == (2, True)


def test_they_are_listed(cli: Cli) -> None:
    """sandbox list has them; in the background they are not served, and that is said."""
    listed = {one["name"] for one in cli("sandbox", "list", "-o", "json").document["scenarios"]}
    assert SCENARIOS.keys() <= listed
    done = cli("sandbox", "up", QUEUE, "--detach", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, f"agentops sandbox up {QUEUE}" in error["hint"]) == (2, True)


def test_one_is_served_until_ctrl_c(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that it prints lead a run, and the SDK, into it; nothing of it is left when it ends."""
    command = [sys.executable, "-m", "agentops", "sandbox", "up", QUEUE, "-o", "json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as served:
        assert served.stdout is not None
        text = ""
        for line in served.stdout:
            text += line
            if line == "}\n":
                break
        document = json.loads(text)
        for name in ("AWS_PROFILE", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        exported = [
            line.removeprefix("export ") for line in document["text"].splitlines() if line.startswith("export ")
        ]
        for name, _, value in (one.partition("=") for one in exported):
            monkeypatch.setenv(name, value)
        done = cli("investigate", "cloudwatch:orders-too-old", "--no-model", "-o", "json")
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=60)
    assert done.document["finding"]["cause"]["condition"] == "FunctionSwitchedOff"
    assert (document["status"], document["scenario"], served.returncode) == ("serving", QUEUE, 0)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(document["url"])


def _policy() -> dict[str, Any]:
    """Return the policy that docs/aws.md gives."""
    page = (Path(__file__).parents[2] / "docs/aws.md").read_text("utf-8")
    found: dict[str, Any] = json.loads(page.partition("```json\n")[2].partition("```")[0])
    return found


def test_the_policy_of_the_docs_is_the_one_that_is_printed(cli: Cli) -> None:
    """What access prints; a wildcard is in no action of it."""
    printed = json.loads(cli("access", "aws", "--mode", "read").out)
    (statement,) = printed["Statement"]
    assert (_policy(), any("*" in one for one in statement["Action"])) == (printed, False)


def test_with_the_policy_of_the_docs_all_is_read_and_without_a_part_the_action_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto enforces policies for these services: nothing is missing with all of it; a denied read is a gap."""
    lacking = "autoscaling:DescribeScalingActivities"
    with CloudSandbox(SCENARIOS["aws-launch-image-gone"]) as sandbox:
        world = CloudWorld(sandbox.url, REGION, sandbox.begun, sandbox.kept)
        world.perform({"call": "iam.CreateUser", "with": {"UserName": "look"}})
        key = world.perform({"call": "iam.CreateAccessKey", "with": {"UserName": "look"}})["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        _lead_to(sandbox.url, monkeypatch)
        found = []
        for left_out in ("", lacking):
            _enforce(sandbox.url, on=False)
            policy = _policy()
            policy["Statement"][0]["Action"] = [one for one in policy["Statement"][0]["Action"] if one != left_out]
            sent = {"UserName": "look", "PolicyName": "p", "PolicyDocument": json.dumps(policy)}
            world.perform({"call": "iam.PutUserPolicy", "with": sent})
            _enforce(sandbox.url, on=True)
            done = cli("investigate", "aws:autoscaling/group/workers", "--no-model", "-o", "json")
            found.append(done.document["finding"])
    whole, less = found
    assert whole["not_checked"] == []
    assert less["verdict"] == "undetermined"
    assert f"does not allow {lacking} to arn:aws:iam::123456789012:user/look" in str(less["not_checked"])


def _enforce(url: str, *, on: bool) -> None:
    """Have moto ask the policies of whoever calls, or let all pass."""
    body, kind = (b"0" if on else b"inf"), {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=body, headers=kind, method="POST")
    urllib.request.urlopen(request).close()


def test_a_secret_in_a_log_line_is_neither_kept_nor_shown(served: CloudSandbox, account: Cli, home: Path) -> None:
    """What a function wrote into its log passes through the redactor, whichever way it takes."""
    world = CloudWorld(served.url, REGION, utc_now(), served.kept)
    secret = "Zq7" + "xV2k" * 6
    line = f"[ERROR] AccessDenied for postgres://orders:{secret}@db.internal/orders"
    group = {"logGroupName": "/aws/lambda/take-orders"}
    world.perform({"call": "logs.CreateLogGroup", "with": group})
    world.perform({"call": "logs.CreateLogStream", "with": group | {"logStreamName": "s"}})
    events = [{"timestamp": f"${{ms:-{minutes}m}}", "message": line} for minutes in (6, 5, 4)]
    world.perform({"call": "logs.PutLogEvents", "with": group | {"logStreamName": "s", "logEvents": events}})
    done = account("investigate", "aws:lambda/function/take-orders", "--no-model", "-vv")
    kept = "".join(path.read_text("utf-8", "replace") for path in home.rglob("*") if path.is_file())
    assert ("AccessDenied" in kept, secret in kept, secret in done.out + done.err) == (True, False, False)
    triaged = account("triage", "aws:lambda/function/take-orders", "-v")
    assert ("AccessDenied" in triaged.out, secret in triaged.out + triaged.err) == (True, False)


def test_without_moto_one_line_says_how_to_install_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named; nothing else is started."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = cli("investigate", f"--sandbox={QUEUE}", "--no-model", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, error["code"], error["hint"]) == (
        2,
        "no-moto",
        "In a clone of agentops: pip install '.[sandbox-aws]'",
    )


def test_a_service_of_another_cluster_is_not_there(cli: Cli) -> None:
    """The sandbox's own answers are of one ECS cluster; a service of that name in another one does not exist."""
    done = cli("investigate", "aws:ecs/service/other/checkout", "--sandbox=aws-service-image-missing", "--no-model")
    assert (done.code, "there is no ecs/service other/checkout" in done.err) == (2, True), done.out + done.err


def test_free_storage_is_said_in_the_unit_of_the_whole(cli: Cli) -> None:
    """0.9 GiB of 100 GiB is nearly nothing; 0.93 of 100 GiB would be read as a share."""
    assert "orders has 0.9 GiB of 100 GiB of storage free" in cli("triage", "--sandbox=aws-database-full").out
