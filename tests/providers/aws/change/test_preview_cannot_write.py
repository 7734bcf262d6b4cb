"""A preview of AWS cannot write: by what its sessions let through, and by what is seen on the wire of every tool."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import pytest

from agentops.core.errors import PreviewWouldWrite, PreviewWrote, ToolError
from agentops.providers.aws.api.allowed import READS, iam_action
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.api.changing import READ_BEFORE, TRIED, WRITES
from agentops.providers.aws.api.client import open_client
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.api.session import open_session, trying_session, writing_session
from agentops.providers.aws.change.changer import AwsChanger
from agentops.providers.aws.change.registry import CHANGES
from agentops.providers.aws.impact.state.registry import READ_FOR
from tests.providers.aws.change.conftest import Wire, change
from tests.providers.aws.change.test_tools import CASES, _named
from tests.support.aws_stub import AwsStub, serving

REGION = "eu-west-1"
NOT_TRIALS = (
    ("ec2", "stop_instances", {"InstanceIds": ["i-1"]}),
    ("ec2", "stop_instances", {"InstanceIds": ["i-1"], "DryRun": False}),
    ("ec2", "terminate_instances", {"InstanceIds": ["i-1"], "DryRun": True}),
    ("ec2", "describe_instances", {"DryRun": True}),
    ("ec2", "run_instances", {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "DryRun": True}),
    ("lambda", "invoke", {"FunctionName": "take", "InvocationType": "DryRun"}),
    ("lambda", "update_function_code", {"FunctionName": "take", "ZipFile": b"", "DryRun": True}),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::1:role/admin1234567", "RoleSessionName": "xy"}),
    ("autoscaling", "update_auto_scaling_group", {"AutoScalingGroupName": "web", "MaxSize": 0}),
)
ALL_READS = {(service, name) for listed in (READS, READ_BEFORE) for service, names in listed.items() for name in names}
NEVER = re.compile(
    r"^(?:Terminate|Delete(?!Tags$|FunctionConcurrency$)|Purge|Release|Deregister(?!Targets$)|Create(?!Tags$|OrUpdateTags$)"
    r"|Put(?!FunctionConcurrency$)|Schedule|Detach|Disassociate|Revoke|Authorize|Run|Invoke|Send|Receive|Update(?!Service$"
    r"|Alias$|AutoScalingGroup$|EventSourceMapping$)|Modify(?!DBInstance$)|Restore|Copy|Attach|Set|Reset|Add(?!Tags))"
)
"""What no tool of AWS may ever send: what ends, deletes, hands out or lets in. Each exception is named whole."""


def _trying(url: str) -> Any:
    options = {"aws_endpoint": url, "aws_region": REGION}
    session, _ = open_session(options, lambda _secret: None)
    return trying_session(options, session, lambda _secret: None)


@pytest.mark.parametrize(("service", "method", "arguments"), NOT_TRIALS)
def test_what_is_no_dry_run_never_reaches_the_wire(
    service: str, method: str, arguments: dict[str, Any], listener: tuple[str, list[str]]
) -> None:
    """Not even with a client of the trying session in hand: no other operation, no other service, no missing flag."""
    url, reached = listener
    sdk = _trying(url).create_client(service, endpoint_url=url)
    with pytest.raises(PreviewWouldWrite):
        getattr(sdk, method)(**arguments)
    assert reached == []


@pytest.mark.parametrize("becomes", [None, "false", "True", ["true", "false"]])
def test_the_flag_is_looked_for_in_the_bytes(becomes: Any, listener: tuple[str, list[str]]) -> None:
    """A handler that takes the flag away, or writes another, after the parameters were checked is caught as well."""
    url, reached = listener
    sdk = _trying(url).create_client("ec2", endpoint_url=url)

    def rewrite(request: Any, **_more: Any) -> None:
        request.data.pop("DryRun", None)
        if becomes is not None:
            request.data["DryRun"] = becomes

    sdk.meta.events.register_last("request-created.ec2", rewrite)
    with pytest.raises(PreviewWouldWrite, match="is no dry run"):
        sdk.stop_instances(InstanceIds=["i-1"], DryRun=True)
    assert reached == []


def test_a_dry_run_does_reach_it(listener: tuple[str, list[str]]) -> None:
    """The listener above would have heard it."""
    url, reached = listener
    sdk = _trying(url).create_client("ec2", endpoint_url=url)
    with pytest.raises(Exception, match=r"500|parse"):
        sdk.stop_instances(InstanceIds=["i-1"], DryRun=True)
    assert len(reached) >= 1


def test_the_writing_session_sends_nothing_but_what_appliers_send(listener: tuple[str, list[str]]) -> None:
    """No read and no deletion: whoever holds the writer can do no more than the tools together."""
    url, reached = listener
    options = {"aws_endpoint": url, "aws_region": REGION}
    session, _ = open_session(options, lambda _secret: None)
    writing = writing_session(options, session, lambda _secret: None)
    for service, method, arguments in (
        ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "orders"}),
        ("s3", "delete_bucket", {"Bucket": "b"}),
        ("iam", "create_access_key", {"UserName": "u"}),
        ("kms", "schedule_key_deletion", {"KeyId": "k"}),
        ("ec2", "delete_snapshot", {"SnapshotId": "s"}),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["a"]}),
        ("sqs", "purge_queue", {"QueueUrl": url}),
    ):
        with pytest.raises(PreviewWouldWrite, match="is not on the list of what may be changed"):
            getattr(writing.create_client(service, endpoint_url=url), method)(**arguments)
    assert reached == []


def test_no_tool_ends_deletes_or_hands_out() -> None:
    """There are no such tools, and the lists hold none of these operations; each exists, and each is sent by a tool."""
    import botocore.session

    session = botocore.session.get_session()
    listed = {(service, name) for service, names in WRITES.items() for name in names}
    assert [one for one in sorted(listed) if NEVER.match(one[1])] == []
    assert {service for service, _ in listed} & {"iam", "kms", "s3", "secretsmanager", "organizations", "sts"} == set()
    for service, names in (*WRITES.items(), *TRIED.items()):
        assert names <= set(session.get_service_model(service).operation_names), service
    assert {one for tool in CHANGES for one in tool.sends} == listed


def test_what_is_read_before_a_change_only_reads() -> None:
    """Each name says that it reads or simulates, and exists."""
    import botocore.session

    session = botocore.session.get_session()
    reading = re.compile(r"(?:Describe|Get|List|Simulate)[A-Z]")
    for service, names in READ_BEFORE.items():
        assert [one for one in names if not reading.match(one)] == []
        assert names <= set(session.get_service_model(service).operation_names), service


def test_what_is_tried_has_a_dry_run() -> None:
    """Each operation on the list of trials takes DryRun, by the SDK's own model of EC2."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("ec2")
    taking = {name for name in TRIED["ec2"] if "DryRun" in model.operation_model(name).input_shape.members}
    assert taking == TRIED["ec2"]


