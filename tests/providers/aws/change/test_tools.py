"""Each tool on moto: previewed, applied, seen as previewed, and taken back by its own undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agentops.core.errors import Stale, ToolError, ToolInputError
from agentops.core.plan import Preview
from agentops.core.risk import Reversal
from agentops.guard.diff import deviations
from agentops.providers.aws.change.changer import AwsChanger
from tests.providers.aws.change.conftest import change

Case = tuple[str, str, str, Mapping[str, Any], str]
CASES: tuple[Case, ...] = (
    ("aws_set_group_size", "autoscaling/group", "workers", {"max": 8}, "MaxSize: 4 8"),
    ("aws_set_group_size", "autoscaling/group", "workers", {"desired": 3}, "DesiredCapacity: 2 3"),
    ("aws_set_group_size", "autoscaling/group", "workers", {"min": 3}, "MinSize: 1 3, DesiredCapacity: 2 3"),
    (
        "aws_resume_processes", "autoscaling/group", "workers", {"processes": ["Launch"]},
        "SuspendedProcesses: ['AZRebalance', 'Launch'] ['AZRebalance']",
    ),
    (
        "aws_suspend_processes", "autoscaling/group", "workers", {"processes": ["Terminate"]},
        "SuspendedProcesses: ['AZRebalance', 'Launch'] ['AZRebalance', 'Launch', 'Terminate']",
    ),
    ("aws_stop_instance", "ec2/instance", "{first}", {}, "State: running stopped"),
    ("aws_start_instance", "ec2/instance", "{stopped}", {}, "State: stopped running"),
    ("aws_set_service_count", "ecs/service", "shop/web", {"count": 4}, "desiredCount: 2 4"),
    ("aws_roll_back_service", "ecs/service", "shop/web", {}, "taskDefinition: web:2 web:1"),
    (
        "aws_set_reserved_concurrency", "lambda/function", "take", {"concurrency": 9},
        "ReservedConcurrentExecutions: 5 9",
    ),
    (
        "aws_set_reserved_concurrency", "lambda/function", "take", {"concurrency": None},
        "ReservedConcurrentExecutions: 5 None",
    ),
    (
        "aws_shift_alias", "lambda/function", "take",
        {"alias": "live", "version": "2", "second": "1", "second_percent": 10},
        "Aliases.live.AdditionalVersionWeights.1: None 0.1",
    ),
    ("aws_roll_back_alias", "lambda/function", "take", {"alias": "live"}, "Aliases.live.FunctionVersion: 2 1"),
    (
        "aws_set_event_source", "lambda/function", "take", {"mapping": "{mapping}", "enabled": True},
        "EventSources.{mapping}: False True",
    ),
    ("aws_register_target", "elbv2/targetgroup", "{group}", {"id": "{spare}"}, "Targets"),
    ("aws_deregister_target", "elbv2/targetgroup", "{group}", {"id": "{second}"}, "Targets"),
    ("aws_set_alarm_actions", "cloudwatch/alarm", "old", {"enabled": True}, "ActionsEnabled: False True"),
    ("aws_tag", "autoscaling/group", "workers", {"tags": {"team": "pay"}}, "Tags.team: shop pay"),
    ("aws_tag", "autoscaling/group", "workers", {"tags": {"team": None}}, "Tags.team: shop None"),
    *(
        ("aws_tag", kind, name, {"tags": {"ticket": "42"}}, "Tags.ticket: None 42")
        for kind, name in (
            ("ec2/instance", "{second}"), ("ecs/service", "shop/web"), ("lambda/function", "take"),
            ("rds/instance", "orders"), ("sqs/queue", "orders"), ("elbv2/targetgroup", "{group}"),
            ("cloudwatch/alarm", "old"), ("autoscaling/group", "workers"),
        )
    ),
)  # fmt: skip


def _named(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**ids) if value.startswith("{") else value
    return {key: _named(one, ids) for key, one in value.items()} if isinstance(value, Mapping) else value


def edits(preview: Preview) -> str:
    """Return the edits of a preview as one text."""
    return ", ".join(f"{one.path}: {one.old} {one.new}" for item in preview.objects for one in item.edits)


def _off(changer: AwsChanger, preview: Preview, form: str) -> list[Any]:
    """Return where the live resource is not what a preview says of it."""
    seen = changer.change_tools()["aws_tag"].observe(preview)
    return [
        edit for item in preview.objects for edit in deviations(item, getattr(item, form), seen.objects[str(item.ref)])
    ]


@pytest.mark.parametrize("case", CASES, ids=[f"{one[0]}-{number}" for number, one in enumerate(CASES)])
def test_a_change_does_what_its_preview_says_and_its_undo_takes_it_back(
    case: Case, changer: AwsChanger, account: Mapping[str, str]
) -> None:
    """The edits of the preview are what is live afterwards; the undo is a change of its own, previewed like any."""
    tool, kind, name, arguments, told = case
    asked = change(tool, kind, _named(name, account), **_named(arguments, account))
    preview = changer.change_tools()[tool].preview(asked)
    assert edits(preview).startswith(told.replace("{mapping}", account["mapping"]))
    assert (changer.missing_permissions(preview), _off(changer, preview, "before")) == ((), [])
    changer.appliers()[tool].apply(preview)
    assert _off(changer, preview, "after") == []
    (undo,) = preview.undo
    back = changer.change_tools()[undo.tool].preview(undo)
    changer.appliers()[undo.tool].apply(back)
    assert _off(changer, preview, "before") == []


@pytest.mark.parametrize(
    ("tool", "kind", "name", "told"),
    [
        ("aws_reboot_instance", "ec2/instance", "{second}", "reboot: None asked for"),
        ("aws_reboot_database", "rds/instance", "orders", "reboot: None asked for"),
        ("aws_redeploy_service", "ecs/service", "shop/web", "deployment: "),
    ],
)
def test_an_action_without_a_trace_is_previewed_and_sent(
    tool: str, kind: str, name: str, told: str, changer: AwsChanger, account: Mapping[str, str]
) -> None:
    """No field tells of it: what is shown is that it is asked for, there is no undo, and nothing counts as moved."""
    preview = changer.change_tools()[tool].preview(change(tool, kind, _named(name, account)))
    assert edits(preview).startswith(told)
    assert (preview.undo, preview.reversal, bool(preview.residue)) == ((), Reversal.COMPENSATING, True)
    changer.appliers()[tool].apply(preview)
    assert (_off(changer, preview, "before"), _off(changer, preview, "after")) == ([], [])


def test_storage_grows_for_good(changer: AwsChanger) -> None:
    """There is no undo, and the preview says so; to shrink it again is refused by our own rule."""
    tool = changer.change_tools()["aws_grow_database_storage"]
    preview = tool.preview(change(tool.spec.name, "rds/instance", "orders", gib=30))
    assert (edits(preview), preview.undo, preview.reversal) == ("AllocatedStorage: 20 30", (), Reversal.NONE)
    changer.appliers()[tool.spec.name].apply(preview)
    with pytest.raises(ToolInputError, match="can only grow"):
        tool.preview(change(tool.spec.name, "rds/instance", "orders", gib=20))


@pytest.mark.parametrize(
    ("tool", "kind", "name", "arguments", "said"),
    [
        ("aws_set_group_size", "autoscaling/group", "workers", {"desired": 9}, "contradict one another"),
        ("aws_set_group_size", "autoscaling/group", "workers", {}, "no size is given"),
        ("aws_set_group_size", "autoscaling/group", "none", {"max": 9}, "there is no Auto Scaling group none"),
        ("aws_set_group_size", "ec2/instance", "{first}", {"max": 9}, "does not change ec2/instance"),
        ("aws_resume_processes", "autoscaling/group", "workers", {"processes": ["HealthCheck"]}, "is not suspended"),
        ("aws_stop_instance", "ec2/instance", "{member}", {}, "which would terminate it"),
        ("aws_start_instance", "ec2/instance", "i-0123456789abcdef0", {}, "AWS knows no such thing"),
        ("aws_reboot_instance", "ec2/instance", "{stopped}", {}, "only a running instance"),
        ("aws_set_reserved_concurrency", "lambda/function", "take", {"concurrency": 950}, "less than the 100"),
        ("aws_shift_alias", "lambda/function", "take", {"alias": "live", "version": "9"}, "no published version 9"),
        ("aws_shift_alias", "lambda/function", "take", {"alias": "x", "version": "1"}, "has no alias x"),
        (
            "aws_shift_alias", "lambda/function", "take",
            {"alias": "live", "version": "1", "second": "1", "second_percent": 5}, "two different published versions",
        ),
        ("aws_roll_back_service", "ecs/service", "shop/web", {"task_definition": "other:1"}, "is no revision of web"),
        ("aws_roll_back_service", "ecs/service", "shop/web", {"task_definition": "web:77"}, "AWS "),
        ("aws_set_event_source", "lambda/function", "take", {"mapping": "x", "enabled": True}, "by mapping x"),
        ("aws_grow_database_storage", "rds/instance", "orders", {"gib": 21}, "can only grow, and by a tenth"),
        ("aws_reboot_database", "rds/instance", "orders", {"failover": True}, "no standby"),
        ("aws_deregister_target", "elbv2/targetgroup", "{group}", {"id": "{member}"}, "is not registered"),
        ("aws_register_target", "elbv2/targetgroup", "{group}", {"id": "10.0.0.1"}, "is not an instance"),
        ("aws_tag", "sqs/queue", "orders", {"tags": {"aws:x": "1"}}, "cannot be written here"),
        ("aws_tag", "sqs/queue", "orders", {"tags": {"a": "1", "b": None}}, "some tags are to be set"),
        ("aws_redrive_queue", "sqs/queue", "orders-dead", {}, "cannot be read"),
        ("aws_start_instance_refresh", "autoscaling/group", "workers", {}, "cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    tool: str,
    kind: str,
    name: str,
    arguments: Mapping[str, Any],
    said: str,
    changer: AwsChanger,
    account: Mapping[str, str],
) -> None:
    """AWS's limits are checked here, for it has no dry run; what cannot be read counts as no."""
    asked = change(tool, kind, _named(name, account), **_named(arguments, account))
    with pytest.raises(ToolError, match=said):
        changer.change_tools()[tool].predict(asked)


