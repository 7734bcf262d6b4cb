"""The object that a person named, and no other: it is there, or the run ends with what they may have meant.

Comes in: a target as it was typed. Goes out: its reference. Reads only. Where reading it is forbidden it is believed:
the sweep says what it could not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agentops.core.alert import Target
from agentops.core.commands import quoted
from agentops.core.errors import ClusterError, NotFound, UsageError
from agentops.core.resource import ResourceRef
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.boundary import OUTSIDE

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.objects.kinds import Kind

_LOOKED_THROUGH = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Service", "Pod", "ConfigMap")
"""The kinds in which the name is looked for when it was given with no kind, or with another one."""
_NAMED = 3


def named_target(cluster: Cluster, target: Target) -> ResourceRef:
    """Return the reference of the object that was named.

    Raises:
        UsageError: there is no such kind, namespace or object; the hint says what may have been meant.
        ClusterError: the cluster cannot be asked, or the object is outside the namespaces that are allowed.
    """
    try:
        kind = cluster.kind(target.kind)
    except NotFound as error:
        raise _no_kind(cluster, target, error) from error
    namespace = (target.namespace or cluster.namespace) if kind.namespaced else ""
    ref = cluster.ref(kind.kind, target.name, namespace)
    try:
        cluster.get_object(kind, target.name, namespace)
    except NotFound as error:
        place = one_line(f"{namespace}/{target.name}" if namespace else target.name, 160)
        raise UsageError(f"there is no {kind.kind} {place}", hint=_hint(cluster, ref)) from error
    except ClusterError as error:
        if error.code == OUTSIDE:
            raise
        # Forbidden, or no answer: what could not be read is a gap, and no reason to look at nothing.
        return ref
    return ref


def _no_kind(cluster: Cluster, target: Target, error: NotFound) -> UsageError:
    """Return the error of a kind that does not exist; ``k8s:shop/web`` may be meant as namespace and name."""
    # A kind is written with a capital by whoever read the target; a namespace never is.
    space = target.kind.lower()
    if not target.namespace and space in _namespaces(cluster):
        found = _forms(_of_name(cluster, space, target.name))
        hint = f"Did you mean {found}?" if found else f"For example: k8s:{space}/Deployment/{target.name}"
        return UsageError(f"{space} is a namespace: the kind is missing before {one_line(target.name, 80)}", hint=hint)
    return UsageError(error.message, hint=error.hint)


def _hint(cluster: Cluster, ref: ResourceRef) -> str:
    """Say what may have been meant by an object that is not there: another namespace, name or kind, or its heir."""
    spaces = _namespaces(cluster)
    if ref.namespace and spaces and ref.namespace not in spaces:
        near = closest(ref.namespace, spaces, count=_NAMED)
        return f"There is no namespace {one_line(ref.namespace, 60)}; " + (
            f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(spaces)[:12])}."
        )
    became = _became(cluster, ref) if ref.kind == "Pod" else ""
    if became:
        return f"{became}."
    names = _names(cluster, cluster.kind(ref.kind), ref.namespace)
    alike_names = closest(ref.name, names, count=_NAMED)
    near_refs = [cluster.ref(ref.kind, name, ref.namespace) for name in alike_names]
    alike = [one for one in _of_name(cluster, ref.namespace, ref.name) if ref.namespace and one.kind != ref.kind]
    found = _forms([*alike, *near_refs])
    if found:
        return f"Did you mean {found}?"
    place = f" -n {quoted(ref.namespace)}" if ref.namespace else ""
    return f"See what there is: kubectl get {quoted(ref.kind.lower())}{place}"


def _became(cluster: Cluster, ref: ResourceRef) -> str:
    """Say which pod came after one that is gone, or when it went, as far as the cluster still tells."""
    from agentops.providers.kubernetes.read.whereabouts import whereabouts

    try:
        said = whereabouts(cluster, ref)
    except ClusterError:
        return ""
    return said if ";" in said else ""


def _of_name(cluster: Cluster, namespace: str, name: str) -> list[ResourceRef]:
    """Return the objects of this very name in a namespace, of the kinds that people look at."""
    kinds = (cluster.kind(kind) for kind in _LOOKED_THROUGH)
    return [cluster.ref(kind.kind, name, namespace) for kind in kinds if name in _names(cluster, kind, namespace)]


def _names(cluster: Cluster, kind: Kind, namespace: str) -> frozenset[str]:
    """Return the names of a kind; none where they cannot be read."""
    from agentops.providers.kubernetes.api.client import Selection

    try:
        items, _ = cluster.list_objects(kind, Selection(namespace=namespace))
    except ClusterError:
        return frozenset()
    return frozenset(str(item["metadata"]["name"]) for item in items)


def _namespaces(cluster: Cluster) -> frozenset[str]:
    return _names(cluster, cluster.kind("Namespace"), "")


def _forms(refs: Iterable[ResourceRef]) -> str:
    """Return references as they are typed: ``k8s:shop/Deployment/web or k8s:shop/Service/web``."""
    found = [f"k8s:{ref.short}" for ref in dict.fromkeys(refs)]
    return " or ".join(found[:_NAMED])
