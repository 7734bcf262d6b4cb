"""What agentops needs of a cluster: the rights of the enabled tools, each with what needs it.

Comes in: whether changes are to be made, which tools are switched off, where the lease is. Goes out: rights with the
names of what needs them. The declarations of the tools, of the sweep and of the blast radius are the one source: a
right that stands in none of them is not granted, and a tool that is switched off takes its rights along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from agentops.providers.kubernetes.access.rights import Right, rights_of
from agentops.providers.kubernetes.api.lease import NAME as LEASE_NAME
from agentops.providers.kubernetes.change.registry import CHANGE_TOOLS
from agentops.providers.kubernetes.impact.impact_reader import PERMISSIONS as IMPACT_PERMISSIONS
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.read.registry import READ_TOOLS
from agentops.providers.kubernetes.sweep.sweep import PERMISSIONS as SWEEP_PERMISSIONS

SWEEP, CHANGES, LEASE = "triage", "previews", "cluster_lease"
"""What needs a right beside tools: the sweep; blast radius, re-check and verification of any change; the lease."""

Needs = Mapping[Right, tuple[str, ...]]


def needs_of(*, may_change: bool, disabled: Collection[str] = (), has_lease: bool = False) -> Needs:
    """Return the rights that are needed, in order, and for each the names of what needs it.

    Arguments:
        may_change: changes are previewed and applied too, not only read.
        disabled: the names of tools that are switched off.
        has_lease: a lease is held while a change runs.
    """
    found: dict[Right, list[str]] = {}
    for name, right in _needed(may_change, disabled, has_lease):
        by = found.setdefault(right, [])
        by += [] if name in by else [name]
    return {right: tuple(found[right]) for right in sorted(found)}


def _needed(may_change: bool, disabled: Collection[str], has_lease: bool) -> Iterator[tuple[str, Right]]:
    yield from ((SWEEP, right) for right in rights_of(SWEEP_PERMISSIONS))
    for tool in READ_TOOLS:
        if tool.spec.name not in disabled:
            yield from ((tool.spec.name, right) for right in rights_of(tool.spec.permissions))
    changing = [tool for tool in CHANGE_TOOLS if may_change and tool.spec.name not in disabled]
    for one in changing:
        rights = rights_of(one.spec.permissions, targets=one.kinds, changes=True)
        yield from ((one.spec.name, right) for right in rights)
    if changing:
        yield from ((CHANGES, right) for right in rights_of(IMPACT_PERMISSIONS))
    if changing and has_lease:
        lease = builtin("Lease")
        for verb, name in (("get", LEASE_NAME), ("patch", LEASE_NAME), ("create", "")):
            yield LEASE, Right(group=lease.group, resource=lease.plural, verb=verb, name=name)