def test_tools_declare_what_they_send_and_read() -> None:
    """Permissions are the actions of the operations that a tool sends, and of reads that are on the list."""
    reads = {iam_action(service, name) for service, name in ALL_READS}
    for tool in CHANGES:
        sent = {iam_action(*one) for one in tool.sends}
        assert sent <= set(tool.spec.permissions), tool.spec.name
        assert set(tool.spec.permissions) - sent <= reads, tool.spec.name
    assert {one for listed in READ_FOR.values() for one in listed} <= ALL_READS


def _is_harmless(sent: tuple[str, str, str, bytes]) -> bool:
    """Return whether a request that was seen on the wire is a read, or a dry run of EC2."""
    method, path, target, body = sent
    reads = {name for _, name in ALL_READS}
    if target:
        return target.rpartition(".")[2] in reads
    if "/operation/" in path:
        return path.rpartition("/")[2] in reads
    said = parse_qs(body.decode("utf-8", "replace"))
    if "Action" in said:
        (action,) = said["Action"]
        return action in reads or (action in TRIED["ec2"] and said.get("DryRun") == ["true"])
    return method == "GET"


ALL = (
    *CASES,
    ("aws_reboot_instance", "ec2/instance", "{second}", {}, ""),
    ("aws_reboot_database", "rds/instance", "orders", {}, ""),
    ("aws_redeploy_service", "ecs/service", "shop/web", {}, ""),
    ("aws_grow_database_storage", "rds/instance", "orders", {"gib": 90}, ""),
    ("aws_redrive_queue", "sqs/queue", "orders-dead", {}, ""),
    ("aws_cancel_redrive", "sqs/queue", "orders-dead", {}, ""),
    ("aws_start_instance_refresh", "autoscaling/group", "workers", {}, ""),
    ("aws_cancel_instance_refresh", "autoscaling/group", "workers", {}, ""),
)


