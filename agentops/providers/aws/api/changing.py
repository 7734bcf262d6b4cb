"""The operations that changes need beyond what is looked at: reads before them, trials, and what is applied.

Comes in: a service and an operation, as botocore names them. Goes out: whether it is on a list. The lists name
operations and no patterns. What deletes, ends or hands out for good (instances, databases, buckets, keys, identities,
snapshots) is on none of them.

Source: docs.aws.amazon.com, "Service Authorization Reference", access level List or Read of each action of
``READ_BEFORE``; Amazon EC2 API Reference, the operations of ``TRIED`` that take ``DryRun``.
"""

from __future__ import annotations

from collections.abc import Mapping

READ_BEFORE: Mapping[str, frozenset[str]] = {
    "autoscaling": frozenset({"DescribeInstanceRefreshes", "DescribePolicies"}),
    "cloudwatch": frozenset({"ListTagsForResource"}),
    "ec2": frozenset({"DescribeInstanceTypes"}),
    "ecs": frozenset({"ListTaskDefinitions"}),
    "lambda": frozenset({"ListTags", "ListVersionsByFunction"}),
    "sqs": frozenset({"ListMessageMoveTasks", "ListQueueTags"}),
}
"""What a change reads besides: its rules, the tags that policy is told, the permissions of whoever asks."""

TRIED: Mapping[str, frozenset[str]] = {
    "ec2": frozenset({"CreateTags", "DeleteTags", "RebootInstances", "StartInstances", "StopInstances"}),
}
"""What a trial may send, and only with ``DryRun``: EC2 alone has one."""

WRITES: Mapping[str, frozenset[str]] = {
    "ec2": TRIED["ec2"],
    "autoscaling": frozenset(
        {
            "CancelInstanceRefresh",
            "CreateOrUpdateTags",
            "DeleteTags",
            "ResumeProcesses",
            "StartInstanceRefresh",
            "SuspendProcesses",
            "UpdateAutoScalingGroup",
        }
    ),
    "ecs": frozenset({"TagResource", "UntagResource", "UpdateService"}),
    "lambda": frozenset(
        {
            "DeleteFunctionConcurrency",
            "PutFunctionConcurrency",
            "TagResource",
            "UntagResource",
            "UpdateAlias",
            "UpdateEventSourceMapping",
        }
    ),
    "rds": frozenset({"AddTagsToResource", "ModifyDBInstance", "RebootDBInstance", "RemoveTagsFromResource"}),
    "sqs": frozenset({"CancelMessageMoveTask", "StartMessageMoveTask", "TagQueue", "UntagQueue"}),
    "elbv2": frozenset({"AddTags", "DeregisterTargets", "RegisterTargets", "RemoveTags"}),
    "cloudwatch": frozenset({"DisableAlarmActions", "EnableAlarmActions", "TagResource", "UntagResource"}),
}
"""What appliers may send, and nobody else. A tool's applier may send only what that tool declares of it."""


def is_read_before(service: str, operation: str) -> bool:
    """Return whether a change may read by an operation."""
    return operation in READ_BEFORE.get(service, ())


def is_tried(service: str, operation: str) -> bool:
    """Return whether a trial may send an operation, with ``DryRun`` alone."""
    return operation in TRIED.get(service, ())


def is_write(service: str, operation: str) -> bool:
    """Return whether an applier may send an operation."""
    return operation in WRITES.get(service, ())
