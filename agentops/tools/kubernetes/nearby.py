"""A name that does not exist, and the names that were perhaps meant."""

from __future__ import annotations

import difflib

from agentops.core.errors import ClusterError, NotFound
from agentops.tools.kubernetes.client import Cluster, Selection
from agentops.tools.kubernetes.kinds import Kind

_SEARCH_LIMIT = 500
_SHOWN = 5


def with_near_names(cluster: Cluster, kind: Kind, name: str, namespace: str, error: NotFound) -> NotFound:
    """Return ``error`` with a hint that names objects like ``name``, or those of the namespace when none is like it.

    Costs one list; when that fails, the error stays as it is.
    """
    try:
        found, _ = cluster.list_objects(kind, Selection(namespace=namespace), limit=_SEARCH_LIMIT)
    except ClusterError:
        return error
    names = [str(item["metadata"].get("name")) for item in found]
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
