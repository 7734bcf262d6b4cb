"""What stopping, starting or rebooting an instance reaches: what stands in front, and the disks of its host."""

from __future__ import annotations

from agentops.core.plan import BlastRadius, Call, ObjectChange
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.reach.fronts import fronts_with, risk_of_share
from agentops.providers.aws.impact.reach.groups import NO_PRICES
from agentops.providers.aws.impact.state.instances import GROUP_TAG, has_instance_store, is_impaired
from agentops.providers.aws.impact.state.state import TAGS, State

_STOP = "/StopInstances"


def reach_instance(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what one call does to an instance, and to what it serves.

    Raises:
        ToolError: never; what cannot be read is named in ``unknown``.
    """
    instance = state.data
    fronts = fronts_with(client, instance)
    serves = state.health.ready > 0
    total = max((front.healthy for front in fronts.fronts), default=int(serves))
    starts = call.path.endswith("/StartInstances")
    # One that stands behind nothing is all of what it is.
    percent = 0 if starts or not serves else fronts.worst if fronts.fronts else 100
    unknown = list(fronts.unknown)
    loses = has_instance_store(client, instance) if call.path.endswith(_STOP) else False
    if loses is None:
        unknown.append(f"whether {instance.get('InstanceType')} has disks that a stop would empty")
    group = state.form[TAGS].get(GROUP_TAG, "")
    zone = str((instance.get("Placement") or {}).get("AvailabilityZone", "?"))
    why = "it fails its status checks, so it serves nothing" if is_impaired(instance) else "it is the one that is named"
    return BlastRadius(
        objects=1,
        instances=1,
        instances_total=max(total, 1),
        percent=percent,
        fronts=fronts.refs,
        detail={
            "zone": (zone,),
            **({"Auto Scaling group": (group,)} if group else {}),
            **({"target group": fronts.lines} if fronts.lines else {}),
            "cost per hour": (NO_PRICES if not call.path.endswith("/RebootInstances") else "unchanged",),
        },
        stateful=loses is not False,
        data_loss=loses is not False,
        risk=risk_of_share(percent),
        unknown=tuple(unknown),
        reasons=(why,),
    )
