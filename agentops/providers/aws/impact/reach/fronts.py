"""What stands in front of instances and tasks: target groups, load balancers; and how much of it a change takes out.

Comes in: a client, target groups or an instance. Goes out: references and figures. What cannot be read is named, and
never counted as nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.resource import ResourceRef
from agentops.core.risk import Risk
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.impact.state.targets import state_of
from agentops.providers.aws.objects.place import LOAD_BALANCER, TARGET_GROUP, after

_GROUPS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One target group: its healthy targets, and those among them that are asked about."""

    ref: ResourceRef
    balancers: tuple[ResourceRef, ...]
    healthy: int
    mine: int

    @property
    def percent(self) -> int:
        """The share of its healthy targets that are asked about, rounded up."""
        return share(self.mine, self.healthy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fronts:
    """All that stands in front; ``unknown``: what could not be read."""

    fronts: tuple[Front, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def refs(self) -> tuple[ResourceRef, ...]:
        """The target groups, and the load balancers above them."""
        return tuple(dict.fromkeys((*(f.ref for f in self.fronts), *(b for f in self.fronts for b in f.balancers))))

    @property
    def worst(self) -> int:
        """The largest share that goes out of any of them."""
        return max((one.percent for one in self.fronts), default=0)

    @property
    def lines(self) -> tuple[str, ...]:
        """What goes out of each, in words."""
        return tuple(f"{f.ref.name}: {f.mine} of {f.healthy} healthy targets" for f in self.fronts)


def share(part: int, whole: int) -> int:
    """Return a share in percent, rounded up; nothing of nothing is nothing."""
    return min(100, math.ceil(100 * part / whole)) if whole > 0 else 0


def risk_of_share(percent: int) -> Risk:
    """Return how grave it is that this share goes out: more than half is of high risk."""
    return Risk.HIGH if percent > 50 else Risk.LOW


def fronts_of(client: AwsClient, arns: Iterable[str], instances: Iterable[str] = ()) -> Fronts:
    """Return the target groups of these ARNs, with how many healthy targets of each are among ``instances``."""
    found: list[Front] = []
    unknown: list[str] = []
    for arn in arns:
        name = after(arn, ":targetgroup/")
        try:
            groups = client.ask("elbv2", "DescribeTargetGroups", TargetGroupArns=[arn]).get("TargetGroups") or ()
            found += [_front(client, one, frozenset(instances))[0] for one in groups]
        except ToolError as error:
            unknown.append(f"target group {name}: {error.message}")
    return Fronts(fronts=tuple(found), unknown=tuple(unknown))


def fronts_with(client: AwsClient, instance: Mapping[str, Any]) -> Fronts:
    """Return the target groups of an instance's network that send to it."""
    try:
        listed = client.pages("elbv2", "DescribeTargetGroups", "TargetGroups", _GROUPS)
    except ToolError as error:
        return Fronts(unknown=(f"target groups: {error.message}",))
    unknown = [f"target groups: only the first {_GROUPS} were read"] if listed.more else []
    mine, addresses = str(instance.get("InstanceId", "")), {str(instance.get("PrivateIpAddress", ""))}
    found: list[Front] = []
    for group in listed.items:
        if group.get("VpcId") not in (None, "", instance.get("VpcId")):
            continue
        try:
            front, members = _front(client, group, frozenset({mine, *addresses} - {""}))
        except ToolError as error:
            unknown.append(f"target group {group.get('TargetGroupName')}: {error.message}")
            continue
        if members:
            found.append(front)
    return Fronts(fronts=tuple(found), unknown=tuple(unknown))


def zones(instances: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return how instances are spread over zones, a line for each."""
    counted = Counter(str(one.get("AvailabilityZone", "?")) for one in instances)
    return tuple(f"{zone}: {count}" for zone, count in sorted(counted.items()))


def _front(client: AwsClient, group: Mapping[str, Any], instances: frozenset[str]) -> tuple[Front, int]:
    """Return a target group, and how many of its targets, healthy or not, are among ``instances``."""
    arn, place = str(group["TargetGroupArn"]), place_of(client)
    told = client.ask("elbv2", "DescribeTargetHealth", TargetGroupArn=arn).get("TargetHealthDescriptions") or ()
    members = [one for one in told if str((one.get("Target") or {}).get("Id", "")) in instances]
    front = Front(
        ref=place.ref(TARGET_GROUP, after(arn, ":targetgroup/")),
        balancers=tuple(
            place.ref(LOAD_BALANCER, after(str(one), ":loadbalancer/")) for one in group.get("LoadBalancerArns") or ()
        ),
        healthy=sum(state_of(one) == "healthy" for one in told),
        mine=sum(state_of(one) == "healthy" for one in members),
    )
    return front, len(members)
