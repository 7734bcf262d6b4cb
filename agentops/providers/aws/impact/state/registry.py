"""The registry of states: every kind that can be changed is named here once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentops.core.errors import ToolInputError
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.impact.state.alarms import read_alarm
from agentops.providers.aws.impact.state.databases import read_database
from agentops.providers.aws.impact.state.functions import read_function
from agentops.providers.aws.impact.state.groups import read_group
from agentops.providers.aws.impact.state.instances import read_instance
from agentops.providers.aws.impact.state.queues import read_queue
from agentops.providers.aws.impact.state.services import read_service
from agentops.providers.aws.impact.state.state import TAGS, State, StateReader, hide_secrets
from agentops.providers.aws.impact.state.targets import read_targets
from agentops.providers.aws.objects.place import (
    ALARM,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    QUEUE,
    SERVICE,
    TARGET_GROUP,
    place_of_arn,
)

STATES: Mapping[str, StateReader] = {
    GROUP: read_group,
    INSTANCE: read_instance,
    SERVICE: read_service,
    FUNCTION: read_function,
    DATABASE: read_database,
    QUEUE: read_queue,
    TARGET_GROUP: read_targets,
    ALARM: read_alarm,
}
CHANGEABLE = tuple(STATES)
_FRONTS = (("elbv2", "DescribeTargetGroups"), ("elbv2", "DescribeTargetHealth"), ("elbv2", "DescribeTags"))
READ_FOR: Mapping[str, tuple[tuple[str, str], ...]] = {
    GROUP: (
        ("autoscaling", "DescribeAutoScalingGroups"),
        ("autoscaling", "DescribeInstanceRefreshes"),
        ("autoscaling", "DescribePolicies"),
        *_FRONTS,
    ),
    INSTANCE: (
        ("ec2", "DescribeInstances"), ("ec2", "DescribeInstanceStatus"), ("ec2", "DescribeInstanceTypes"), *_FRONTS,
    ),
    SERVICE: (
        ("ecs", "DescribeServices"), ("ecs", "DescribeTaskDefinition"), ("ecs", "ListTaskDefinitions"), *_FRONTS,
    ),
    FUNCTION: (
        ("lambda", "GetFunctionConfiguration"), ("lambda", "GetFunctionConcurrency"), ("lambda", "GetAccountSettings"),
        ("lambda", "ListAliases"), ("lambda", "ListEventSourceMappings"), ("lambda", "ListTags"),
        ("lambda", "ListVersionsByFunction"),
    ),
    DATABASE: (("rds", "DescribeDBInstances"),),
    QUEUE: (
        ("sqs", "GetQueueUrl"), ("sqs", "GetQueueAttributes"), ("sqs", "ListQueueTags"),
        ("sqs", "ListDeadLetterSourceQueues"), ("sqs", "ListMessageMoveTasks"),
    ),
    TARGET_GROUP: _FRONTS,
    ALARM: (("cloudwatch", "DescribeAlarms"), ("cloudwatch", "ListTagsForResource")),
}  # fmt: skip
"""What a change of each kind has to read: its state, its rules, its blast radius."""
ASKED = (("iam", "SimulatePrincipalPolicy"), ("iam", "GetRole"))
"""What asks for permissions before a person is asked."""


def read_state(client: AwsClient, ref: ResourceRef) -> State:
    """Return a resource as changes see it.

    Raises:
        ToolInputError: it is of a kind that is not changed, or of another account or region.
        ToolError: it is not there, or cannot be read.
    """
    place = place_of(client)
    reader = STATES.get(ref.kind)
    if reader is None:
        raise ToolInputError(
            f"nothing is changed in {one_line(ref.short, 120)}", hint=f"Changed can be {', '.join(STATES)}."
        )
    if ref.parts[:2] != (place.account, place.region):
        raise ToolInputError(
            f"{one_line(ref.short, 120)} is in account {ref.parts[0]}, region {ref.parts[1]}; this run is pinned to "
            f"{place.account}, {place.region}"
        )
    state = reader(client, place, ref.name)
    found = place_of_arn(state.arn)
    if any(found) and found != (place.account, place.region):
        # Lambda takes an ARN for a name, of another account as well where that one lets it.
        raise ToolInputError(
            f"{one_line(ref.short, 120)} is in account {found[0]}, region {found[1]}; this run is pinned to "
            f"{place.account}, {place.region}"
        )
    # A plan is kept on disk with the form of each resource that it touches.
    return replace(state, form={**state.form, TAGS: hide_secrets(state.form.get(TAGS) or {})})
