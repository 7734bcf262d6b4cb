"""Tools that moto does not play, against answers as the API references have them: instance refresh, redrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.errors import ToolError, ToolInputError
from agentops.core.plan import Call, Preview
from agentops.core.risk import Reversal
from agentops.guard.diff import deviations
from agentops.providers.aws.api.client import Identity, Listed
from agentops.providers.aws.api.clients import AwsClients
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.change.changer import AwsChanger
from tests.providers.aws.change.conftest import change
from tests.providers.aws.change.test_tools import edits
from tests.support.aws_account import PLACE

GROUP_ARN = PLACE.arn("autoscaling", "autoScalingGroup:0f1:autoScalingGroupName/web")
DEAD_ARN = PLACE.arn("sqs", "orders-dead")


class Documented:
    """An account at our own seam: a group of four instances, and a dead-letter queue with three messages."""

    region, endpoint = PLACE.region, ""
    identity = Identity(account=PLACE.account, partition="aws", arn="arn:aws:iam::123456789012:user/ana")

    def __init__(self) -> None:
        self.refreshes: list[dict[str, Any]] = []
        self.moves: list[dict[str, Any]] = []
        self.suspended: list[str] = []
        self.desired, self.pending = 4, 0
        self.sent: list[Call] = []

    def ask(self, _service: str, operation: str, **_arguments: Any) -> dict[str, Any]:
        """Answer one read."""
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "DescribeAutoScalingGroups": lambda: {"AutoScalingGroups": [self._group()]},
            "DescribeInstanceRefreshes": lambda: {"InstanceRefreshes": self.refreshes},
            "GetQueueUrl": lambda: {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-dead"},
            "GetQueueAttributes": lambda: {
                "Attributes": {
                    "QueueArn": DEAD_ARN,
                    "ApproximateNumberOfMessages": "3",
                    "CreatedTimestamp": "1700000000",
                }
            },
            "ListQueueTags": dict,
            "ListMessageMoveTasks": lambda: {"Results": self.moves},
        }
        return answers[operation]()

    def pages(self, _service: str, operation: str, _key: str, _most: int, **_arguments: Any) -> Listed:
        """Answer one list."""
        if operation == "DescribePolicies":
            return Listed(items=())
        return Listed(items=("https://sqs.eu-west-1.amazonaws.com/123456789012/orders",))

    def require_same_caller(self) -> None:
        """Return: nobody else asks."""

    def send(self, call: Call) -> dict[str, Any]:
        """Carry a call out as AWS would."""
        self.sent.append(call)
        operation = call.path.rpartition("/")[2]
        if operation == "StartInstanceRefresh":
            self.refreshes = [{"InstanceRefreshId": "08b91cf7-8fa6-48af-b6a6-d227f40f1b9b", "Status": "Pending"}]
        if operation == "CancelInstanceRefresh":
            self.refreshes[0]["Status"] = "Cancelling"
        if operation == "StartMessageMoveTask":
            self.moves = [{"TaskHandle": "eyJ0YXNrSWQi", "Status": "RUNNING", "SourceArn": DEAD_ARN}]
        if operation == "CancelMessageMoveTask":
            self.moves[0]["Status"] = "CANCELLING"
        return {}

    def _group(self) -> dict[str, Any]:
        instance = {"LifecycleState": "InService", "HealthStatus": "Healthy", "AvailabilityZone": "eu-west-1a"}
        return {
            "AutoScalingGroupName": "web", "AutoScalingGroupARN": GROUP_ARN, "MinSize": 2, "MaxSize": 6,
            "DesiredCapacity": self.desired,
            "Instances": [
                *({**instance, "InstanceId": f"i-{n}"} for n in range(4)),
                *({"InstanceId": f"i-new-{n}", "LifecycleState": "Pending:Wait"} for n in range(self.pending)),
            ],
            "SuspendedProcesses": [{"ProcessName": name} for name in self.suspended],
        }  # fmt: skip


@pytest.fixture
def aws() -> Documented:
    """The account."""
    return Documented()


@pytest.fixture
def bound(aws: Documented) -> AwsChanger:
    """Its changer."""
    return AwsChanger(AwsClients(client=aws, dry_runner=AwsDryRunner(None, aws), writer=aws), utc_now)  # type: ignore[arg-type]


def _applied(bound: AwsChanger, tool: str, kind: str, name: str, **arguments: Any) -> Preview:
    preview = bound.change_tools()[tool].preview(change(tool, kind, name, **arguments))
    bound.appliers()[tool].apply(preview)
    return preview


def test_an_instance_refresh_is_started_and_cancelled(aws: Documented, bound: AwsChanger) -> None:
    """What is out at a time is measured; the undo stops it, and what was replaced stays so."""
    preview = _applied(bound, "aws_start_instance_refresh", "autoscaling/group", "web", min_healthy_percent=75)
    reach = bound.change_tools()["aws_start_instance_refresh"].blast_radius(preview)
    assert (reach.instances, reach.percent, preview.reversal) == (4, 25, Reversal.COMPENSATING)
    assert aws.sent[0].body["Preferences"] == {"MinHealthyPercentage": 75, "SkipMatching": False}
    with pytest.raises(ToolInputError, match="is going on: 08b91cf7"):
        bound.change_tools()["aws_start_instance_refresh"].predict(
            change("aws_start_instance_refresh", "autoscaling/group", "web")
        )
    (undo,) = preview.undo
    back = bound.change_tools()[undo.tool].preview(undo)
    bound.appliers()[undo.tool].apply(back)
    assert [one.path for one in aws.sent] == ["/autoscaling/StartInstanceRefresh", "/autoscaling/CancelInstanceRefresh"]
    with pytest.raises(ToolInputError, match="no instance refresh of web is going on"):
        bound.change_tools()[undo.tool].predict(undo)


def test_a_refresh_that_would_not_get_on_is_refused(aws: Documented, bound: AwsChanger) -> None:
    """A process that it needs is suspended."""
    aws.suspended = ["Terminate"]
    with pytest.raises(ToolInputError, match="Terminate of web is suspended"):
        bound.change_tools()["aws_start_instance_refresh"].predict(
            change("aws_start_instance_refresh", "autoscaling/group", "web")
        )


def test_messages_are_moved_back_and_that_is_stopped(aws: Documented, bound: AwsChanger) -> None:
    """The queues that they came from are named; the undo stops the moving, and no message is ever read."""
    preview = _applied(bound, "aws_redrive_queue", "sqs/queue", "orders-dead", per_second=50)
    reach = bound.change_tools()["aws_redrive_queue"].blast_radius(preview)
    assert (edits(preview), [one.name for one in reach.dependents]) == ("MessageMoveTask: False True", ["orders"])
    assert aws.sent[0].body == {"SourceArn": DEAD_ARN, "MaxNumberOfMessagesPerSecond": 50}
    with pytest.raises(ToolInputError, match="are being moved already"):
        bound.change_tools()["aws_redrive_queue"].predict(change("aws_redrive_queue", "sqs/queue", "orders-dead"))
    (undo,) = preview.undo
    bound.appliers()[undo.tool].apply(bound.change_tools()[undo.tool].preview(undo))
    assert aws.sent[1].body == {"TaskHandle": "eyJ0YXNrSWQi"}


def test_a_queue_that_is_no_dead_letter_queue_is_not_redriven(aws: Documented, bound: AwsChanger) -> None:
    """Where AWS names no source, there is nowhere to go back to."""
    aws.pages = lambda *_words, **_arguments: Listed(items=())  # type: ignore[method-assign]
    with pytest.raises(ToolError, match="is the dead-letter queue of no queue"):
        bound.change_tools()["aws_redrive_queue"].predict(change("aws_redrive_queue", "sqs/queue", "orders-dead"))


@pytest.mark.parametrize(("arguments", "settled"), [({"max": 8}, True), ({"max": 8, "desired": 6}, False)])
def test_what_scaling_launches_after_a_higher_maximum_is_a_good_sign(
    arguments: dict[str, int], settled: bool, aws: Documented, bound: AwsChanger
) -> None:
    """Two instances are on their way: that settles a higher maximum, and not a higher number of instances."""
    tool = bound.change_tools()["aws_set_group_size"]
    preview = tool.preview(change("aws_set_group_size", "autoscaling/group", "web", **arguments))
    aws.desired, aws.pending = 6, 2
    (health,) = tool.observe(preview).targets
    assert (health.ready, health.wanted, health.settled) == (4, 6, settled)


def test_a_target_group_that_is_a_traffic_source_is_a_bystander(aws: Documented, bound: AwsChanger) -> None:
    """The API reference names both lists; one of VPC Lattice is of another service, which is not asked."""
    front = PLACE.arn("elasticloadbalancing", "targetgroup/web/73e2d6bc24d8a067")
    lattice = PLACE.arn("vpc-lattice", "targetgroup/tg-0eaa4b9ab4e2d3b1c")
    group = aws._group() | {
        "TargetGroupARNs": [],
        "TrafficSources": [{"Identifier": front, "Type": "elbv2"}, {"Identifier": lattice, "Type": "vpc-lattice"}],
    }
    answers: dict[str, dict[str, Any]] = {
        "DescribeAutoScalingGroups": {"AutoScalingGroups": [group]},
        "DescribeTargetGroups": {"TargetGroups": [{"TargetGroupArn": front}]},
        "DescribeTargetHealth": {
            "TargetHealthDescriptions": [{"Target": {"Id": "i-0", "Port": 80}, "TargetHealth": {"State": "healthy"}}]
        },
        "DescribeTags": {"TagDescriptions": []},
    }
    asked = aws.ask
    aws.ask = lambda service, operation, **more: (  # type: ignore[method-assign]
        answers[operation] if operation in answers else asked(service, operation, **more)
    )
    tool = bound.change_tools()["aws_set_group_size"]
    seen = tool.observe(tool.preview(change("aws_set_group_size", "autoscaling/group", "web", max=8)))
    assert [one.detail for one in seen.bystanders] == ["1 of 1 targets of web/73e2d6bc24d8a067 are healthy"]


def test_a_database_that_grows_goes_on_serving(aws: Documented, bound: AwsChanger) -> None:
    """For minutes it is modifying, with its new size pending: that is as previewed, and it serves."""
    database = {
        "DBInstanceIdentifier": "orders",
        "DBInstanceStatus": "available",
        "AllocatedStorage": 20,
        "Engine": "mysql",
    }
    asked = aws.ask
    aws.ask = lambda service, operation, **more: (  # type: ignore[method-assign]
        {"DBInstances": [database]} if operation == "DescribeDBInstances" else asked(service, operation, **more)
    )
    tool = bound.change_tools()["aws_grow_database_storage"]
    preview = tool.preview(change("aws_grow_database_storage", "rds/instance", "orders", gib=40))
    database |= {"DBInstanceStatus": "modifying", "PendingModifiedValues": {"AllocatedStorage": 40}}
    seen = tool.observe(preview)
    (item,), (health,) = preview.objects, seen.targets
    assert (deviations(item, item.after, seen.objects[str(item.ref)]), health.settled) == ((), True)
    with pytest.raises(ToolInputError, match="its storage grows only while it is available or full"):
        tool.predict(change("aws_grow_database_storage", "rds/instance", "orders", gib=80))
