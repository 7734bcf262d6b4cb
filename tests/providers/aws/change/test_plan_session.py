"""The policy of a plan's session: what the plan sends and its undo, each on its own resource, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.errors import ToolError
from agentops.core.plan import ObjectChange, Preview, Verb
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.api.client import OpenedAccount
from agentops.providers.aws.api.clients import AwsClients
from agentops.providers.aws.api.role_session import MOST_CHARS, PlanRole
from agentops.providers.aws.change.changer import AwsChanger
from agentops.providers.aws.change.plan_session import GrantedAwsWriter, PlanSession, session_policy
from tests.providers.aws.change.conftest import PLACE, Wire, change
from tests.support.aws_machine import without_aws
from tests.support.aws_stub import AwsStub, serving

ROLE = "arn:aws:iam::123456789012:role/fix"
CASES: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("aws_stop_instance", "ec2/instance", "{first}", {}),
    ("aws_set_group_size", "autoscaling/group", "workers", {"max": 8}),
    ("aws_set_service_count", "ecs/service", "shop/web", {"count": 3}),
    ("aws_grow_database_storage", "rds/instance", "orders", {"gib": 40}),
    ("aws_set_reserved_concurrency", "lambda/function", "take", {"concurrency": 9}),
    ("aws_register_target", "elbv2/targetgroup", "{group}", {"id": "{spare}"}),
    ("aws_set_alarm_actions", "cloudwatch/alarm", "old", {"enabled": True}),
)


def _previewed(changer: AwsChanger, ids: Mapping[str, str], case: tuple[str, str, str, Mapping[str, Any]]) -> Preview:
    tool, kind, name, arguments = case
    filled = {key: value.format(**ids) if isinstance(value, str) else value for key, value in arguments.items()}
    return changer.change_tools()[tool].predict(change(tool, kind, name.format(**ids), **filled))


@pytest.mark.parametrize("case", CASES, ids=[one[0] for one in CASES])
def test_it_allows_the_calls_of_the_plan_and_of_its_undo_on_their_resource_alone(
    case: tuple[str, str, str, Mapping[str, Any]], changer: AwsChanger, clients: AwsClients, account: Mapping[str, str]
) -> None:
    """No wildcard action; every resource is of this account and region; what is sent is allowed."""
    preview = _previewed(changer, account, case)
    policy = session_policy(clients.client, [preview])
    allowed = {action for one in policy["Statement"] for action in one["Action"]}
    resources = {arn for one in policy["Statement"] for arn in one["Resource"]}
    assert {call.verb for call in preview.calls} <= allowed
    assert not any("*" in action for action in allowed)
    assert all(f":{PLACE.region}:{PLACE.account}:" in arn for arn in resources), resources
    assert preview.calls[0].verb not in {"iam:PassRole", "sts:AssumeRole"}
    assert len(json.dumps(policy)) < MOST_CHARS


def test_a_resource_is_read_once_for_its_policy(
    changer: AwsChanger, clients: AwsClients, account: Mapping[str, str], wire: Wire
) -> None:
    """The plan's call and the two that its undo may come to are of one function, which takes six reads."""
    tool = ("aws_tag", "lambda/function", "take", {"tags": {"team": "shop"}})
    preview = _previewed(changer, account, tool)
    before = len(wire.sent)
    session_policy(clients.client, [preview])
    asked = [(method, path) for method, path, _, _ in wire.sent[before:]]
    assert len(asked) == len(set(asked)), asked


def test_who_moves_messages_may_take_them(clients: AwsClients, account: Mapping[str, str]) -> None:
    """SQS checks it of the caller; where they go is a queue of this account and region. (moto moves no messages.)"""
    ref = PLACE.ref("sqs/queue", "orders-dead")
    call = call_of("sqs", "StartMessageMoveTask", {"SourceArn": PLACE.arn("sqs", "orders-dead")})
    preview = Preview(
        validated=False,
        calls=(call,),
        objects=(ObjectChange(ref=ref, verb=Verb.UPDATE),),
        risk=Risk.LOW,
        reversal=Reversal.NONE,
    )
    statements = session_policy(clients.client, [preview])["Statement"]
    by_action = {action: one["Resource"] for one in statements for action in one["Action"]}
    assert by_action["sqs:ReceiveMessage"] == [PLACE.arn("sqs", "orders-dead")]
    assert by_action["sqs:SendMessage"] == [PLACE.arn("sqs", "*")]


