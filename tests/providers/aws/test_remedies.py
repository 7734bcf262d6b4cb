"""Which change cures a problem of AWS, and where none is proposed because it would be a guess."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.clock import utc_now
from agentops.core.resource import ResourceRef
from agentops.providers.aws.analyzers.declaration import problem
from agentops.providers.aws.analyzers.remedies import remedies_for
from agentops.providers.aws.objects.snapshot import AwsSnapshot
from tests.support.aws_account import PLACE

NEW, OLD = (PLACE.arn("ecs", f"task-definition/web:{number}") for number in (8, 7))


def _told(
    kind: str, condition: str, data: dict[str, Any], affects: tuple[ResourceRef, ...] = ()
) -> list[tuple[str, Any]]:
    """Return tools and arguments of the remedies of a problem of a thing with this data."""
    ref = PLACE.ref(kind, "x")
    snapshot = AwsSnapshot(place=PLACE, at=utc_now(), target=Target(), things={ref: data})
    found = remedies_for(snapshot, problem(ref, condition, "words", ("a", 1), affects=affects))
    assert all(one.target == ref and one.reason for one in found)
    return [(one.tool.removeprefix("aws_"), dict(one.arguments)) for one in found]


def _service(*stopped: str, older: str = OLD) -> dict[str, Any]:
    deployments = [{"status": "PRIMARY", "taskDefinition": NEW}, {"status": "ACTIVE", "taskDefinition": older}]
    return {
        "deployments": deployments[: 2 if older else 1],
        "StoppedTasks": [{"taskDefinitionArn": one} for one in stopped],
    }


@pytest.mark.parametrize(
    ("kind", "condition", "data", "remedies"),
    [
        ("autoscaling/group", "GroupAtMaximum", {"MaxSize": 4}, [("set_group_size", {"max": 6})]),
        ("autoscaling/group", "GroupAtMaximum", {"MaxSize": 1}, [("set_group_size", {"max": 2})]),
        ("autoscaling/group", "GroupAtMaximum", {}, []),
        (
            "autoscaling/group",
            "ProcessesSuspended",
            {"SuspendedProcesses": [{"ProcessName": "AZRebalance"}, {"ProcessName": "Launch"}]},
            [("resume_processes", {"processes": ["Launch"]})],
        ),
        ("ecs/service", "TaskImageMissing", _service(NEW, NEW), [("roll_back_service", {"task_definition": "web:7"})]),
        ("ecs/service", "TaskExits", _service(NEW, OLD), []),
        ("ecs/service", "TaskExits", _service(), []),
        ("ecs/service", "TaskImageMissing", _service(NEW, older=""), []),
        ("ecs/service", "TaskImageMissing", _service(NEW, older=NEW), []),
        ("ecs/service", "TaskUnplaceable", _service(NEW), []),
        (
            "lambda/function",
            "FunctionSwitchedOff",
            {"ReservedConcurrentExecutions": 0},
            [("set_reserved_concurrency", {"concurrency": None})],
        ),
        (
            "lambda/function",
            "FunctionConcurrencyReached",
            {"ReservedConcurrentExecutions": 10},
            [("set_reserved_concurrency", {"concurrency": 15})],
        ),
        ("lambda/function", "FunctionThrottled", {}, []),
        ("lambda/function", "FunctionBroken", {}, []),
        ("rds/instance", "DatabaseStorageFull", {"AllocatedStorage": 100}, [("grow_database_storage", {"gib": 150})]),
        ("rds/instance", "DatabaseStorageFull", {"AllocatedStorage": 100, "Engine": "aurora-mysql"}, []),
        ("rds/instance", "DatabaseUnavailable", {"AllocatedStorage": 100}, []),
        ("cloudwatch/alarm", "AlarmActionsOff", {"ActionsEnabled": False}, [("set_alarm_actions", {"enabled": True})]),
        ("cloudwatch/alarm", "AlarmFiring", {"ActionsEnabled": True}, []),
        ("cloudwatch/alarm", "AlarmWatchesNothing", {}, []),
        ("ec2/instance", "InstanceStopped", {"State": {"Name": "stopped"}}, [("start_instance", {})]),
        ("ec2/instance", "InstanceStopped", {"State": {"Name": "terminated"}}, []),
        ("ec2/instance", "InstanceUnreachable", {"State": {"Name": "running"}}, [("reboot_instance", {})]),
        ("ec2/instance", "InstanceHostImpaired", {"State": {"Name": "running"}}, []),
        ("sqs/queue", "PoisonMessages", {}, []),
    ],
)
def test_a_remedy_is_proposed_only_where_the_resource_says_enough(
    kind: str, condition: str, data: dict[str, Any], remedies: list[tuple[str, Any]]
) -> None:
    """What nobody reads there, what may have another cause, and what only silences, has no remedy."""
    assert _told(kind, condition, data) == remedies


def test_only_what_feeds_from_the_queue_that_suffers_is_switched_on() -> None:
    """Another mapping that is off may be off on purpose."""
    mappings = [
        {"UUID": name, "State": "Disabled", "EventSourceArn": PLACE.arn("sqs", name)} for name in ("orders", "audit")
    ]
    told = _told(
        "lambda/function", "ConsumerDisabled", {"EventSourceMappings": mappings}, (PLACE.ref("sqs/queue", "orders"),)
    )
    assert told == [("set_event_source", {"mapping": "orders", "enabled": True})]
