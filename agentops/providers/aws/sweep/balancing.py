"""Reads load balancers and target groups: listeners, targets and why they are unhealthy, what stands behind them."""

from __future__ import annotations

from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import (
    CERTIFICATE,
    GROUP,
    INSTANCE,
    LOAD_BALANCER,
    SERVICE,
    TARGET_GROUP,
    after,
    service_id,
)
from agentops.providers.aws.objects.target_groups import target_groups_of_group, target_groups_of_service
from agentops.providers.aws.sweep.clusters import KUBERNETES, made_for
from agentops.providers.aws.sweep.compute import INSTANCES, together
from agentops.providers.aws.sweep.scout import Found, Link, Scout, picked

GROUP_FIELDS = (
    "TargetGroupArn", "TargetGroupName", "Protocol", "Port", "TargetType", "VpcId", "HealthCheckEnabled",
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher", "LoadBalancerArns",
)  # fmt: skip
BALANCER_FIELDS = (
    "LoadBalancerArn", "LoadBalancerName", "DNSName", "Scheme", "Type", "State", "VpcId", "SecurityGroups",
    "AvailabilityZones", "CreatedTime",
)  # fmt: skip
_GROUPS, _BALANCERS, _LISTENERS, _SERVICES = 100, 20, 50, 200
_AT_ONCE = 10


def read_target_group(scout: Scout, name: str) -> Found:
    """Return a target group (``NAME/HASH``, or ``NAME``) with the health of its targets.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    by = {"TargetGroupArns": [scout.place.arn("elasticloadbalancing", f"targetgroup/{name}")]}
    answer = scout.client.ask("elbv2", "DescribeTargetGroups", **(by if "/" in name else {"Names": [name]}))
    listed = answer.get("TargetGroups") or ()
    if not listed:
        raise ToolError(f"there is no target group {name} in {scout.place.region}", code=ABSENT)
    one, here, arn = listed[0], (TARGET_GROUP, name), str(listed[0]["TargetGroupArn"])
    health = scout.client.ask("elbv2", "DescribeTargetHealth", TargetGroupArn=arn).get("TargetHealthDescriptions") or ()
    own, follow = made_for(scout, name, arn)
    data = picked(one, *GROUP_FIELDS) | {"Health": [dict(each) for each in health]}
    found = Found(things={here: data | ({KUBERNETES: own} if own else {})}, follow=follow)
    if one.get("TargetType", "instance") == "instance":
        for target in dict.fromkeys(str(each["Target"]["Id"]) for each in health):
            found.links.append(Link(upper=here, lower=(INSTANCE, target), relation="sends to"))
        found.follow += together(INSTANCES, [name for _, name in (link.lower for link in found.links)])
    for balancer in one.get("LoadBalancerArns") or ():
        above = (LOAD_BALANCER, after(balancer, ":loadbalancer/"))
        found.links.append(Link(upper=above, lower=here, relation="sends to", own=True))
        found.follow.append(above)
    found.follow += [
        ("behind target group (groups)", f"{arn} {name}"),
        ("behind target group (services)", f"{arn} {name}"),
    ]
    return found


def read_load_balancer(scout: Scout, name: str) -> Found:
    """Return a load balancer (``app/NAME/HASH``, or ``NAME``) with its listeners.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    by = {"LoadBalancerArns": [scout.place.arn("elasticloadbalancing", f"loadbalancer/{name}")]}
    answer = scout.client.ask("elbv2", "DescribeLoadBalancers", **(by if "/" in name else {"Names": [name]}))
    listed = answer.get("LoadBalancers") or ()
    if not listed:
        raise ToolError(f"there is no load balancer {name} in {scout.place.region}", code=ABSENT)
    one, here, arn = listed[0], (LOAD_BALANCER, name), str(listed[0]["LoadBalancerArn"])
    listeners = scout.listed(
        f"listeners of {name}", "elbv2", "DescribeListeners", "Listeners", _LISTENERS, LoadBalancerArn=arn
    )
    kept = [picked(each, "ListenerArn", "Port", "Protocol", "DefaultActions", "Certificates") for each in listeners]
    found = Found(things={here: picked(one, *BALANCER_FIELDS) | {"Listeners": kept}})
    groups = scout.listed(
        f"target groups of {name}", "elbv2", "DescribeTargetGroups", "TargetGroups", _LISTENERS, LoadBalancerArn=arn
    )
    for each in groups:
        lower = (TARGET_GROUP, after(str(each["TargetGroupArn"]), ":targetgroup/"))
        found.links.append(Link(upper=here, lower=lower, relation="sends to", own=True))
        found.follow.append(lower)
    for certificate in _certificates(kept):
        lower = (CERTIFICATE, after(certificate, ":certificate/"))
        found.links.append(Link(upper=here, lower=lower, relation="is certified by"))
        found.follow.append(lower)
    return found


def _certificates(listeners: list[dict[str, Any]]) -> list[str]:
    arns = [str(one.get("CertificateArn", "")) for each in listeners for one in each.get("Certificates", ())]
    return [arn for arn in dict.fromkeys(arns) if ":certificate/" in arn and ":acm:" in arn]


def read_groups_behind(scout: Scout, asked: str) -> Found:
    """Return the Auto Scaling groups that register their instances with a target group."""
    arn, _, name = asked.partition(" ")
    listed = scout.listed(
        "Auto Scaling groups", "autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups", _GROUPS * 5
    )
    return _behind(
        name, [(GROUP, str(one["AutoScalingGroupName"])) for one in listed if arn in target_groups_of_group(one)]
    )


def read_services_behind(scout: Scout, asked: str) -> Found:
    """Return the ECS services that register their tasks with a target group."""
    arn, _, name = asked.partition(" ")
    behind = []
    clusters = scout.listed("ECS clusters", "ecs", "ListClusters", "clusterArns", _BALANCERS)
    for cluster in clusters:
        arns = scout.listed(f"services of {cluster}", "ecs", "ListServices", "serviceArns", _SERVICES, cluster=cluster)
        for start in range(0, len(arns), _AT_ONCE):
            answer = scout.beside(
                f"services of {cluster}",
                "ecs", "DescribeServices", cluster=cluster, services=list(arns[start : start + _AT_ONCE]),
            )  # fmt: skip
            behind += [
                (SERVICE, service_id(str(one["serviceArn"])))
                for one in answer.get("services") or ()
                if arn in target_groups_of_service(one)
            ]
    return _behind(name, behind)


def _behind(name: str, behind: list[tuple[str, str]]) -> Found:
    here = (TARGET_GROUP, name)
    return Found(
        links=[Link(upper=here, lower=one, relation="is served by", own=True) for one in behind], follow=behind
    )
