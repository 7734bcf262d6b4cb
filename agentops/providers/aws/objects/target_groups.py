"""Which target groups an Auto Scaling group or an ECS service registers with.

Comes in: what AWS answers of one of them. Goes out: ARNs, each once. Pure.
Source: Amazon EC2 Auto Scaling API, ``AutoScalingGroup`` (``TargetGroupARNs``, ``TrafficSources``); Amazon ECS API,
``LoadBalancer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def target_groups_of_group(group: Mapping[str, Any]) -> list[str]:
    """Return the target groups of an Auto Scaling group; those of VPC Lattice are traffic sources as well."""
    sources = (str(one.get("Identifier", "")) for one in group.get("TrafficSources") or ())
    return list(dict.fromkeys([*(group.get("TargetGroupARNs") or ()), *(s for s in sources if ":targetgroup/" in s)]))


def target_groups_of_service(service: Mapping[str, Any]) -> list[str]:
    """Return the target groups of an ECS service; a classic load balancer has none."""
    arns = (str(one.get("targetGroupArn") or "") for one in service.get("loadBalancers") or ())
    return list(dict.fromkeys(filter(None, arns)))
