"""The identity policy of the needs, as the JSON document that IAM takes.

Comes in: the needs of reading, those of changing, and the region, where one is named. Goes out: a policy document: one
statement for each of what is read, what is changed, and what has no region. It names actions, never a pattern of them.
Resources are all: of most of these actions IAM knows no narrower one; the region is a condition.
Source: docs.aws.amazon.com, "IAM JSON policy elements reference"; "Service Authorization Reference" (which actions take
a resource); "AWS global condition context keys", aws:RequestedRegion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agentops.providers.aws.access.needs import Needs

VERSION = "2012-10-17"
GLOBAL = frozenset({"iam", "route53", "health", "sts"})
"""Services whose calls are made of one region, whichever is looked at."""


def policy_of(reads: Needs, changes: Needs, region: str = "") -> dict[str, Any]:
    """Return the policy document.

    Arguments:
        reads: what reading needs.
        changes: what changing needs; what is among ``reads`` is granted there.
        region: where alone it holds; empty for everywhere.
    """
    statements = [
        *_statements("AgentopsReads", reads, region),
        *_statements("AgentopsChanges", [one for one in changes if one not in reads], region),
    ]
    return {"Version": VERSION, "Statement": statements}


def _statements(sid: str, actions: Collection[str], region: str) -> Iterator[dict[str, Any]]:
    regional = [one for one in actions if one.partition(":")[0] not in GLOBAL]
    everywhere = [one for one in actions if one not in regional]
    if not region:
        regional, everywhere = list(actions), []
    condition = {"Condition": {"StringEquals": {"aws:RequestedRegion": region}}} if region else {}
    if regional:
        yield {"Sid": sid, "Effect": "Allow", "Action": sorted(regional), "Resource": "*", **condition}
    if everywhere:
        yield {"Sid": f"{sid}Everywhere", "Effect": "Allow", "Action": sorted(everywhere), "Resource": "*"}


def actions_of(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the actions that a policy of ours allows."""
    return tuple(action for statement in policy["Statement"] for action in statement["Action"])
