"""The operations that a reader may send, by service. Nothing else ever reaches the wire.

Comes in: a service and an operation, as botocore names them. Goes out: whether it is on the list, and the IAM action
that it needs. The list names operations, not patterns: some that begin with ``Get`` hand out secrets or take messages
off a queue (``GetSecretValue``, ``ReceiveMessage``), and none of these is on it.

Source: docs.aws.amazon.com, "Service Authorization Reference", access level List or Read of each action.
"""

from __future__ import annotations

from collections.abc import Mapping

READS: Mapping[str, frozenset[str]] = {
    "sts": frozenset({"GetCallerIdentity"}),
    "cloudwatch": frozenset({"DescribeAlarms", "DescribeAlarmHistory", "GetMetricData"}),
    "elbv2": frozenset(
        {
            "DescribeListeners",
            "DescribeLoadBalancers",
            "DescribeRules",
            "DescribeTags",
            "DescribeTargetGroups",
            "DescribeTargetHealth",
        }
    ),
    "autoscaling": frozenset({"DescribeAutoScalingGroups", "DescribeScalingActivities"}),
    "ec2": frozenset({"DescribeInstanceStatus", "DescribeInstances", "DescribeSecurityGroups", "GetConsoleOutput"}),
    "ecs": frozenset(
        {"DescribeServices", "DescribeTaskDefinition", "DescribeTasks", "ListClusters", "ListServices", "ListTasks"}
    ),
    "rds": frozenset({"DescribeDBInstances", "DescribeDBParameters", "DescribeEvents"}),
    "lambda": frozenset(
        {
            "GetAccountSettings",
            "GetFunctionConcurrency",
            "GetFunctionConfiguration",
            "ListAliases",
            "ListEventSourceMappings",
        }
    ),
    "sqs": frozenset({"GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListQueues"}),
    "cloudtrail": frozenset({"LookupEvents"}),
    "acm": frozenset({"DescribeCertificate", "ListCertificates"}),
    # A query costs money for what it scans, and changes nothing; ``read/insights.py`` caps it.
    "logs": frozenset({"DescribeLogGroups", "FilterLogEvents", "GetQueryResults", "StartQuery", "StopQuery"}),
    "health": frozenset({"DescribeAffectedEntities", "DescribeEventDetails", "DescribeEvents"}),
    "route53": frozenset({"GetHealthCheckStatus", "ListHostedZones", "ListResourceRecordSets"}),
    "service-quotas": frozenset({"ListServiceQuotas"}),
    "iam": frozenset({"GetRole", "SimulatePrincipalPolicy"}),
    "eks": frozenset({"DescribeCluster", "DescribeNodegroup", "ListClusters", "ListNodegroups"}),
}

SIGN_IN: Mapping[str, frozenset[str]] = {
    "sts": frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}),
    "sso": frozenset({"GetRoleCredentials"}),
    "sso-oidc": frozenset({"CreateToken"}),
}
"""What the SDK sends to turn a profile into credentials. They change nothing but who is asking."""

_IAM_PREFIX = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}


def is_allowed(service: str, operation: str) -> bool:
    """Return whether a reader may send an operation."""
    return operation in READS.get(service, ()) or operation in SIGN_IN.get(service, ())


def iam_action(service: str, operation: str) -> str:
    """Return the action that a policy must allow for an operation: ``elasticloadbalancing:DescribeTargetHealth``."""
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"
