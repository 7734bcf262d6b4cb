"""``aws_list``: the things of one kind in this account and region, one a line, with their state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.client_tool import count, one_of
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import (
    CERTIFICATE,
    DATABASE,
    GROUP,
    INSTANCE,
    LOAD_BALANCER,
    NODEGROUP,
    QUEUE,
    SERVICE,
    TARGET_GROUP,
    after,
)
from agentops.providers.aws.read.declaration import about, aws_tool
from agentops.providers.aws.read.shown import cell

_READ, _SHOWN = 1_000, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How things of a kind are listed: the call, where the items stand, and the cells of a row."""

    service: str
    operation: str
    key: str
    header: tuple[str, ...]
    row: Callable[[Any], tuple[object, ...]]


_KINDS: Mapping[str, _Kind] = {
    GROUP: _Kind(
        service="autoscaling", operation="DescribeAutoScalingGroups", key="AutoScalingGroups",
        header=("GROUP", "MIN", "MAX", "DESIRED", "INSTANCES"),
        row=lambda one: (one["AutoScalingGroupName"], one.get("MinSize", 0), one.get("MaxSize", 0),
                         one.get("DesiredCapacity", 0), len(one.get("Instances") or ())),
    ),
    INSTANCE: _Kind(
        service="ec2", operation="DescribeInstances", key="Reservations",
        header=("INSTANCE", "STATE", "TYPE", "ZONE", "ADDRESS", "NAME"),
        row=lambda one: (one["InstanceId"], one.get("State", {}).get("Name"), one.get("InstanceType"),
                         one.get("Placement", {}).get("AvailabilityZone"), one.get("PrivateIpAddress"), _tag(one)),
    ),
    TARGET_GROUP: _Kind(
        service="elbv2", operation="DescribeTargetGroups", key="TargetGroups",
        header=("TARGET GROUP", "PROTOCOL", "PORT", "TYPE", "CHECK"),
        row=lambda one: (after(one["TargetGroupArn"], ":targetgroup/"), one.get("Protocol"), one.get("Port"),
                         one.get("TargetType"), one.get("HealthCheckPath")),
    ),
    LOAD_BALANCER: _Kind(
        service="elbv2", operation="DescribeLoadBalancers", key="LoadBalancers",
        header=("LOAD BALANCER", "STATE", "SCHEME", "DNS"),
        row=lambda one: (after(one["LoadBalancerArn"], ":loadbalancer/"), one.get("State", {}).get("Code"),
                         one.get("Scheme"), one.get("DNSName")),
    ),
    DATABASE: _Kind(
        service="rds", operation="DescribeDBInstances", key="DBInstances",
        header=("DATABASE", "STATUS", "ENGINE", "CLASS", "GIB", "MULTI-AZ"),
        row=lambda one: (one["DBInstanceIdentifier"], one.get("DBInstanceStatus"), one.get("Engine"),
                         one.get("DBInstanceClass"), one.get("AllocatedStorage"), one.get("MultiAZ")),
    ),
    QUEUE: _Kind(
        service="sqs", operation="ListQueues", key="QueueUrls", header=("QUEUE",),
        row=lambda one: (str(one).rpartition("/")[2],),
    ),
    CERTIFICATE: _Kind(
        service="acm", operation="ListCertificates", key="CertificateSummaryList",
        header=("CERTIFICATE", "DOMAIN", "STATUS", "UNTIL", "IN USE"),
        row=lambda one: (after(one["CertificateArn"], ":certificate/"), one.get("DomainName"), one.get("Status"),
                         one.get("NotAfter"), one.get("InUse")),
    ),
}  # fmt: skip
_NESTED: Mapping[str, tuple[str, str, str, str, str]] = {
    SERVICE: ("ecs", "ListServices", "serviceArns", "clusterArns", "cluster"),
    NODEGROUP: ("eks", "ListNodegroups", "nodegroups", "clusters", "clusterName"),
}
"""Kinds whose things are listed cluster by cluster."""
_CLUSTERS = 30


@aws_tool(
    "aws_list",
    "Resources of a kind, one a line with state.",
    {"kind": one_of(*_KINDS, *_NESTED), "contains": about("part of a line"), "limit": count(300, "default 50")},
    required=("kind",),
    sends=(
        *((one.service, one.operation) for one in _KINDS.values()),
        ("ecs", "ListClusters"),
        ("ecs", "ListServices"),
        ("eks", "ListClusters"),
        ("eks", "ListNodegroups"),
    ),
)
def listing(client: AwsClient, _clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the things as a table.

    Raises:
        ToolError: as ``AwsClient.pages``.
    """
    kind, limit = str(arguments["kind"]), int(arguments.get("limit", _SHOWN))
    header, rows, cut = _nested(client, kind) if kind in _NESTED else _flat(client, kind)
    wanted = str(arguments.get("contains", "")).lower()
    kept = [row for row in rows if wanted in " ".join(row).lower()]
    notes = [f"Only {limit} of {len(kept)} are shown."] if len(kept) > limit else []
    notes += [f"Only the first {_READ} were read."] if cut else []
    return Reading(
        body=table(header, kept[:limit]) if kept else "There is none that matches.",
        summary=f"{plural(len(kept), kind)} in {client.region}",
        footer=" ".join(notes),
    )


def _flat(client: AwsClient, kind: str) -> tuple[tuple[str, ...], list[tuple[str, ...]], bool]:
    how = _KINDS[kind]
    found = client.pages(how.service, how.operation, how.key, _READ)
    items: Sequence[Any] = found.items
    if how.key == "Reservations":
        items = [one for each in items for one in each.get("Instances") or ()]
    return how.header, [tuple(cell(one, 120) for one in how.row(item)) for item in items], found.more


def _nested(client: AwsClient, kind: str) -> tuple[tuple[str, ...], list[tuple[str, ...]], bool]:
    service, operation, key, clusters_key, argument = _NESTED[kind]
    clusters = client.pages(service, "ListClusters", clusters_key, _CLUSTERS)
    rows: list[tuple[str, ...]] = []
    cut = clusters.more
    for cluster in clusters.items:
        found = client.pages(service, operation, key, _READ, **{argument: cluster})
        short = str(cluster).rpartition("/")[2]
        rows += [(cell(f"{short}/{str(one).rpartition('/')[2]}", 160),) for one in found.items]
        cut = cut or found.more
    return (kind.upper(),), rows, cut


def _tag(instance: Mapping[str, Any]) -> str:
    return next((str(one.get("Value")) for one in instance.get("Tags") or () if one.get("Key") == "Name"), "")
