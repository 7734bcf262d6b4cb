"""What policy is told of changes at AWS, what is no remedy there, and how changes are said; pure."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.notes import notes_of, speaks_against
from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.core.policy import ObjectFacts
from agentops.providers.aws.change.change_tool import edits_between
from agentops.providers.aws.change.policy_facts import object_facts
from agentops.providers.aws.change.registry import CHANGES
from agentops.providers.aws.change.remediation_rules import reasons_against
from agentops.providers.aws.change.wording import WORDS
from tests.providers.aws.change.conftest import change
from tests.support.aws_account import PLACE


def _becomes(kind: str, before: dict[str, Any], after: dict[str, Any], verb: Verb = Verb.UPDATE) -> ObjectChange:
    edits: tuple[Edit, ...] = edits_between(before, after)
    return ObjectChange(ref=PLACE.ref(kind, "x"), verb=verb, before=before, after=after, edits=edits)


SIZES = {"MinSize": 1, "MaxSize": 4, "DesiredCapacity": 2}


@pytest.mark.parametrize(
    ("kind", "before", "after", "facts"),
    [
        ("autoscaling/group", SIZES, {**SIZES, "MaxSize": 8}, {"grows_only": True, "replicas": 2, "replicas_after": 2}),
        ("autoscaling/group", SIZES, {**SIZES, "DesiredCapacity": 1}, {"replicas": 2, "replicas_after": 1}),
        (
            "autoscaling/group",
            SIZES,
            {**SIZES, "MinSize": 0, "DesiredCapacity": 0},
            {"replicas": 2, "replicas_after": 0, "scales_to_zero": True},
        ),
        ("autoscaling/group", {"SuspendedProcesses": ["Launch"]}, {"SuspendedProcesses": []}, {"grows_only": True}),
        ("autoscaling/group", {"SuspendedProcesses": []}, {"SuspendedProcesses": ["Launch"]}, {}),
        (
            "ecs/service",
            {"desiredCount": 2},
            {"desiredCount": 0},
            {"replicas": 2, "replicas_after": 0, "scales_to_zero": True},
        ),
        (
            "lambda/function",
            {"ReservedConcurrentExecutions": 5},
            {"ReservedConcurrentExecutions": 0},
            {"scales_to_zero": True},
        ),
        ("lambda/function", {"ReservedConcurrentExecutions": 5}, {}, {"grows_only": True}),
        ("lambda/function", {}, {"ReservedConcurrentExecutions": 5}, {}),
        ("ec2/instance", {"State": "running"}, {"State": "stopped"}, {"scales_to_zero": True}),
        ("ec2/instance", {"State": "stopped"}, {"State": "running"}, {"grows_only": True}),
        ("rds/instance", {"AllocatedStorage": 20}, {"AllocatedStorage": 30}, {"grows_only": True, "adds_only": True}),
        ("rds/instance", {"AllocatedStorage": 30}, {"AllocatedStorage": 20}, {}),
        ("cloudwatch/alarm", {"ActionsEnabled": False}, {"ActionsEnabled": True}, {"grows_only": True}),
        ("cloudwatch/alarm", {"ActionsEnabled": True}, {"ActionsEnabled": False}, {}),
        ("sqs/queue", {"Tags": {"team": "a"}}, {"Tags": {"team": "b"}}, {"labels": {"team": "a"}}),
    ],
)
def test_policy_is_told_what_becomes_of_a_resource(
    kind: str, before: dict[str, Any], after: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Only what lets more run grows; only storage that grows adds; tags are labels, as they were before."""
    item = _becomes(kind, before, after)
    assert object_facts(item.ref, item) == ObjectFacts(writes_secrets=False, **facts)


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        ("autoscaling/group", SIZES, {**SIZES, "DesiredCapacity": 0}, "it sets DesiredCapacity of"),
        ("ecs/service", {"desiredCount": 2}, {"desiredCount": 0}, "it sets desiredCount of"),
        ("lambda/function", {"ReservedConcurrentExecutions": 5}, {"ReservedConcurrentExecutions": 0}, "to 0"),
        ("cloudwatch/alarm", {"ActionsEnabled": True}, {"ActionsEnabled": False}, "so that nobody is told"),
        ("ec2/instance", {"State": "running"}, {"State": "stopped"}, "it stops"),
        (
            "autoscaling/group",
            {"SuspendedProcesses": []},
            {"SuspendedProcesses": ["HealthCheck"]},
            "it suspends HealthCheck",
        ),
        (
            "lambda/function",
            {"EventSources": {"u": True}},
            {"EventSources": {"u": False}},
            "it switches off what feeds",
        ),
        ("elbv2/targetgroup", {"Targets": ["i-1:80", "i-2:80"]}, {"Targets": ["i-1:80"]}, "it takes i-2:80 out of"),
        ("elbv2/targetgroup", {"Targets": ["i-1:80"]}, {"Targets": ["i-1:80", "i-2:80"]}, ""),
        ("autoscaling/group", SIZES, {**SIZES, "MaxSize": 8}, ""),
        ("lambda/function", {"ReservedConcurrentExecutions": 0}, {}, ""),
        ("cloudwatch/alarm", {"ActionsEnabled": False}, {"ActionsEnabled": True}, ""),
    ],
)
def test_what_silences_an_alarm_is_no_remedy(
    kind: str, before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    """Nothing runs, nobody is told, nothing is fed: the alarm may end, and nothing is cured."""
    found = tuple(reasons_against((), _becomes(kind, before, after)))
    assert (len(found), bool(found) and said in found[0]) == ((1, True) if said else (0, False))


def test_a_deletion_is_no_remedy_either() -> None:
    """No tool deletes; if one did, it would be refused here as well."""
    found = tuple(reasons_against((), _becomes("sqs/queue", {"Tags": {}}, {}, Verb.DELETE)))
    assert found == ("it deletes sqs/queue/x",)


@pytest.mark.parametrize(
    ("tool", "kind", "arguments", "said"),
    [
        ("aws_set_group_size", "autoscaling/group", {"max": 8}, "set the maximum of autoscaling/group x to 8"),
        (
            "aws_set_group_size",
            "autoscaling/group",
            {"min": 1, "desired": 2},
            "set the minimum of autoscaling/group x to 1, the desired capacity to 2",
        ),
        ("aws_roll_back_service", "ecs/service", {}, "let ecs/service x run the task definition before"),
        (
            "aws_set_reserved_concurrency",
            "lambda/function",
            {"concurrency": None},
            "remove the reserved concurrency of",
        ),
        (
            "aws_set_alarm_actions",
            "cloudwatch/alarm",
            {"enabled": False},
            "switch the actions of cloudwatch/alarm x off",
        ),
        ("aws_stop_instance", "ec2/instance", {}, "STOP ec2/instance x"),
        ("aws_tag", "sqs/queue", {"tags": {"a": "1"}}, 'set tags of sqs/queue x: tags={"a": "1"}'),
    ],
)
def test_a_change_is_said_in_words(tool: str, kind: str, arguments: dict[str, Any], said: str) -> None:
    """The whole call is said, or its arguments stand behind the verb."""
    assert WORDS.describe(change(tool, kind, "x", **arguments)).startswith(said)


def test_every_tool_has_words_of_its_own() -> None:
    """No tool is said by its name with the underscores taken out."""
    assert [one.spec.name for one in CHANGES if one.spec.name not in {*WORDS.phrases, *WORDS.verbs}] == []


@pytest.mark.parametrize(
    ("tag", "tool", "against"),
    [
        ("do-not-reboot", "aws_reboot_instance", True),
        ("do-not-restart", "aws_reboot_database", True),
        ("do-not-stop", "aws_reboot_instance", False),
        ("do-not-scale", "aws_set_group_size", True),
        ("do-not-scale", "aws_set_service_count", True),
        ("do-not-terminate", "aws_start_instance_refresh", True),
        ("do-not-deploy", "aws_redeploy_service", True),
        ("do-not-rollback", "aws_roll_back_service", True),
        ("do-not-resume", "aws_resume_processes", True),
        ("do-not-grow", "aws_grow_database_storage", True),
        ("do-not-drain", "aws_deregister_target", True),
        ("do-not-delete", "aws_stop_instance", False),
        ("freeze", "aws_tag", True),
        ("keep-stopped", "aws_start_instance", True),
    ],
)
def test_a_tag_of_an_owner_speaks_against_what_it_names(tag: str, tool: str, against: bool) -> None:
    """Tags are the notes of AWS: what they forbid is held back, by the words that people use for it."""
    asked = change(tool, "ec2/instance", "i-1")
    (note,) = notes_of(asked.target, {tag: "true"})
    assert speaks_against(note, asked) is against
