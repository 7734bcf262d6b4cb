"""A reader of AWS cannot write: what is not on the list is refused before anything is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from agentops.core.errors import PreviewWouldWrite, ToolError
from agentops.providers.aws.api.allowed import READS, SIGN_IN, iam_action, is_allowed
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.session import open_session
from agentops.providers.aws.read.registry import SPECS

WRITES = (
    ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}),
    ("ec2", "stop_instances", {"InstanceIds": ["i-1"], "DryRun": True}),
    ("autoscaling", "set_desired_capacity", {"AutoScalingGroupName": "web", "DesiredCapacity": 0}),
    ("ecs", "update_service", {"service": "web", "desiredCount": 0}),
    ("rds", "delete_db_instance", {"DBInstanceIdentifier": "orders"}),
    ("lambda", "invoke", {"FunctionName": "take"}),
    ("sqs", "receive_message", {"QueueUrl": "http://127.0.0.1/1/orders"}),
    ("sqs", "purge_queue", {"QueueUrl": "http://127.0.0.1/1/orders"}),
    ("cloudwatch", "set_alarm_state", {"AlarmName": "a", "StateValue": "OK", "StateReason": "x"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
    ("ssm", "get_parameter", {"Name": "p", "WithDecryption": True}),
    ("s3", "get_object", {"Bucket": "b", "Key": "k"}),
    ("iam", "create_access_key", {"UserName": "u"}),
    ("lambda", "get_function", {"FunctionName": "take"}),
)


@pytest.mark.parametrize(("service", "method", "arguments"), WRITES)
def test_what_is_no_read_never_reaches_the_wire(
    service: str, method: str, arguments: dict[str, Any], listener: tuple[str, list[str]]
) -> None:
    """Whoever holds a client of the reader's session can call what they like: nothing arrives."""
    url, reached = listener
    session, _ = open_session({"aws_endpoint": url, "aws_region": "eu-west-1"}, lambda _secret: None)
    sdk = session.create_client(service, endpoint_url=url)
    with pytest.raises(PreviewWouldWrite, match="is not on the list of reads"):
        getattr(sdk, method)(**arguments)
    assert reached == []


def test_a_read_does_reach_it(listener: tuple[str, list[str]]) -> None:
    """The listener above would have heard it: a call that is on the list arrives."""
    url, reached = listener
    with pytest.raises(ToolError):
        AwsClient(
            *open_session({"aws_endpoint": url, "aws_region": "eu-west-1"}, lambda _s: None), endpoint=url, attempts=1
        )
    assert reached == ["/"]


def test_the_list_holds_nothing_but_reads() -> None:
    """Each name on it says that it reads, and those that hand out secrets or take messages are not on it."""
    reading = re.compile(r"(?:Describe|Get|List|Lookup|Filter|Simulate)[A-Z]")
    named = {(service, one) for service, names in READS.items() for one in names}
    # A query of Logs Insights is begun and stopped; both are of the access level Read.
    query = {("logs", "StartQuery"), ("logs", "StopQuery")}
    assert {one for one in named if not reading.match(one[1])} == query
    assert not any(
        re.search(r"Secret|Password|Token|(?<!DB)Parameter|Message|Object|Credential", one) for _, one in named
    )
    assert {one for names in SIGN_IN.values() for one in names} == {
        "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetRoleCredentials", "CreateToken",
    }  # fmt: skip


def test_every_operation_on_the_list_exists() -> None:
    """A misspelt name would be a read that is refused; the SDK's own models know each of them."""
    import botocore.session

    session = botocore.session.get_session()
    for service, names in (*READS.items(), *SIGN_IN.items()):
        known = set(session.get_service_model(service).operation_names)
        assert names - known == set(), service


def test_tools_declare_only_what_they_may_send() -> None:
    """The permissions of each tool are actions of operations on the list."""
    allowed = {iam_action(service, one) for service, names in READS.items() for one in names}
    assert {action for spec in SPECS for action in spec.permissions} - allowed == set()
    assert not is_allowed("ec2", "TerminateInstances")
