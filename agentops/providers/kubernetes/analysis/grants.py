"""Who is granted what: roles, the bindings that give them, and why a refused call is in none of them.

Comes in: the graph and a ``Denial``. Goes out: what each binding gives, as values. Pure; a role that was not read
grants nothing that is known.
Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ (rules, subjects, aggregation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.objects.denials import Denial
from agentops.providers.kubernetes.objects.fields import Key, items, key_of, namespace_of, strings, text

BINDINGS = ("RoleBinding", "ClusterRoleBinding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One binding that could concern a denial: the role that it gives (None: it is not there, or was not read)."""

    binding: dict[str, Any]
    role_key: Key
    role: dict[str, Any] | None

    @property
    def subjects(self) -> list[dict[str, Any]]:
        """Whom it gives the role to."""
        return items(self.binding, "subjects")


def grants(graph: Graph, denial: Denial) -> Iterator[Grant]:
    """Yield the bindings whose role would hold where the denied call was made.

    A RoleBinding holds inside its own namespace only; a call at the cluster scope takes a ClusterRoleBinding.
    """
    for kind in BINDINGS:
        for binding in graph.of(kind):
            if kind == "RoleBinding" and (not denial.where or namespace_of(binding) != denial.where):
                continue
            named = text(binding, "roleRef", "kind") or "Role"
            key = (named, namespace_of(binding) if named == "Role" else "", text(binding, "roleRef", "name"))
            yield Grant(binding=binding, role_key=key, role=graph.get(key))


def binds(grant: Grant, denial: Denial) -> bool:
    """Return whether the binding gives its role to the account, by name or through a group."""
    return any(_is_account(subject, denial) for subject in grant.subjects)


def _is_account(subject: dict[str, Any], denial: Denial) -> bool:
    kind, name = text(subject, "kind"), text(subject, "name")
    if kind == "ServiceAccount":
        return (text(subject, "namespace"), name) == (denial.namespace, denial.account)
    if kind == "User":
        return name == f"system:serviceaccount:{denial.namespace}:{denial.account}"
    return kind == "Group" and name in (
        "system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{denial.namespace}",
    )  # fmt: skip


def allows(role: dict[str, Any] | None, denial: Denial) -> bool:
    """Return whether a role holds a rule for the denied call; False for one that is not known."""
    return any(_rule_allows(rule, denial) for rule in items(role, "rules"))


def _rule_allows(rule: dict[str, Any], denial: Denial) -> bool:
    if not _any_of(strings(rule, "verbs"), denial.verb):
        return False
    if denial.path:
        return any(
            one in ("*", denial.path) or (one.endswith("*") and denial.path.startswith(one[:-1]))
            for one in strings(rule, "nonResourceURLs")
        )
    names = strings(rule, "resourceNames")
    return (
        _any_of(strings(rule, "apiGroups"), denial.group)
        and _resource_matches(strings(rule, "resources"), denial.resource)
        and (not names or denial.name in names)
    )


def _any_of(listed: list[str], wanted: str) -> bool:
    return "*" in listed or wanted in listed


def _resource_matches(listed: list[str], resource: str) -> bool:
    part = resource.partition("/")[2]
    return _any_of(listed, resource) or (bool(part) and f"*/{part}" in listed)


def nearest_rule(role: dict[str, Any] | None, denial: Denial) -> str:
    """Return how far a role gets towards the call, in words: what it allows of that resource, or that it has none."""
    verbs: list[str] = []
    for rule in items(role, "rules"):
        if not _resource_matches(strings(rule, "resources"), denial.resource):
            continue
        if not _any_of(strings(rule, "apiGroups"), denial.group):
            groups = ", ".join(repr(one) for one in strings(rule, "apiGroups"))
            return f"its rule for {denial.resource} is of API group {groups}, not {denial.group!r}"
        if names := strings(rule, "resourceNames"):
            return f"its rule for {denial.resource} is for {', '.join(names[:3])} only"
        verbs += strings(rule, "verbs")
    if verbs:
        return f"it allows {', '.join(dict.fromkeys(verbs))} on {denial.resource}, not {denial.verb}"
    listed = [one for rule in items(role, "rules") for one in strings(rule, "resources")]
    singular = next((one for one in listed if f"{one}s" == denial.resource or one.lower() == denial.resource), "")
    if singular and singular != denial.resource:
        return f"its rule says {singular!r}, and the resource is {denial.resource!r}"
    return f"it has no rule for {denial.resource or denial.path}"


def role_names(graph: Graph, key: Key) -> list[str]:
    """Return the names of the roles of that kind in that place."""
    return [one[2] for one in map(key_of, graph.of(key[0])) if one[1] == key[1]]


def is_known(graph: Graph, kind: str, namespace: str = "", name: str = "") -> bool:
    """Return whether what is absent of ``kind`` there is known to be absent: it was read, and no gap says otherwise."""
    if not graph.snapshot.was_read(kind):
        return False
    marks = {f"{kind} in {namespace}", f"{kind} in all namespaces", kind, f"{kind} {name}"}
    return not any(gap.what in marks for gap in graph.snapshot.gaps)
