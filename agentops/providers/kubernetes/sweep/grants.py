"""The roles and bindings behind a refusal: read only when a log holds one, and only where it could have been granted.

Comes in: the log tails of a sweep. Goes out: Roles, RoleBindings, ClusterRoleBindings and the ClusterRoles that matter,
added to the sweep's result. What this identity may not read becomes a gap with its name; nothing here fails a sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from agentops.core.analysis import Gap
from agentops.core.errors import ClusterError, ToolError
from agentops.core.progress import Progress
from agentops.core.threads import Job, run_as_they_end
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.objects.denials import Denial, denials_in
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.snapshot import LogTail
from agentops.providers.kubernetes.sweep.fetch import THREADS, FetchResult, ListRequest, read_lists

_DEADLINE_S = 15.0
_NAMESPACE_LIMIT = 3
_ROLE_LIMIT = 20
_IN_NAMESPACE = ("RoleBinding", "Role")
READ_WITH_GRANTS = (*_IN_NAMESPACE, "ClusterRoleBinding", "ClusterRole")
"""The kinds that are read here; without the right to, a refusal in a log is explained less far."""
_EVERYBODY = frozenset({"system:serviceaccounts", "system:authenticated"})


def read_grants(cluster: Cluster, logs: Sequence[LogTail], result: FetchResult, *, progress: Progress) -> None:
    """Read what could grant what the logs say was refused; without a refusal nothing is read."""
    said = ((tail, one) for tail in logs for one in denials_in(tail.lines))
    # A pod's account is of its own namespace; what a line claims of another one is no reason to read there.
    denials = tuple(dict.fromkeys(one for tail, one in said if one.namespace == tail.namespace))
    if not denials:
        return
    homes = tuple(dict.fromkeys(one.home for one in denials))
    kinds = [builtin(kind) for kind in _IN_NAMESPACE]
    requests = [ListRequest(kind=kind, namespace=home) for home in homes[:_NAMESPACE_LIMIT] for kind in kinds]
    requests.append(ListRequest(kind=builtin("ClusterRoleBinding")))
    found = FetchResult()
    try:
        read_lists(cluster, requests, found, progress=progress, deadline_s=_DEADLINE_S)
    except ClusterError as error:
        found.failed = dict.fromkeys(requests, error)
    for home in homes[_NAMESPACE_LIMIT:]:
        reason = f"refusals name more than {_NAMESPACE_LIMIT} namespaces"
        found.cut += [Gap(what=f"{kind} in {home}", reason=reason) for kind in _IN_NAMESPACE]
    _read_cluster_roles(cluster, denials, found)
    for kind, objects in found.objects.items():
        result.objects.setdefault(kind, []).extend(objects)
    result.failed |= found.failed
    result.cut += found.cut


def _read_cluster_roles(cluster: Cluster, denials: Sequence[Denial], found: FetchResult) -> None:
    """Read the ClusterRoles that a binding gives to one of the accounts, or to one of another name beside it."""
    names = sorted(set(_referred(found.objects, denials)))
    kind = builtin("ClusterRole")
    jobs = [Job(key=name, work=partial(cluster.get_object, kind, name, "")) for name in names[:_ROLE_LIMIT]]
    missing = dict.fromkeys(names, f"more than {_ROLE_LIMIT} are bound")
    missing |= dict.fromkeys(names[:_ROLE_LIMIT], f"no answer within {_DEADLINE_S:.0f} s")
    roles: list[dict[str, Any]] = []
    for done in run_as_they_end(jobs, threads=THREADS, deadline_s=_DEADLINE_S):
        error = done.error
        if error is not None and not isinstance(error, ToolError):
            raise error
        if done.value is not None:
            roles.append({"apiVersion": kind.api_version, "kind": kind.kind, **done.value})
        if done.value is not None or (error is not None and error.code == "not-found"):
            del missing[done.key]
        elif error is not None:
            missing[done.key] = error.message
    found.objects["ClusterRole"] = roles
    found.cut += [Gap(what=f"ClusterRole {name}", reason=reason) for name, reason in missing.items()]


def _referred(objects: Mapping[str, Iterable[Mapping[str, Any]]], denials: Sequence[Denial]) -> Iterator[str]:
    accounts = {(one.namespace, one.account) for one in denials}
    for binding in (one for kind in ("RoleBinding", "ClusterRoleBinding") for one in objects.get(kind, ())):
        role = binding.get("roleRef")
        subjects = binding.get("subjects")
        if not isinstance(role, Mapping) or role.get("kind") != "ClusterRole" or not isinstance(role.get("name"), str):
            continue
        if role["name"].startswith("system:"):
            continue  # what Kubernetes gives of itself; the refusal says that it is not enough
        here = subjects if isinstance(subjects, list | tuple) else ()
        if binding["metadata"].get("namespace") or any(_matters(one, accounts) for one in here):
            yield role["name"]


def _matters(subject: Any, accounts: set[tuple[str, str]]) -> bool:
    """Return whether a subject of a ClusterRoleBinding is one of the accounts, or may have been meant to be."""
    if not isinstance(subject, Mapping):
        return False
    name, namespace = subject.get("name"), subject.get("namespace")
    if subject.get("kind") != "ServiceAccount":
        return name in _EVERYBODY or any(name == f"system:serviceaccounts:{home}" for home, _ in accounts)
    return any(namespace == home or name == account for home, account in accounts)
