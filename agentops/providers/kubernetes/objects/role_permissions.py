"""What rules of a Role grant, permission by permission: what an edit adds, what it takes, and how far that reaches.

Comes in: lists of rules. Goes out: answers. Pure. A resource or verb that the API does not know grants nothing, so
putting a misspelt one right takes nothing away. Source:
https://kubernetes.io/docs/concepts/security/rbac-good-practices/#kubernetes-rbac-privilege-escalation-risks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.objects.fields import Object, items, strings
from agentops.providers.kubernetes.objects.kinds import BUILTIN

_READS = frozenset({"get", "list", "watch"})
_VERBS = _READS | {
    "create", "update", "patch", "delete", "deletecollection", "use", "bind", "escalate", "impersonate", "approve",
    "sign", "proxy",
}  # fmt: skip
_NEVER_VERBS = frozenset({"*", "bind", "escalate", "impersonate", "approve", "sign", "proxy"})
# Whoever may read or reach these may take on somebody else's rights, or run what they like in a pod that is there.
_NEVER = frozenset(
    {
        "*", "secrets", "serviceaccounts/token", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy",
        "pods/ephemeralcontainers", "services/proxy", "nodes/proxy",
    }
)  # fmt: skip
_NEVER_WRITTEN = frozenset(
    {
        "roles", "rolebindings", "clusterroles", "clusterrolebindings", "serviceaccounts", "nodes", "namespaces",
        "persistentvolumes", "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "apiservices",
        "customresourcedefinitions", "certificatesigningrequests", "resourcequotas", "limitranges", "networkpolicies",
    }
)  # fmt: skip
_RESOURCES = {group: {kind.plural for kind in BUILTIN if kind.group == group} for group in {k.group for k in BUILTIN}}


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one resource; ``name`` empty is every object of it."""

    group: str
    resource: str
    verb: str
    name: str = ""

    @property
    def is_real(self) -> bool:
        """Whether the API may know it: of a group that is built in, only its own resources are."""
        known = _RESOURCES.get(self.group)
        there = known is None or self.resource == "*" or self.resource.partition("/")[0] in known
        return there and (self.verb in _VERBS or self.verb == "*")

    @property
    def is_plain(self) -> bool:
        """Whether nobody gains more by it than it says."""
        if self.group == "*" or self.resource in _NEVER or self.verb in _NEVER_VERBS or "*" in self.resource:
            return False
        return self.verb in _READS or self.resource.partition("/")[0] not in _NEVER_WRITTEN


def permissions_of(rules: Any) -> frozenset[Permission]:
    """Return what rules grant that the API may know."""
    return frozenset(one for rule in items(rules) for one in _of_rule(rule) if one.is_real)


def _of_rule(rule: Object) -> Iterator[Permission]:
    for url in strings(rule, "nonResourceURLs"):
        yield Permission("*", url, "*")
    for group in strings(rule, "apiGroups"):
        for resource in strings(rule, "resources"):
            for verb in strings(rule, "verbs"):
                for name in strings(rule, "resourceNames") or ("",):
                    yield Permission(group, resource, verb, name)


def takes_nothing(before: Any, after: Any) -> bool:
    """Return whether whoever was granted something by the rules before is granted it still."""
    left = permissions_of(after)
    return all(one in left or Permission(one.group, one.resource, one.verb) in left for one in permissions_of(before))


def adds_plain(before: Any, after: Any) -> bool:
    """Return whether all that is granted anew is plain."""
    return all(one.is_plain for one in permissions_of(after) - permissions_of(before))
