"""What a namespace holds of its own: all that would be lost with it and that nobody made just for it.

Comes in: a namespace. Goes out: the objects in it, without what every namespace gets, what its controllers made of
other objects in it, and what is on its way out. Only reads. What cannot be listed is an error: unknown is not empty.
Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.errors import ClusterError, NotFound
from agentops.core.resource import ResourceRef
from agentops.core.threads import run_each
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.owners import owner_references

_GIVEN = frozenset(
    {
        ("ServiceAccount", "default"),
        ("ConfigMap", "kube-root-ca.crt"),
        ("ConfigMap", "openshift-service-ca.crt"),
        ("ConfigMap", "istio-ca-root-cert"),
    }
)
"""What the control plane, or a mesh, puts into every namespace."""
_TRACES = frozenset({"Event", "Endpoints"})
"""What tells of other objects and goes with them."""
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type
_THREADS = 8
_LIMIT = 500


def held_in(cluster: Cluster, namespace: str, gone: frozenset[ResourceRef] = frozenset()) -> tuple[str, ...]:
    """Return the objects that the namespace holds of its own, as ``Kind/name``, sorted.

    Arguments:
        gone: what will have been deleted by then.

    Raises:
        ClusterError: a kind could not be listed.
    """
    kinds = [kind for kind in cluster.kinds() if kind.namespaced and kind.listable and kind.kind not in _TRACES]
    wide = {kind.kind for kind in cluster.kinds() if not kind.namespaced}
    absent = {(ref.kind.partition(".")[0], ref.name) for ref in gone if ref.namespace == namespace}
    listed = run_each(lambda kind: (kind, _items(cluster, kind, namespace)), kinds, threads=_THREADS)
    found = {
        f"{kind.kind}/{name}"
        for kind, items in listed
        for name in _own(kind, items, wide)
        if (kind.kind, name) not in absent
    }
    return tuple(sorted(found))


def _items(cluster: Cluster, kind: Kind, namespace: str) -> list[dict[str, Any]]:
    try:
        items, _ = cluster.list_objects(kind, Selection(namespace=namespace), limit=_LIMIT)
    except NotFound:
        return []
    except ClusterError as error:
        if error.code == "method-not-allowed":
            return []
        raise
    return items


def _own(kind: Kind, items: list[dict[str, Any]], wide: set[str]) -> Iterator[str]:
    for item in items:
        metadata = item.get("metadata") or {}
        name = str(metadata.get("name") or "")
        # What has no uid is not stored: metrics, a catalogue that shows in every namespace.
        if not metadata.get("uid") or metadata.get("deletionTimestamp") or (kind.kind, name) in _GIVEN:
            continue
        if _is_owned(item, wide) or (kind.kind == "Secret" and item.get("type") == _TOKEN):
            continue
        yield name


def _is_owned(item: Mapping[str, Any], wide: set[str]) -> bool:
    """Whether its owner is in the namespace: then the owner is listed too, or the garbage collector takes both."""
    return any(owner.get("kind") not in wide for owner in owner_references(item))
