"""The registry of a sweep's readers: every kind that can be read is named here once, with what its reader sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from agentops.providers.aws.api.errors import reading_answers
from agentops.providers.aws.objects.place import (
    ALARM,
    CERTIFICATE,
    CLUSTER,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    LOAD_BALANCER,
    NODEGROUP,
    QUEUE,
    SECURITY_GROUP,
    SERVICE,
    TARGET_GROUP,
)
from agentops.providers.aws.sweep.alarms import read_alarm, read_firing
from agentops.providers.aws.sweep.balancing import (
    read_groups_behind,
    read_load_balancer,
    read_services_behind,
    read_target_group,
)
from agentops.providers.aws.sweep.clusters import read_cluster, read_nodegroup
from agentops.providers.aws.sweep.compute import (
    INSTANCES,
    SECURITY_GROUPS,
    read_group,
    read_instance,
    read_instances,
    read_security_group,
    read_security_groups,
)
from agentops.providers.aws.sweep.containers import read_service
from agentops.providers.aws.sweep.databases import read_database
from agentops.providers.aws.sweep.functions import read_function
from agentops.providers.aws.sweep.others import read_certificate, read_trail
from agentops.providers.aws.sweep.queues import read_queue
from agentops.providers.aws.sweep.scout import Found, Scout

FIRING, TRAIL = ("alarms that fire", ""), ("CloudTrail", "")
READERS: Mapping[str, Callable[[Scout, str], Found]] = {
    ALARM: read_alarm,
    TARGET_GROUP: read_target_group,
    LOAD_BALANCER: read_load_balancer,
    GROUP: read_group,
    INSTANCE: read_instance,
    SECURITY_GROUP: read_security_group,
    INSTANCES: read_instances,
    SECURITY_GROUPS: read_security_groups,
    SERVICE: read_service,
    DATABASE: read_database,
    FUNCTION: read_function,
    QUEUE: read_queue,
    CERTIFICATE: read_certificate,
    NODEGROUP: read_nodegroup,
    CLUSTER: read_cluster,
    FIRING[0]: read_firing,
    TRAIL[0]: read_trail,
    "behind target group (groups)": read_groups_behind,
    "behind target group (services)": read_services_behind,
}

Sent: TypeAlias = tuple[str, str]
"""A service and an operation."""
_METRICS: Sent = ("cloudwatch", "GetMetricData")
SENDS: Mapping[str, tuple[Sent, ...]] = {
    ALARM: (("cloudwatch", "DescribeAlarms"),),
    TARGET_GROUP: (("elbv2", "DescribeTargetGroups"), ("elbv2", "DescribeTargetHealth"), ("elbv2", "DescribeTags")),
    LOAD_BALANCER: (
        ("elbv2", "DescribeLoadBalancers"),
        ("elbv2", "DescribeListeners"),
        ("elbv2", "DescribeTargetGroups"),
    ),
    GROUP: (("autoscaling", "DescribeAutoScalingGroups"), ("autoscaling", "DescribeScalingActivities")),
    INSTANCE: (("ec2", "DescribeInstances"), ("ec2", "DescribeInstanceStatus")),
    INSTANCES: (("ec2", "DescribeInstances"), ("ec2", "DescribeInstanceStatus")),
    SECURITY_GROUP: (("ec2", "DescribeSecurityGroups"),),
    SECURITY_GROUPS: (("ec2", "DescribeSecurityGroups"),),
    SERVICE: (
        ("ecs", "DescribeServices"),
        ("ecs", "ListTasks"),
        ("ecs", "DescribeTasks"),
        ("ecs", "DescribeTaskDefinition"),
    ),
    DATABASE: (("rds", "DescribeDBInstances"), ("rds", "DescribeEvents"), _METRICS),
    FUNCTION: (
        ("lambda", "GetFunctionConfiguration"),
        ("lambda", "GetFunctionConcurrency"),
        ("lambda", "ListEventSourceMappings"),
        _METRICS,
        ("logs", "FilterLogEvents"),
    ),
    QUEUE: (
        ("sqs", "GetQueueUrl"),
        ("sqs", "GetQueueAttributes"),
        ("sqs", "ListDeadLetterSourceQueues"),
        ("lambda", "ListEventSourceMappings"),
        _METRICS,
    ),
    CERTIFICATE: (("acm", "DescribeCertificate"),),
    NODEGROUP: (("eks", "DescribeNodegroup"),),
    CLUSTER: (("eks", "DescribeCluster"), ("eks", "ListNodegroups")),
    FIRING[0]: (("cloudwatch", "DescribeAlarms"),),
    TRAIL[0]: (("cloudtrail", "LookupEvents"),),
    "behind target group (groups)": (("autoscaling", "DescribeAutoScalingGroups"),),
    "behind target group (services)": (("ecs", "ListClusters"), ("ecs", "ListServices"), ("ecs", "DescribeServices")),
}
"""What each reader sends; ``access`` grants it, and a test holds both against what goes over the wire."""


def read_thing(scout: Scout, kind: str, name: str) -> Found:
    """Return what the reader of a kind finds.

    Raises:
        ToolError: there is no such thing, it cannot be read, or AWS answers otherwise than it documents.
    """
    with reading_answers(f"{kind} {name}".strip()):
        return READERS[kind](scout, name)


def sent_by(*kinds: str) -> tuple[Sent, ...]:
    """Return what the readers of some kinds send, each once; of all kinds where none is named."""
    return tuple(dict.fromkeys(one for kind in kinds or SENDS for one in SENDS[kind]))
