"""What goes over the wire is what is declared, and what is declared goes over the wire: the policy is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.errors import ToolError
from agentops.core.tool import ToolSpec
from agentops.providers.aws.access.needs import ALWAYS_ALLOWED, SWEEP, needs_of
from agentops.providers.aws.access.policy import actions_of, policy_of
from agentops.providers.aws.api.allowed import READS, iam_action
from agentops.providers.aws.api.client import AwsClient, open_client
from agentops.providers.aws.api.guarding import FOLDERS
from agentops.providers.aws.change.registry import CHANGE_SPECS
from agentops.providers.aws.objects.place import KINDS
from agentops.providers.aws.read.registry import SPECS, read_tools
from agentops.providers.aws.sweep.registry import READERS, SENDS, sent_by
from agentops.providers.aws.sweep.scout import Scout
from tests.providers.aws.conftest import REGION

NAMES = {
    "elbv2/targetgroup": "{group}", "elbv2/loadbalancer": "front", "autoscaling/group": "web",
    "ec2/instance": "{instance}", "instances": "{instance}", "ec2/securitygroup": "sg-1", "security groups": "sg-1",
    "ecs/service": "shop/web", "rds/instance": "orders", "lambda/function": "take", "sqs/queue": "orders",
    "acm/certificate": "c-1", "eks/nodegroup": "shop/web", "eks/cluster": "shop",
    "cloudwatch/alarm": "old", "alarms that fire": "",
    "CloudTrail": "", "behind target group (groups)": "arn {group}", "behind target group (services)": "arn {group}",
}  # fmt: skip
"""What each reader is asked for; what is not there in moto is asked for all the same."""
METRIC = {"namespace": "AWS/SQS", "metric": "Age", "dimensions": {"QueueName": "orders"}}
TOOLS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "aws_alarms": ({},),
    "aws_alarm_history": ({"alarm": "old"},),
    "aws_metric": (METRIC,),
    "aws_target_health": ({"target_group": "{group}"},),
    "aws_activities": ({"group": "web"},),
    "aws_stopped_tasks": ({"service": "shop/web"},),
    "aws_task_diff": ({"new": "web:2"},),
    "aws_database_events": ({"database": "orders"},),
    "aws_trail": ({},),
    "aws_logs": ({"group": "/aws/lambda/take"},),
    "aws_insights": ({"groups": ["/aws/lambda/take"], "query": "fields @message"},),
    "aws_listeners": ({"load_balancer": "front"},),
    "aws_aliases": ({"function": "take"},),
    "aws_db_parameters": ({"database": "orders"},),
    "aws_console": ({"instance": "{instance}"},),
    "aws_dns": ({"name": "web.shop.example"},),
    "aws_quotas": ({"service": "vpc"},),
}
"""How each tool is called so that it sends all that it can."""
_UNSENT = {
    "ecs:DescribeTasks", "logs:StopQuery", "health:DescribeEventDetails", "health:DescribeAffectedEntities",
    "route53:GetHealthCheckStatus",
}  # fmt: skip
"""What moto gives no reason to send: it has no stopped task, no query without end, no event and no health check.
``tests/providers/aws/test_more_read_tools.py`` has them on the wire."""


@pytest.fixture(scope="module")
def wired(moto_url: str, world: Mapping[str, str], raw: Callable[[str], Any]) -> AwsClient:
    """A client of an account in which there is one thing of each kind, a load balancer among them."""
    subnets = [one["SubnetId"] for one in raw("ec2").describe_subnets()["Subnets"]][:2]
    role = "arn:aws:iam::123456789012:role/eks"
    raw("eks").create_cluster(name="shop", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    front = raw("elbv2").create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    raw("elbv2").create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=80, DefaultActions=[fixed])
    raw("route53").create_hosted_zone(Name="shop.example.", CallerReference="1")
    return open_client({"aws_endpoint": moto_url, "aws_region": REGION, "aws_attempts": 1}, lambda _secret: None)


@contextmanager
def _sent(client: AwsClient) -> Iterator[set[str]]:
    """Yield the actions of the requests that are about to leave, by the SDK's own last event before the wire."""
    found: set[str] = set()

    def keep(event_name: str, **_more: Any) -> None:
        _, service, operation = event_name.split(".")
        found.add(iam_action(FOLDERS.get(service, service), operation))

    # Clients copy the events of their session when they are made.
    for service in {one for names in SENDS.values() for one, _ in names} | set(READS):
        client._client(service).meta.events.register_last("before-send", keep)
    yield found
    for one in client._clients.values():
        one.meta.events.unregister("before-send", keep)


