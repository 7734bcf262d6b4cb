"""What an identity may do beyond what agentops needs, as the API server says it.

Comes in: a cluster as somebody sees it, and the needs. Goes out: whether everything is allowed, and the rights that are
too many, the gravest first. Asking changes nothing (SelfSubjectAccessReview, SelfSubjectRulesReview). An answer that
the server calls incomplete is said to be.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/ (a rules review may be incomplete where
other authorizers than RBAC decide; an access review never is)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.text import one_line
from agentops.providers.kubernetes.access.needs import Needs
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.unlimited import is_unlimited

_REVIEWS = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})
_READS = frozenset({"get", "list", "watch"})
_SHELLS = frozenset({"exec", "attach", "portforward", "proxy"})
_POWERS = frozenset({"impersonate", "escalate", "bind"})
_RIGHTS = frozenset({"roles", "clusterroles", "rolebindings", "clusterrolebindings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusRights:
    """What is too much.

    Arguments:
        unlimited: the identity may do everything.
        grave: rights by which it could get at secrets, shells or more rights, or delete what it likes.
        more: how many others are not needed.
        incomplete: the server could not say all.
    """

    unlimited: bool = False
    grave: tuple[str, ...] = ()
    more: int = 0
    incomplete: bool = False


def excess_of(cluster: Cluster, needs: Needs, namespaces: Collection[str]) -> SurplusRights:
    """Return what an identity may do in these namespaces and in the cluster, and agentops does not need.

    Raises:
        ClusterError: the API server cannot be asked.
    """
    if is_unlimited(cluster):
        return SurplusRights(unlimited=True)
    needed = {(right.verb, right.group, right.path) for right in needs}
    found: dict[tuple[str, str, str], None] = {}
    incomplete = False
    for namespace in namespaces:
        status = cluster.review("SelfSubjectRulesReview", {"namespace": namespace})
        incomplete = incomplete or bool(status.get("incomplete"))
        rules = status.get("resourceRules")
        for rule in rules if isinstance(rules, Sequence) and not isinstance(rules, str) else ():
            found |= dict.fromkeys(one for one in _rights(rule) if one not in needed)
    grave = [_text(*one) for one in found if _is_grave(*one)]
    return SurplusRights(grave=tuple(grave), more=len(found) - len(grave), incomplete=incomplete)


def _rights(rule: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(rule, Mapping):
        return
    for group in _texts(rule.get("apiGroups")):
        for resource in _texts(rule.get("resources")):
            if resource not in _REVIEWS:
                yield from ((verb, group, resource) for verb in _texts(rule.get("verbs")))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _is_grave(verb: str, group: str, resource: str) -> bool:
    name, _, subresource = resource.partition("/")
    changes = verb not in _READS
    return (
        verb in _POWERS
        or (name == "secrets" and group in ("", "*"))
        or subresource in _SHELLS
        or resource == "serviceaccounts/token"
        or (changes and "*" in (verb, group, resource))
        or (changes and (name in _RIGHTS or group == "admissionregistration.k8s.io"))
        or verb == "deletecollection"
    )


def _text(verb: str, group: str, resource: str) -> str:
    name, _, subresource = resource.partition("/")
    dotted = name + (f".{group}" if group else "") + (f"/{subresource}" if subresource else "")
    return one_line(f"{verb} {dotted}", 100)
