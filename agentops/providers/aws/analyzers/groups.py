"""Why an Auto Scaling group has too few instances: at its maximum, launches that fail, processes that are suspended.

Messages: docs.aws.amazon.com, "Troubleshoot Amazon EC2 Auto Scaling".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, problem, symptom, vague
from agentops.providers.aws.objects.place import GROUP
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, moment

_NEW = timedelta(minutes=10)
_RECENT = timedelta(hours=3)
_NEEDED = ("Launch", "HealthCheck", "ReplaceUnhealthy", "AddToLoadBalancer")
_MESSAGES = (
    (r"InsufficientInstanceCapacity|do(?:es)? not have sufficient .*capacity", "CapacityUnavailable",
     "Offer more instance types or zones, or use a capacity reservation."),
    (r"InvalidAMIID|image id '?\[?ami-[0-9a-f]+|AMI .*(?:does not exist|not available|deregistered)",
     "LaunchImageMissing",
     "Point the launch template at an image that exists in this region and is shared with this account."),
    (r"Invalid IAM Instance Profile|instance profile .*(?:not exist|invalid)", "InstanceProfileMissing",
     "Create the instance profile again, or correct its name in the launch template."),
    (r"InsufficientFreeAddressesInSubnet|free addresses", "SubnetFull",
     "Add subnets to the group, or free addresses in this one."),
    (r"VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|vCPU capacity|quota", "QuotaReached",
     "Ask for a higher quota (Service Quotas), or stop what is not needed."),
    (r"security group .*(?:not exist|belong)|InvalidGroup", "LaunchSecurityGroupMissing",
     "Correct the security groups of the launch template."),
    (r"key pair .*not exist|InvalidKeyPair", "LaunchKeyPairMissing", "Correct the key pair of the launch template."),
    (r"UnauthorizedOperation|not authorized|AccessDenied|Client\.(?:InternalError|InvalidKMSKey)", "LaunchDenied",
     "Let the group's role use the image, the instance profile (iam:PassRole) and the key of its volumes."),
    (r"launch template .*(?:not exist|deleted|not found)|InvalidLaunchTemplate", "LaunchTemplateMissing",
     "Point the group at a version of a launch template that exists."),
)  # fmt: skip
_EXACT = tuple(dict.fromkeys(condition for _, condition, _ in _MESSAGES))


@aws_analyzer(
    "groups",
    symptom("GroupBelowDesired", "Auto Scaling group", "fewer instances are in service than desired"),
    vague(
        "GroupAtMaximum", "Auto Scaling group", "it wants no fewer instances than its maximum, and may be held there"
    ),
    vague("LaunchFailing", "Auto Scaling group", "its last launches failed for a reason that is not known here"),
    exact("ProcessesSuspended", "Auto Scaling group", "it lacks instances, and what would launch them is suspended"),
    *(exact(name, "Auto Scaling group", "its last launches failed with this reason") for name in _EXACT),
)
def groups(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each Auto Scaling group."""
    for ref, data in snapshot.of(GROUP):
        desired, most = int(data.get("DesiredCapacity") or 0), int(data.get("MaxSize") or 0)
        serving = [
            one
            for one in data.get("Instances") or ()
            if one.get("LifecycleState") == "InService" and one.get("HealthStatus", "Healthy") == "Healthy"
        ]
        lacking = desired - len(serving)
        failed = _failed_launch(data, snapshot)
        if lacking > 0 and not _is_scaling(data, snapshot):
            yield problem(
                ref,
                "GroupBelowDesired",
                f"{len(serving)} of {desired} instances of {ref.name} are in service",
                ("DesiredCapacity", desired),
                ("Instances", _states(data)),
                root=False,
            )
        if lacking > 0:
            yield from _suspended(ref, data)
        if failed is not None:
            yield _launch(ref, failed)
        # A group of a fixed size is always at its maximum.
        elif desired >= most > int(data.get("MinSize") or 0) and _was_held(snapshot, ref, data):
            yield problem(
                ref,
                "GroupAtMaximum",
                f"{ref.name} is at its maximum of {most} instances and cannot grow any further",
                ("DesiredCapacity", desired),
                ("MaxSize", most),
                advice="Find out why the load is higher than usual before the maximum is raised.",
            )


def _was_held(snapshot: AwsSnapshot, ref: ResourceRef, data: Data) -> bool:
    """Return whether anything tells that it wants more: an alarm that fires, or a policy that could not act."""
    if any("could not be increased" in str(one.get("StatusMessage", "")) for one in data.get("Activities") or ()):
        return True
    return any(snapshot.things.get(one, {}).get("StateValue") == "ALARM" for one in snapshot.above(ref))


def _is_scaling(data: Data, snapshot: AwsSnapshot) -> bool:
    """Return whether instances are on their way that are not late yet."""
    on_the_way = [
        one for one in data.get("Instances") or () if str(one.get("LifecycleState", "")).startswith("Pending")
    ]
    begun = [
        moment(one.get("StartTime")) for one in data.get("Activities") or () if one.get("StatusCode") == "InProgress"
    ]
    young = any(at is not None and snapshot.at - at < _NEW for at in begun)
    return bool(on_the_way) and young


def _suspended(ref: ResourceRef, data: Data) -> Iterator[Problem]:
    named = {
        str(one.get("ProcessName")): str(one.get("SuspensionReason", ""))
        for one in data.get("SuspendedProcesses") or ()
    }
    held = [name for name in _NEEDED if name in named]
    if "Launch" in held or "ReplaceUnhealthy" in held:
        yield problem(
            ref,
            "ProcessesSuspended",
            f"{', '.join(held)} of {ref.name} {'is' if len(held) == 1 else 'are'} suspended, so missing instances are "
            "not replaced",
            ("SuspendedProcesses", "; ".join(f"{name}: {named[name]}" for name in held)),
            advice="Ask who suspended it and why, then resume it.",
        )


def _failed_launch(data: Data, snapshot: AwsSnapshot) -> Mapping[str, Any] | None:
    """Return the latest launch where it failed and none succeeded since."""
    launches = [one for one in data.get("Activities") or () if "aunching" in str(one.get("Description", ""))]
    done = [one for one in launches if one.get("StatusCode") in ("Failed", "Cancelled", "Successful")]
    dated = [(at, one) for one in done if (at := moment(one.get("StartTime"))) is not None]
    if not dated:
        return None
    at, last = max(dated, key=lambda pair: pair[0])
    return last if last.get("StatusCode") == "Failed" and snapshot.at - at < _RECENT else None


def _launch(ref: ResourceRef, activity: Mapping[str, Any]) -> Problem:
    said = one_line(str(activity.get("StatusMessage", "")), 300)
    unknown = ("LaunchFailing", "Read the message; the launch template and its role are the first suspects.")
    known = ((name, advice) for pattern, name, advice in _MESSAGES if re.search(pattern, said, re.IGNORECASE))
    condition, advice = next(known, unknown)
    return problem(
        ref,
        condition,
        f"{ref.name} cannot launch instances: {said}",
        ("Activities[0].StatusCode", "Failed"),
        ("Activities[0].StatusMessage", said),
        severity=Severity.CRITICAL,
        advice=advice,
    )


def _states(data: Data) -> str:
    return ", ".join(
        f"{one.get('InstanceId')} {one.get('LifecycleState')} {one.get('HealthStatus', '')}".strip()
        for one in (data.get("Instances") or ())[:10]
    ) or "none"  # fmt: skip
