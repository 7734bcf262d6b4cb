"""Reads Auto Scaling groups with their activities, and instances with their status and security groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import CLUSTER, GROUP, INSTANCE, SECURITY_GROUP
from agentops.providers.aws.sweep.clusters import CLUSTER_NAME, KUBERNETES, node_of
from agentops.providers.aws.sweep.scout import Found, KindAndId, Link, Scout, picked

GROUP_FIELDS = (
    "AutoScalingGroupName", "AutoScalingGroupARN", "MinSize", "MaxSize", "DesiredCapacity", "AvailabilityZones",
    "TargetGroupARNs", "HealthCheckType", "HealthCheckGracePeriod", "SuspendedProcesses", "LaunchTemplate",
    "LaunchConfigurationName", "MixedInstancesPolicy", "VPCZoneIdentifier", "CreatedTime", "Status",
)  # fmt: skip
INSTANCE_FIELDS = (
    "InstanceId", "InstanceType", "ImageId", "LaunchTime", "State", "StateTransitionReason", "StateReason", "SubnetId",
    "VpcId", "PrivateIpAddress", "SecurityGroups", "Placement", "IamInstanceProfile",
)  # fmt: skip
ACTIVITY_FIELDS = ("Description", "Cause", "StartTime", "EndTime", "StatusCode", "StatusMessage", "Progress")
_ACTIVITIES, _AT_ONCE = 30, 100
INSTANCES, SECURITY_GROUPS = "instances", "security groups"


def read_group(scout: Scout, name: str) -> Found:
    """Return an Auto Scaling group with its latest activities.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = scout.client.ask("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])
    listed = answer.get("AutoScalingGroups") or ()
    if not listed:
        raise ToolError(f"there is no Auto Scaling group {name} in {scout.place.region}", code=ABSENT)
    one, here = listed[0], (GROUP, name)
    instances = [
        picked(each, "InstanceId", "LifecycleState", "HealthStatus", "AvailabilityZone", "ProtectedFromScaleIn")
        for each in one.get("Instances") or ()
    ]
    activities = scout.listed(
        f"activities of {name}",
        "autoscaling", "DescribeScalingActivities", "Activities", _ACTIVITIES, AutoScalingGroupName=name,
    )  # fmt: skip
    data = picked(one, *GROUP_FIELDS) | {
        "Instances": instances,
        "Activities": [picked(each, *ACTIVITY_FIELDS) for each in activities],
        # Zero is a value here, and would be left out as an empty one.
        **{key: int(one.get(key) or 0) for key in ("MinSize", "MaxSize", "DesiredCapacity")},
    }
    found = Found(things={here: data})
    for each in instances:
        lower = (INSTANCE, str(each["InstanceId"]))
        found.links.append(Link(upper=here, lower=lower, relation="runs", own=True))
    found.follow += together(INSTANCES, [name for _, name in (link.lower for link in found.links)])
    return found


def together(what: str, names: Sequence[str]) -> list[KindAndId]:
    """Return what reads many things of one kind in one call; of a great many the first ones, for they are alike."""
    chosen = list(dict.fromkeys(names))[:_AT_ONCE]
    return [(what, " ".join(chosen))] if chosen else []


def read_instance(scout: Scout, name: str) -> Found:
    """Return an instance with its status checks; it leads to its security groups.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = scout.client.ask("ec2", "DescribeInstances", InstanceIds=[name])
    listed = _of_reservations(answer.get("Reservations") or ())
    if not listed:
        raise ToolError(f"there is no instance {name} in {scout.place.region}", code=ABSENT)
    return _instances(scout, listed)


def read_instances(scout: Scout, names: str) -> Found:
    """Return several instances; one that is not there any more is left out.

    Raises:
        ToolError: they cannot be read.
    """
    by = [{"Name": "instance-id", "Values": names.split(" ")}]
    return _instances(
        scout,
        _of_reservations(scout.client.pages("ec2", "DescribeInstances", "Reservations", _AT_ONCE, Filters=by).items),
    )


def _of_reservations(reservations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for each in reservations for one in each.get("Instances") or ()]


def _instances(scout: Scout, listed: Sequence[Mapping[str, Any]]) -> Found:
    found = Found()
    names = [str(one["InstanceId"]) for one in listed]
    status = scout.beside(
        "status of instances", "ec2", "DescribeInstanceStatus", InstanceIds=names, IncludeAllInstances=True
    ) if names else {}  # fmt: skip
    checks = {str(one.get("InstanceId")): one for one in status.get("InstanceStatuses") or ()}
    groups: list[str] = []
    for one in listed:
        here = (INSTANCE, str(one["InstanceId"]))
        own = picked(checks.get(here[1], {}), "SystemStatus", "InstanceStatus", "Events")
        node = node_of(one)
        found.things[here] = picked(one, *INSTANCE_FIELDS) | {"Status": own} | ({KUBERNETES: node} if node else {})
        found.follow += [(CLUSTER, node[CLUSTER_NAME])] if node else []
        for group in one.get("SecurityGroups") or ():
            groups.append(str(group.get("GroupId", "")))
            found.links.append(Link(upper=here, lower=(SECURITY_GROUP, groups[-1]), relation="is let in by"))
    found.follow += together(SECURITY_GROUPS, groups)
    return found


def read_security_group(scout: Scout, name: str) -> Found:
    """Return a security group with what it lets in.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    found = _groups(scout.client.ask("ec2", "DescribeSecurityGroups", GroupIds=[name]).get("SecurityGroups") or ())
    if not found.things:
        raise ToolError(f"there is no security group {name} in {scout.place.region}", code=ABSENT)
    return found


def read_security_groups(scout: Scout, names: str) -> Found:
    """Return several security groups; one that is not there any more is left out.

    Raises:
        ToolError: they cannot be read.
    """
    by = [{"Name": "group-id", "Values": names.split(" ")}]
    return _groups(scout.client.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", _AT_ONCE, Filters=by).items)


def _groups(listed: Sequence[Mapping[str, Any]]) -> Found:
    things = {
        (SECURITY_GROUP, str(one["GroupId"])): picked(one, "GroupId", "GroupName", "VpcId")
        | {"IpPermissions": one.get("IpPermissions") or []}
        for one in listed
    }
    return Found(things=dict(things))
