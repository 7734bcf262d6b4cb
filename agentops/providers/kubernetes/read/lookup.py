"""Finds an object by its name for a read tool; when there is none, the error names those that were perhaps meant."""

from __future__ import annotations

import difflib
from typing import Any

from agentops.core.errors import ClusterError, NotFound
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.read.arguments import Arguments

_SEARCH_LIMIT = 500
_SHOWN = 5


def object_named(
    cluster: Cluster, kind: Kind, name: str, namespace: str = "", *, with_managers: bool = False
) -> dict[str, Any]:
    """Return one object, with its ``apiVersion`` and ``kind``.

    Arguments:
        namespace: empty for a cluster-scoped kind.
        with_managers: keep ``metadata.managedFields``, which say who wrote which field.

    Raises:
        NotFound: there is no such object; the hint names near ones.
        ClusterError: as ``Cluster.get_object``.
    """
    read = cluster.get_with_managers if with_managers else cluster.get_object
    try:
        return {"apiVersion": kind.api_version, "kind": kind.kind, **read(kind, name, namespace)}
    except NotFound as error:
        raise _with_near_names(cluster, kind, name, namespace, error) from error


def object_meant(cluster: Cluster, kind: Kind, arguments: Arguments) -> dict[str, Any]:
    """Return the object that the arguments ``name`` and ``namespace`` mean, with who wrote its fields.

    Raises:
        ToolInputError: one of the two cannot be used.
        NotFound, ClusterError: as ``object_named``.
    """
    name = arguments.name("name")
    namespace = arguments.one_namespace(cluster.namespace) if kind.namespaced else ""
    return object_named(cluster, kind, name, namespace, with_managers=True)


def _with_near_names(cluster: Cluster, kind: Kind, name: str, namespace: str, error: NotFound) -> NotFound:
    """Return ``error`` with a hint that names objects like ``name``, or those of the namespace when none is like it.

    Costs one list; when that fails, the error stays as it is.
    """
    try:
        found, _ = cluster.list_objects(kind, Selection(namespace=namespace), limit=_SEARCH_LIMIT)
    except ClusterError:
        return error
    names = [str(item["metadata"].get("name")) for item in found]
    # A pod is often called by its workload's name, so a common beginning counts for more than likeness.
    near = [other for other in names if other.startswith(name) or name.startswith(other)]
    near += [other for other in difflib.get_close_matches(name, names, n=_SHOWN, cutoff=0.6) if other not in near]
    where = f" in {namespace}" if namespace else ""
    if near:
        hint = f"Near names{where}: {', '.join(near[:_SHOWN])}"
    elif names:
        hint = f"{kind.plural}{where}: {', '.join(names[: 2 * _SHOWN])}{' ...' if len(names) > 2 * _SHOWN else ''}"
    else:
        hint = f"There are no {kind.plural}{where}."
    return NotFound(error.message, hint=hint, code=error.code)
