"""The RBAC objects that give an identity what agentops needs, and nothing else.

Comes in: needs, a service account, the namespaces that it is for. Goes out: manifests, in the order in which they can
be applied. Without namespaces everything stands in one ClusterRole. With them, each namespace has a Role of its own;
of what is cluster-scoped (nodes, volumes) only reading is left, in a ClusterRole, and what is left out is said. Must
never: put a wildcard, a Secret, ``exec`` or impersonation into a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.providers.kubernetes.access.admission import POLICY, admission_manifests
from agentops.providers.kubernetes.access.needs import Needs, needs_of
from agentops.providers.kubernetes.access.rights import Right
from agentops.providers.kubernetes.api.approved_plans import NAME as APPROVED_PLANS
from agentops.providers.kubernetes.api.boundary import boundary_of

Manifest = dict[str, Any]

READ_ACCOUNT, FIX_ACCOUNT = "agentops-read", "agentops-fix"
ACCOUNT_NAMESPACE = "agentops"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"app.kubernetes.io/name": "agentops", "app.kubernetes.io/component": "access"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """What access is asked for.

    Arguments:
        may_change: for fixing, not only for reading.
        namespaces: those that it is for; empty for all.
        account_namespace: where the service account is.
        cluster_changes: with ``namespaces``: also what changes cluster-scoped objects (nodes, cluster-wide bindings).
        has_admission: with ``may_change``: also the admission policy, by which only approved writes are let through.
        disabled: the names of tools that are switched off.
        cluster_kinds: where not None, the only kinds without a namespace that are read, by any of their names.
        lease_namespace: where a lease is held while a change runs; empty for none.
    """

    may_change: bool = False
    namespaces: tuple[str, ...] = ()
    account_namespace: str = ACCOUNT_NAMESPACE
    cluster_changes: bool = False
    has_admission: bool = True
    disabled: tuple[str, ...] = ()
    lease_namespace: str = ""
    cluster_kinds: tuple[str, ...] | None = None

    @property
    def account(self) -> str:
        """The service account's name."""
        return FIX_ACCOUNT if self.may_change else READ_ACCOUNT

    def named(self, name: str) -> str:
        """Return the name of what stands outside the account's own namespace: two accounts never share one."""
        return name if self.account_namespace == ACCOUNT_NAMESPACE else f"{name}-{self.account_namespace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an administrator applies; ``granted`` and ``left_out`` say for each right what needs it."""

    request: AccessRequest
    manifests: tuple[Manifest, ...]
    granted: Needs
    left_out: Needs


def access_of(request: AccessRequest) -> Access:
    """Return what gives a service account what the enabled tools need.

    Raises:
        UsageError: a namespace's name is none.
    """
    for name in (*request.namespaces, request.account_namespace, *filter(None, [request.lease_namespace])):
        # It becomes part of an expression and of a comment, so it is held to the API's own form (RFC 1123 label).
        if not _LABEL.fullmatch(name):
            raise UsageError(f"{one_line(name, 80)!r} is no namespace's name", hint="Lower-case letters, digits and -.")
    needs = needs_of(may_change=request.may_change, disabled=request.disabled, has_lease=bool(request.lease_namespace))
    left_out = {right: by for right, by in needs.items() if _is_left_out(request, right)}
    granted = {right: by for right, by in needs.items() if right not in left_out}
    return Access(request=request, manifests=tuple(_manifests(request, granted)), granted=granted, left_out=left_out)


def _is_left_out(request: AccessRequest, right: Right) -> bool:
    if right.is_namespaced or not request.namespaces:
        return False
    if not right.changes and request.cluster_kinds is not None:
        # What agentops itself does not let a run read needs no right.
        return not boundary_of(request.namespaces, request.cluster_kinds).allows(right.kind)
    return right.changes and not request.cluster_changes


def _manifests(request: AccessRequest, granted: Needs) -> Iterator[Manifest]:
    home, account, role = request.account_namespace, request.account, request.named(request.account)
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home, "labels": dict(_LABELS)}}
    # No pod runs as it: its tokens are asked for, and short-lived.
    yield {**_object("v1", "ServiceAccount", account, home), "automountServiceAccountToken": False}
    lease = [right for right in granted if right.resource == "leases"]
    rights = [right for right in granted if right not in lease]
    wide = [right for right in rights if not (request.namespaces and right.is_namespaced)]
    if wide:
        yield {**_object(f"{_RBAC}/v1", "ClusterRole", role), "rules": rules_of(wide)}
        yield _binding("ClusterRole", role, home, account)
    for namespace in request.namespaces:
        inside = [right for right in rights if right.is_namespaced]
        yield {**_object(f"{_RBAC}/v1", "Role", role, namespace), "rules": rules_of(inside)}
        yield _binding("Role", role, home, account, namespace)
    if lease:
        place, name = request.lease_namespace, f"{role}-lease"
        yield {**_object(f"{_RBAC}/v1", "Role", name, place), "rules": rules_of(lease)}
        yield _binding("Role", name, home, account, place)
    if request.may_change and request.has_admission:
        yield from admission_manifests(
            account, home, policy=request.named(POLICY), labels=_LABELS, lease_namespace=request.lease_namespace
        )
        # For people: who may say which plans are approved, and ask for the token of an approved change.
        name = "agentops-approver"
        yield {**_object(f"{_RBAC}/v1", "Role", name, home), "rules": _approver_rules(account)}


def _approver_rules(account: str) -> list[Manifest]:
    return [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [APPROVED_PLANS], "verbs": ["get", "patch"]},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": [account], "verbs": ["create"]},
    ]


def rules_of(rights: Iterable[Right]) -> list[Manifest]:
    """Return RBAC rules of exactly these rights: resources of one group that share their verbs stand together."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.path, right.name), set()).add(right.verb)
    together: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (group, path, name), said in verbs.items():
        together.setdefault((group, tuple(sorted(said)), name), []).append(path)
    return [
        {
            "apiGroups": [group],
            "resources": sorted(paths),
            **({"resourceNames": [name]} if name else {}),
            "verbs": list(said),
        }
        for (group, said, name), paths in sorted(together.items())
    ]


def _object(api_version: str, kind: str, name: str, namespace: str = "") -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place, "labels": dict(_LABELS)}}


def _binding(role_kind: str, role: str, home: str, account: str, namespace: str = "") -> Manifest:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    return {
        **_object(f"{_RBAC}/v1", kind, role, namespace),
        "roleRef": {"apiGroup": _RBAC, "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": home}],
    }


def reasons(needs: Needs) -> Sequence[Mapping[str, Any]]:
    """Return each right and what needs it, for scripts."""
    return [
        {
            "verb": right.verb,
            "group": right.group,
            "resource": right.path,
            "name": right.name,
            "for": list(by),
        }
        for right, by in needs.items()
    ]
