"""The read tools against moto's server: typed, capped, projected; no value of a variable is in what they return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.clock import utc_now
from agentops.core.errors import ToolError, ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.named_target import named_target
from agentops.providers.aws.read.registry import SPECS, read_tools
from tests.providers.aws.conftest import SECRET


def _read(client: AwsClient, name: str, **arguments: Any) -> Reading:
    (tool,) = (one for one in read_tools(client, utc_now) if one.spec.name == name)
    return tool.read(arguments)


def test_each_tool_reads_what_it_says(client: AwsClient, world: Mapping[str, str]) -> None:
    """One call of each tool that moto can answer, by the summary that only it gives."""
    found = {
        "aws_identity": _read(client, "aws_identity").summary,
        "aws_alarms": _read(client, "aws_alarms", state="ALARM").summary,
        "aws_metric": _read(
            client,
            "aws_metric",
            namespace="AWS/SQS",
            metric="Age",
            dimensions={"QueueName": "orders"},
            statistic="Maximum",
        ).summary,
        "aws_list": _read(client, "aws_list", kind="ecs/service").summary,
        "aws_describe": _read(client, "aws_describe", kind="sqs/queue", id="orders").summary,
        "aws_target_health": _read(client, "aws_target_health", target_group=world["group"]).summary,
        "aws_activities": _read(client, "aws_activities", group="web").summary,
        "aws_stopped_tasks": _read(client, "aws_stopped_tasks", service="shop/web").summary,
        "aws_task_diff": _read(client, "aws_task_diff", new="web:2").summary,
        "aws_database_events": _read(client, "aws_database_events", database="orders").summary.split(" ", 1)[1],
        "aws_logs": _read(client, "aws_logs", group="/aws/lambda/take").summary,
    }
    assert found == {
        "aws_identity": "account 123456789012, region eu-west-1, as arn:aws:sts::123456789012:user/moto",
        "aws_alarms": "1 alarm, 1 in ALARM",
        "aws_metric": "Age (Maximum) over 180 minutes: min 10, max 50, last 50",
        "aws_list": "1 ecs/service in eu-west-1",
        "aws_describe": "sqs/queue orders",
        "aws_target_health": f"targets of {world['group']}: 3 healthy",
        "aws_activities": "0 activities of web, 0 failed",
        "aws_stopped_tasks": "0 stopped tasks of shop/web; 0 of 1 run",
        "aws_task_diff": "web:1 -> web:2: 3 differences",
        "aws_database_events": "events of orders in 1,440 minutes",
        "aws_logs": "1 line of /aws/lambda/take",
    }
    # moto answers neither of these: tests/cli/test_aws_told.py has them; test_more_read_tools.py has the others.
    beside = {
        "aws_insights", "aws_listeners", "aws_aliases", "aws_db_parameters", "aws_console", "aws_dns", "aws_quotas",
        "aws_health",
    }  # fmt: skip
    assert {spec.name for spec in SPECS} - found.keys() - beside == {"aws_alarm_history", "aws_trail"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ecs/service", "shop/web"), ("lambda/function", "take"), ("rds/instance", "orders"), ("sqs/queue", "orders"),
        ("autoscaling/group", "web"), ("cloudwatch/alarm", "old"),
    ],
)  # fmt: skip
def test_what_is_described_holds_no_value_of_a_variable(
    client: AwsClient, world: Mapping[str, str], kind: str, name: str
) -> None:
    """Names of variables are told; their values never leave the provider, whatever the redactor knows."""
    reading = _read(client, "aws_describe", kind=kind, id=name)
    assert (SECRET in reading.body, name.rpartition("/")[2] in reading.body) == (False, True)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("autoscaling/group", "web    1    3    2        2"),
        ("ec2/instance", "running"),
        ("elbv2/targetgroup", "HTTP"),
        ("rds/instance", "orders    available"),
        ("sqs/queue", "orders"),
        ("ecs/service", "shop/web"),
        ("eks/nodegroup", "There is none"),
        ("acm/certificate", "There is none"),
        ("elbv2/loadbalancer", "There is none"),
    ],
)
def test_each_kind_is_listed(client: AwsClient, world: Mapping[str, str], kind: str, line: str) -> None:
    """One a line with its state; what there is none of is said."""
    assert line in _read(client, "aws_list", kind=kind).body


def test_a_metric_is_drawn_and_one_without_data_is_said_to_be_so(client: AwsClient, world: Mapping[str, str]) -> None:
    """A chart with gaps; a wrong dimension gives no data, which is no zero."""
    asked: dict[str, Any] = {"namespace": "AWS/SQS", "metric": "Age", "statistic": "Maximum", "minutes": 60}
    drawn = _read(client, "aws_metric", dimensions={"QueueName": "orders"}, **asked)
    empty = _read(client, "aws_metric", dimensions={"QueueName": "other"}, **asked)
    assert ("▁" in drawn.body, "█" in drawn.body, "no data" in empty.summary) == (True, True, True)


def test_arguments_that_do_not_fit_are_refused_before_anything_is_sent(client: AwsClient) -> None:
    """A kind that is none, a time that is none, an argument too many."""
    for name, arguments in (
        ("aws_list", {"kind": "s3/bucket"}),
        ("aws_logs", {"group": "g", "end": "yesterday"}),
        ("aws_alarms", {"delete": True}),
    ):
        with pytest.raises(ToolInputError):
            _read(client, name, **arguments)


def test_a_list_is_capped_and_says_so(client: AwsClient, raw: Callable[[str], Any]) -> None:
    """Of many, the first so many are shown, and how many there are."""
    sqs = raw("sqs")
    for number in range(12):
        sqs.create_queue(QueueName=f"q-{number}")
    found = _read(client, "aws_list", kind="sqs/queue", contains="q-", limit=5)
    assert (len(found.body.splitlines()), found.footer) == (6, "Only 5 of 12 are shown.")


def test_what_is_not_there_says_where_was_looked(client: AwsClient) -> None:
    """A tool that is asked for what is not there, and a person who names it."""
    with pytest.raises(ToolError) as raised:
        _read(client, "aws_target_health", target_group="nope")
    assert (raised.value.code, "eu-west-1" in raised.value.message) == ("aws-absent", True)
    with pytest.raises(UsageError) as named:
        named_target(client, utc_now, Target(kind="sqs/queue", name="nope", scheme="aws"))
    assert "account 123456789012, region eu-west-1" in named.value.message


def test_a_name_that_is_nearly_right_is_suggested(client: AwsClient, world: Mapping[str, str]) -> None:
    """An alarm that is misspelt, and a kind that is."""
    for target, near in (
        (Target(kind="cloudwatch/alarm", name="olld", scheme="aws"), "cloudwatch:old"),
        (Target(kind="sqs/queues", name="orders", scheme="aws"), "sqs/queue?"),
    ):
        with pytest.raises(UsageError) as raised:
            named_target(client, utc_now, target)
        assert near in raised.value.hint