def test_what_is_there_already_is_no_change(changer: AwsChanger) -> None:
    """Nothing is to be sent, and nothing is shown as a change."""
    preview = changer.change_tools()["aws_set_group_size"].preview(
        change("aws_set_group_size", "autoscaling/group", "workers", max=4)
    )
    assert (preview.calls, preview.objects) == ((), ())


def test_what_moved_since_it_was_previewed_is_not_changed(changer: AwsChanger, raw: Any) -> None:
    """AWS has no precondition here, so the fields that the plan rests on are read once more right before."""
    asked = change("aws_set_group_size", "autoscaling/group", "workers", max=9)
    preview = changer.change_tools()["aws_set_group_size"].preview(asked)
    raw("autoscaling").update_auto_scaling_group(AutoScalingGroupName="workers", MaxSize=5)
    with pytest.raises(Stale, match="MaxSize was 4 when it was previewed, is 5"):
        changer.appliers()["aws_set_group_size"].apply(preview)
    raw("autoscaling").update_auto_scaling_group(AutoScalingGroupName="workers", MaxSize=4)


def test_what_moved_beside_it_is_no_hindrance(changer: AwsChanger, raw: Any) -> None:
    """A tag that somebody sets meanwhile says nothing of the size."""
    asked = change("aws_set_group_size", "autoscaling/group", "workers", max=9)
    preview = changer.change_tools()["aws_set_group_size"].preview(asked)
    of = {"ResourceId": "workers", "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    raw("autoscaling").create_or_update_tags(Tags=[{**of, "Key": "seen", "Value": "1"}])
    changer.appliers()["aws_set_group_size"].apply(preview)
    assert _off(changer, preview, "after") == []
    raw("autoscaling").update_auto_scaling_group(AutoScalingGroupName="workers", MaxSize=4)


def test_a_later_step_is_worked_out_upon_the_earlier_one(changer: AwsChanger) -> None:
    """The second step sees the maximum that the first will have set, says that it rests on it, and undoes to it."""
    tool = changer.change_tools()["aws_set_group_size"]
    first = tool.predict(change("aws_set_group_size", "autoscaling/group", "workers", max=8))
    second = tool.predict(change("aws_set_group_size", "autoscaling/group", "workers", desired=7), [first])
    assert (edits(second), second.rests_on) == ("DesiredCapacity: 2 7", (1,))
    assert second.undo[0].arguments == {"desired": 2}


def test_an_applier_sends_only_what_its_tool_declares(changer: AwsChanger) -> None:
    """A preview of another tool, or one that a file made up, is refused before anything is sent."""
    preview = changer.change_tools()["aws_set_group_size"].preview(
        change("aws_set_group_size", "autoscaling/group", "workers", max=9)
    )
    with pytest.raises(ToolError, match="does not send autoscaling:UpdateAutoScalingGroup"):
        changer.appliers()["aws_reboot_instance"].apply(preview)
