"""Reads Auto Scaling groups with their activities, and instances with their status and security groups."""

from __future__ import annotations

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import GROUP, INSTANCE, SECURITY_GROUP
from agentops.providers.aws.sweep.scout import Found, Link, Scout, picked

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
_ACTIVITIES, _FOLLOWED = 30, 30


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
    found.follow += [link.lower for link in found.links[:_FOLLOWED]]
    return found


def read_instance(scout: Scout, name: str) -> Found:
    """Return an instance with its status checks; it leads to its security groups.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = scout.client.ask("ec2", "DescribeInstances", InstanceIds=[name])
    listed = [one for each in answer.get("Reservations") or () for one in each.get("Instances") or ()]
    if not listed:
        raise ToolError(f"there is no instance {name} in {scout.place.region}", code=ABSENT)
    one, here = listed[0], (INSTANCE, name)
    status = scout.beside(
        f"status of {name}", "ec2", "DescribeInstanceStatus", InstanceIds=[name], IncludeAllInstances=True
    )
    checks = [picked(each, "SystemStatus", "InstanceStatus", "Events") for each in status.get("InstanceStatuses") or ()]
    found = Found(things={here: picked(one, *INSTANCE_FIELDS) | {"Status": checks[0] if checks else {}}})
    for group in one.get("SecurityGroups") or ():
        lower = (SECURITY_GROUP, str(group.get("GroupId", "")))
        found.links.append(Link(upper=here, lower=lower, relation="is let in by"))
        found.follow.append(lower)
    return found


def read_security_group(scout: Scout, name: str) -> Found:
    """Return a security group with what it lets in.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = scout.client.ask("ec2", "DescribeSecurityGroups", GroupIds=[name])
    listed = answer.get("SecurityGroups") or ()
    if not listed:
        raise ToolError(f"there is no security group {name} in {scout.place.region}", code=ABSENT)
    kept = picked(listed[0], "GroupId", "GroupName", "VpcId") | {"IpPermissions": listed[0].get("IpPermissions") or []}
    return Found(things={(SECURITY_GROUP, name): kept})