def _role(clients: AwsClients) -> PlanRole:
    opened = OpenedAccount(client=clients.client, session=None, options={}, learn=lambda _secret: None)
    return PlanRole(opened, ROLE)


def test_a_plan_of_another_place_asks_for_no_session(clients: AwsClients) -> None:
    """Nothing of it is of AWS."""
    session = PlanSession(_role(clients), GrantedAwsWriter(clients.client), clients.client)
    assert session.asking(60, "sha256:0", []) is None


def test_a_session_lasts_as_long_as_the_plan_and_never_beyond_an_hour(
    changer: AwsChanger, clients: AwsClients, account: Mapping[str, str]
) -> None:
    """STS gives none below fifteen minutes; the name says which plan it is of."""
    session = PlanSession(_role(clients), GrantedAwsWriter(clients.client), clients.client)
    preview = _previewed(changer, account, CASES[0])
    asked = [session.asking(seconds, "sha256:" + "ab" * 32, [preview]) for seconds in (60, 1_000, 90_000)]
    assert [one.body["DurationSeconds"] for one in asked if one is not None] == [900, 1_000, 3_600]
    assert asked[0] is not None
    assert asked[0].body["RoleSessionName"] == "agentops-abababababab"


def test_a_policy_that_sts_would_not_take_is_said_to_be_too_long(clients: AwsClients) -> None:
    """Before anything is sent."""
    statement = {"Effect": "Allow", "Action": ["ec2:StopInstances"], "Resource": ["x" * 3_000]}
    with pytest.raises(ToolError, match="characters, and STS takes 2048"):
        _role(clients).asking(60, "n", {"Statement": [statement]})


def test_without_a_session_nothing_is_sent(
    changer: AwsChanger, clients: AwsClients, account: Mapping[str, str]
) -> None:
    """Before one was asked for, and after it was given back."""
    writer = GrantedAwsWriter(clients.client)
    (call,) = _previewed(changer, account, CASES[0]).calls
    with pytest.raises(ToolError, match="no session was asked for this plan"):
        writer.send(call)
    changer = AwsChanger(clients, utc_now, PlanSession(_role(clients), writer, clients.client))
    assert (changer.grant() is not None, changer.is_unlimited()) == (True, False)


_ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROAEXAMPLE:agentops-0</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>
<SessionToken>the-token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>"""
"""As the API reference of STS has it, AssumeRole, "Sample Response"."""


@pytest.mark.parametrize(
    ("arn", "secret", "said"),
    [
        ("arn:aws:sts::999999999999:assumed-role/fix/agentops-0", "s", "is of account 999999999999, and the run is"),
        ("", "s", "is of account unknown, and the run is pinned to 123456789012"),
        ("arn:aws:sts::123456789012:assumed-role/fix/agentops-0", "", "STS gave no credentials for the plan"),
    ],
)
def test_a_session_that_is_not_of_the_run_s_account_is_not_taken(
    arn: str, secret: str, said: str, clients: AwsClients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever answers for STS: then no plan is sent."""
    without_aws(monkeypatch, tmp_path, key=True)
    with serving(AwsStub(lambda _asked: (200, _ASSUMED.format(arn=arn, secret=secret).encode()))) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        options = {"aws_region": PLACE.region, "aws_role": ROLE}
        opened = OpenedAccount(client=clients.client, session=None, options=options, learn=lambda _secret: None)
        writer = GrantedAwsWriter(clients.client)
        session = PlanSession(PlanRole(opened, ROLE), writer, clients.client)
        with pytest.raises(ToolError, match=said):
            session.ask(PlanRole(opened, ROLE).asking(900, "agentops-0", {}))
    with pytest.raises(ToolError, match="no session was asked for this plan"):
        writer.send(call_of("ec2", "StopInstances", {}))