@pytest.mark.parametrize("tool", sorted(one.spec.name for one in CHANGES))
def test_on_the_wire_of_every_tool_there_are_reads_and_dry_runs_alone(
    tool: str, changer: AwsChanger, account: Mapping[str, str], wire: Wire
) -> None:
    """Predicted, previewed, measured, asked for permissions and observed: nothing but that reaches the account."""
    mine = [one for one in ALL if one[0] == tool]
    assert mine, "a tool without a case here would not be looked at"
    bound = changer.change_tools()[tool]
    before = len(wire.sent)
    for _, kind, name, arguments, _ in mine:
        asked = change(tool, kind, _named(name, account), **_named(arguments, account))
        # What moto does not play ends in a refusal; what was asked until then is looked at all the same.
        with suppress(ToolError):
            bound.predict(asked)
            preview = bound.preview(asked)
            bound.blast_radius(preview)
            bound.observe(preview)
            changer.missing_permissions(preview)
            changer.notes_on(asked, preview)
    sent = wire.sent[before:]
    assert sent
    assert [one for one in sent if not _is_harmless(one)] == []


def test_the_wire_would_have_shown_a_write(changer: AwsChanger, wire: Wire, account: Mapping[str, str]) -> None:
    """What an applier sends is seen there, and is no read."""
    preview = changer.change_tools()["aws_tag"].preview(change("aws_tag", "sqs/queue", "orders", tags={"x": "1"}))
    before = len(wire.sent)
    changer.appliers()["aws_tag"].apply(preview)
    assert [_is_harmless(one) for one in wire.sent[before:]].count(False) == 1


def test_a_dry_run_that_is_answered_as_if_carried_out_stops_everything() -> None:
    """EC2 says DryRunOperation when a trial would succeed; any other success is one that had an effect."""
    done = b"<StopInstancesResponse><requestId>r-1</requestId><instancesSet/></StopInstancesResponse>"
    with serving(AwsStub(lambda _n: (200, done))) as stub:
        options = {"aws_endpoint": stub.url, "aws_region": REGION, "aws_attempts": 1}
        client = open_client(options, lambda _secret: None)
        runner = AwsDryRunner(_trying(stub.url), client)
        with pytest.raises(PreviewWrote, match="as if it had been carried out"):
            runner.try_out(call_of("ec2", "StopInstances", {"InstanceIds": ["i-1"]}))


def test_a_dry_run_without_permission_is_refused() -> None:
    """EC2's own answer is the pre-flight of its operations: the action is named."""
    denied = (
        b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors>"
        b"<RequestID>r-1</RequestID></Response>"
    )
    with serving(AwsStub(lambda _n: (403, denied))) as stub:
        options = {"aws_endpoint": stub.url, "aws_region": REGION, "aws_attempts": 1}
        runner = AwsDryRunner(_trying(stub.url), open_client(options, lambda _secret: None))
        with pytest.raises(ToolError, match="AWS does not allow ec2:StopInstances") as raised:
            runner.try_out(call_of("ec2", "StopInstances", {"InstanceIds": ["i-1"]}))
    assert raised.value.code == "aws-denied"


def test_only_ec2_is_tried() -> None:
    """A call of another service is never taken for one that has a dry run."""
    runner = AwsDryRunner(None, None)  # type: ignore[arg-type]
    assert not runner.can_try(call_of("ecs", "UpdateService", {}))
    with pytest.raises(ToolError, match="has no dry run"):
        runner.try_out(call_of("ecs", "UpdateService", {}))