def _filled(value: Any, world: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**world)
    return {key: _filled(one, world) for key, one in value.items()} if isinstance(value, Mapping) else value


def _actions(pairs: Any) -> set[str]:
    return {iam_action(*one) for one in pairs}


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_reader_sends_what_it_declares(kind: str, wired: AwsClient, world: Mapping[str, str]) -> None:
    """Nothing that it does not declare; what it declares and did not send here is sent by another case below."""
    with _sent(wired) as sent, suppress(ToolError):
        READERS[kind](Scout(wired, utc_now()), NAMES[kind].format(**world))
    assert (bool(sent), sent - _actions(SENDS[kind])) == (True, set())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_tool_sends_what_it_declares_and_declares_what_it_sends(
    spec: ToolSpec, wired: AwsClient, world: Mapping[str, str]
) -> None:
    """Both ways, for every tool; ``aws_identity`` tells what was asked when the run began, and sends nothing."""
    (tool,) = (one for one in read_tools(wired, utc_now) if one.spec.name == spec.name)
    cases: tuple[Mapping[str, Any], ...] = TOOLS.get(spec.name, ({},))
    if spec.name == "aws_describe":
        cases = tuple({"kind": kind, "id": NAMES[kind]} for kind in KINDS)
    if spec.name == "aws_list":
        cases = tuple({"kind": kind} for kind in spec.schema["properties"]["kind"]["enum"])
    found: set[str] = set()
    for case in cases:
        with _sent(wired) as sent, suppress(ToolError):
            tool.read(_filled(case, world))
        found |= sent
    declared = set(spec.permissions) - ALWAYS_ALLOWED
    # moto fails to list quotas, so none is measured.
    unsent = _UNSENT | ({"cloudwatch:GetMetricData"} if spec.name == "aws_quotas" else set())
    assert (found - declared, declared - found - unsent) == (set(), set())


def test_the_policy_is_of_what_is_declared_and_of_nothing_else() -> None:
    """The union of the sweep's and of the tools' actions, each named, each on the list of reads; no wildcard."""
    granted = set(actions_of(policy_of(needs_of(), {})))
    declared = _actions(sent_by()) | {action for spec in SPECS for action in spec.permissions}
    allowed = _actions((service, one) for service, names in READS.items() for one in names)
    assert (granted, granted - allowed) == (declared - ALWAYS_ALLOWED, set())
    assert not any("*" in action for action in granted)
    # And nothing may be sent that nobody declares.
    everybody = set(needs_of(CHANGE_SPECS)) | ALWAYS_ALLOWED
    assert allowed - everybody == set()


def test_a_tool_that_is_switched_off_takes_its_actions_along() -> None:
    """But for those that something else needs."""
    less = needs_of((), ["aws_trail", "aws_alarm_history", "aws_stopped_tasks"])
    assert needs_of().keys() - less.keys() == {"cloudwatch:DescribeAlarmHistory"}
    assert less["cloudtrail:LookupEvents"] == (SWEEP,)


def test_a_region_is_a_condition_and_what_has_none_stands_apart() -> None:
    """A statement of its own for the services that are called in one region, whichever is looked at."""
    reads = {"ec2:DescribeInstances": ("a",), "route53:ListHostedZones": ("b",)}
    assert policy_of(reads, {**reads, "ec2:StopInstances": ("c",)}, "eu-west-1")["Statement"] == [
        {
            "Sid": "AgentopsReads",
            "Effect": "Allow",
            "Action": ["ec2:DescribeInstances"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        },
        {"Sid": "AgentopsReadsEverywhere", "Effect": "Allow", "Action": ["route53:ListHostedZones"], "Resource": "*"},
        {
            "Sid": "AgentopsChanges",
            "Effect": "Allow",
            "Action": ["ec2:StopInstances"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        },
    ]
