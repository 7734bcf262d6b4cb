"""What is live around what a preview touches: its resource, how well that is, and what stands in front of it.

Comes in: a client and a preview. Goes out: an ``Observation``. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.outcome import Health, Observation
from agentops.core.plan import ObjectChange, Preview
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.impact.state.registry import read_state
from agentops.providers.aws.impact.state.state import State
from agentops.providers.aws.impact.state.targets import read_targets
from agentops.providers.aws.objects.place import GROUP, SERVICE, after
from agentops.providers.aws.objects.target_groups import target_groups_of_group, target_groups_of_service


def observe(client: AwsClient, preview: Preview, clock: Clock) -> Observation:
    """Return what is live.

    Raises:
        ToolError: it cannot be read; what AWS does not have any more is None.
    """
    seen: dict[str, Mapping[str, Any] | None] = {}
    targets: list[Health] = []
    bystanders: list[Health] = []
    for item in preview.objects:
        try:
            state = read_state(client, item.ref)
        except ToolError as error:
            if error.code != ABSENT:
                raise
            seen[str(item.ref)] = None
            continue
        seen[str(item.ref)] = state.form
        targets.append(_eased(state, item))
        bystanders += _in_front(client, state)
    return Observation(at=clock(), objects=seen, targets=tuple(targets), bystanders=tuple(bystanders))


def _eased(state: State, item: ObjectChange) -> Health:
    """Return how well a resource is, for what becomes of it.

    Where only the limits of a group are raised, what scaling launches by itself then is a sign that it works: instances
    on their way count as come. Where instances themselves are asked for, they must be in service.
    """
    health = state.health
    if state.ref.kind != GROUP or not {edit.path for edit in item.edits} <= {"MinSize", "MaxSize"}:
        return health
    instances = state.data.get("Instances") or ()
    coming = sum(str(one.get("LifecycleState", "")).startswith("Pending") for one in instances)
    if not coming or health.ready + coming < health.wanted:
        return health
    return replace(health, settled=True, detail=f"{health.detail}, {coming} on their way")


def _in_front(client: AwsClient, state: State) -> list[Health]:
    """Return the target groups that a group or a service registers with: they must not lose what was healthy.

    Raises:
        ToolError: one of them cannot be read.
    """
    arns: list[str] = []
    if state.ref.kind == GROUP:
        # Those of VPC Lattice are of another service, which is not asked.
        arns = [one for one in target_groups_of_group(state.data) if ":elasticloadbalancing:" in one]
    if state.ref.kind == SERVICE:
        arns = target_groups_of_service(state.data)
    place = place_of(client)
    return [read_targets(client, place, after(arn, ":targetgroup/")).health for arn in arns]
