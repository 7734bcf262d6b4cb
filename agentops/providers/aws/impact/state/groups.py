"""An Auto Scaling group as changes see it: its size, what is suspended, and the refresh that is going on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, number, tags_of
from agentops.providers.aws.objects.place import GROUP, AwsPlace

REFRESH, SUSPENDED, LAUNCHED_BY = "InstanceRefresh", "SuspendedProcesses", "LaunchedBy"
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
ACTIVE_REFRESH = ("Pending", "InProgress", "Baking")
_POLICIES = 50


def read_group(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a group.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    listed = client.ask("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])
    found = listed.get("AutoScalingGroups") or ()
    if not found:
        raise absent(f"Auto Scaling group {name}", place)
    group: Mapping[str, Any] = found[0]
    refresh, unread = _refresh(client, name)
    serving, desired = serving_of(group), number(group, "DesiredCapacity")
    form: dict[str, Any] = {
        **{field: number(group, field) for field in SIZES},
        SUSPENDED: sorted(str(one.get("ProcessName", "")) for one in group.get(SUSPENDED) or ()),
        LAUNCHED_BY: _launched_by(group),
        **({} if unread else {REFRESH: refresh}),
        TAGS: tags_of(group.get(TAGS) or ()),
    }
    ref = place.ref(GROUP, name)
    return State(
        ref=ref,
        arn=str(group.get("AutoScalingGroupARN", "")),
        uid=str(group.get("AutoScalingGroupARN", "")),
        form=form,
        health=Health(
            ref=ref,
            ready=len(serving),
            wanted=desired,
            settled=len(serving) == desired,
            detail=f"{len(serving)} of {desired} instances of {name} are in service",
        ),
        data=group,
        unread=unread,
    )


def serving_of(group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the instances of a group that are in service and healthy."""
    return [
        one
        for one in group.get("Instances") or ()
        if one.get("LifecycleState") == "InService" and one.get("HealthStatus", "Healthy") == "Healthy"
    ]


def scaling_policies(client: AwsClient, name: str) -> tuple[str, ...]:
    """Return the names of the policies that set the desired capacity by themselves.

    Raises:
        ToolError: they cannot be read.
    """
    found = client.pages("autoscaling", "DescribePolicies", "ScalingPolicies", _POLICIES, AutoScalingGroupName=name)
    return tuple(str(one.get("PolicyName", "")) for one in found.items if one.get("Enabled", True))


def _launched_by(group: Mapping[str, Any]) -> str:
    """Return what new instances are made of: ``TEMPLATE:VERSION``, or the name of a launch configuration.

    Which version ``$Latest`` is today, the group does not say.
    """
    mixed = ((group.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}).get("LaunchTemplateSpecification")
    template: Mapping[str, Any] = group.get("LaunchTemplate") or mixed or {}
    named = template.get("LaunchTemplateId") or template.get("LaunchTemplateName")
    if named:
        return f"{named}:{template.get('Version', '$Default')}"
    return str(group.get("LaunchConfigurationName") or "")


def _refresh(client: AwsClient, name: str) -> tuple[str, dict[str, str]]:
    """Return the id of the instance refresh that is going on; empty for none."""
    try:
        answer = client.ask("autoscaling", "DescribeInstanceRefreshes", AutoScalingGroupName=name, MaxRecords=10)
    except ToolError as error:
        return "", {REFRESH: error.message}
    active = [one for one in answer.get("InstanceRefreshes") or () if one.get("Status") in ACTIVE_REFRESH]
    return (str(active[0].get("InstanceRefreshId", "")) if active else ""), {}
