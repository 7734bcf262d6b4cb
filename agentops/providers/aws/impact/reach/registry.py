"""The blast radius of a preview: which rule measures it, by kind. Every kind is named here once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from agentops.core.plan import BlastRadius, Call, ObjectChange, Preview
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.reach.functions import reach_function
from agentops.providers.aws.impact.reach.groups import reach_group
from agentops.providers.aws.impact.reach.instances import reach_instance
from agentops.providers.aws.impact.reach.others import (
    reach_alarm,
    reach_database,
    reach_queue,
    reach_tags,
    reach_targets,
)
from agentops.providers.aws.impact.reach.services import reach_service
from agentops.providers.aws.impact.state.registry import read_state
from agentops.providers.aws.impact.state.state import TAGS, State
from agentops.providers.aws.objects.place import (
    ALARM,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    QUEUE,
    SERVICE,
    TARGET_GROUP,
)

ReachOf: TypeAlias = Callable[[AwsClient, State, Call, ObjectChange], BlastRadius]
REACHES: Mapping[str, ReachOf] = {
    GROUP: reach_group,
    INSTANCE: reach_instance,
    SERVICE: reach_service,
    FUNCTION: reach_function,
    DATABASE: reach_database,
    QUEUE: reach_queue,
    TARGET_GROUP: reach_targets,
    ALARM: reach_alarm,
}


def blast_radius(client: AwsClient, preview: Preview) -> BlastRadius:
    """Return what a preview reaches; every preview of AWS touches one resource by one call.

    Raises:
        ToolError: the resource cannot be read.
    """
    if not preview.objects or not preview.calls:
        return BlastRadius(instances=0, instances_total=0, percent=0)
    (item,), (call,) = preview.objects, preview.calls
    state = read_state(client, item.ref)
    only_tags = all(edit.path.partition(".")[0] == TAGS for edit in item.edits)
    measure = reach_tags if only_tags else REACHES[item.ref.kind]
    return measure(client, state, call, item)
