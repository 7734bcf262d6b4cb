"""Each approved plan of AWS as a session of the role that may send this plan alone, through the command line."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.aws.access.needs import needs_of
from agentops.providers.aws.change.registry import CHANGE_SPECS
from tests.cli.test_aws_changes import Account, cluster, do, here
from tests.support.aws_proxy import failing

__all__ = ["cluster", "do", "here"]
Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
ROLE = "arn:aws:iam::123456789012:role/agentops-fix"
ASKER = "arn:aws:iam::123456789012:user/asker"


@pytest.fixture
def sent(cluster: Account, here: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Leads to a role as somebody who may assume it and nothing else; keeps each operation and the key of it."""
    iam = cluster.raw("iam")
    cluster.enforce(False)
    if "agentops-fix" not in {one["RoleName"] for one in iam.list_roles()["Roles"]}:
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": ASKER}, "Action": "sts:AssumeRole"}],
        }
        iam.create_role(RoleName="agentops-fix", AssumeRolePolicyDocument=json.dumps(trust))
        allowed = sorted(needs_of(CHANGE_SPECS))
        # moto knows CloudWatch by the name that its requests are signed for.
        allowed += [one.replace("cloudwatch:", "monitoring:") for one in allowed if one.startswith("cloudwatch:")]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
        iam.put_role_policy(RoleName="agentops-fix", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = cluster._user("asker", {"sts:AssumeRole"}) if not hasattr(cluster, "asker") else cluster.asker
    cluster.asker = key
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key[1])
    monkeypatch.setenv("AGENTOPS_AWS_ROLE", ROLE)
    kept: list[tuple[str, str]] = []
    with failing(cluster.url, lambda _name, _n: None, seen=kept) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        cluster.enforce(True)
        yield kept


def _records(cli: Cli, event: str) -> list[dict[str, Any]]:
    records = cli("audit", "log", "--event", event, "-o", "json").document["records"]
    return [one["payload"] for one in records]


def test_a_plan_is_sent_as_its_own_session(
    sent: list[tuple[str, str]],
    do: Callable[..., Any],
    cluster: Account,
    here: Cli,
    home: Path,
) -> None:
    """Asked for once the plan is approved, with a policy of its operations and of its undo; no secret is kept."""
    group = cluster.ids["group"]
    done = do("aws_register_target", "elbv2/targetgroup", group, {"id": cluster.ids["spare"]}, "--yes")
    assert (done.code, done.document["outcome"]["status"]) == (0, "applied"), done.out[-3000:]
    (asked,) = (one["call"] for one in _records(here, "grant_asked"))
    policy = json.loads(asked["body"]["Policy"])
    arn = f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{group}"
    actions = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    assert policy["Statement"] == [{"Effect": "Allow", "Action": actions, "Resource": [arn]}]
    assert (asked["verb"], asked["body"]["RoleArn"], asked["body"]["DurationSeconds"] >= 900) == (
        "sts:AssumeRole",
        ROLE,
        True,
    )
    (given,) = (one for one in _records(here, "grant") if "token_id" in one)
    keys = {name: {key for one, key in sent if one == name} for name in ("RegisterTargets", "DescribeTargetHealth")}
    # What changes is signed by the plan's own key alone, and nothing is read by it.
    assert (len(keys["RegisterTargets"]), keys["RegisterTargets"] & keys["DescribeTargetHealth"]) == (1, set())
    name = done.document["plan"]["digest"].removeprefix("sha256:")[:12]
    assert given["token_id"] == f"arn:aws:sts::123456789012:assumed-role/agentops-fix/agentops-{name}"
    assert (given["account"], bool(given["expires_at"])) == (ROLE, True)
    kept = "".join(path.read_text("utf-8", "replace") for path in home.rglob("*") if path.is_file())
    assert (cluster.asker[1] in kept, "FQoGZXIvYXdz" in kept) == (False, False)
    cluster.enforce(True)
    back = here("rollback", "last", "--yes", "--no-input", "-o", "json")
    assert (back.code, back.document["outcome"]["status"]) == (0, "applied"), back.document["errors"]
    assert len(_records(here, "grant_asked")) == 2


def test_the_plan_says_as_whom_it_is_sent(
    sent: list[tuple[str, str]],
    do: Callable[..., Any],
    cluster: Account,
) -> None:
    """Whoever approves reads it; a preview asks for no session."""
    done = do("aws_stop_instance", "ec2/instance", cluster.ids["first"], {}, "--dry-run")
    assert f"a session of role {ROLE} that may send this plan alone" in done.out
    assert [one for one, _ in sent].count("AssumeRole") == 1, "only to read"


def test_a_session_that_is_refused_sends_nothing(
    cluster: Account,
    sent: list[tuple[str, str]],
    do: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The role may not be assumed for the plan: it is declined, before anything was sent."""
    denied = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>"
        b"<RequestId>r</RequestId></ErrorResponse>"
    )
    kept: list[tuple[str, str]] = []
    # The first time the run itself assumes the role, to read.
    with failing(
        cluster.url, lambda name, n: (403, denied) if name == "AssumeRole" and n > 1 else None, seen=kept
    ) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        cluster.enforce(True)
        done = do(
            "aws_register_target", "elbv2/targetgroup", cluster.ids["group"], {"id": cluster.ids["spare"]}, "--yes"
        )
    (error,) = done.document["errors"]
    assert (error["code"], "AWS does not allow sts:AssumeRole" in error["message"]) == ("no-grant", True), error
    assert [one for one, _ in kept if one == "RegisterTargets"] == []


def test_it_is_a_setting_that_only_the_file_switches_off(
    sent: list[tuple[str, str]],
    do: Callable[..., Any],
    cluster: Account,
    here: Cli,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then a plan is sent as whoever reads; a variable does not switch it off."""
    (home / "config.toml").write_text("[aws]\naws_plan_session = false\n")
    (home / "config.toml").chmod(0o600)
    done = do("aws_tag", "elbv2/targetgroup", cluster.ids["group"], {"tags": {"ticket": "42"}}, "--yes")
    assert done.document["outcome"]["status"] == "applied", done.out[-2000:]
    assert (_records(here, "grant_asked"), len({key for one, key in sent if one != "AssumeRole"})) == ([], 1)
    (home / "config.toml").unlink()
    monkeypatch.setenv("AGENTOPS_AWS_PLAN_SESSION", "false")
    shown = here("config", "show", "-o", "json").document["settings"]
    assert next(one["value"] for one in shown if one["key"] == "aws.aws_plan_session") is True
