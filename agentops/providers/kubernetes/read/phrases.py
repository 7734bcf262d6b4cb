"""The phrases that several readings share: where something was looked for, and what could not be read."""

from __future__ import annotations

from agentops.core.errors import ClusterError
from agentops.core.text import one_line

_REASON_CHARS = 200


def in_namespace(namespace: str, *, namespaced: bool = True) -> str:
    """Return where objects were looked for: in one namespace, in all (empty), or, of a kind without, in the cluster."""
    if not namespaced:
        return "in the cluster"
    return f"in {namespace}" if namespace else "in all namespaces"


def not_read(what: str, error: ClusterError) -> str:
    """Return the note that ``what`` (in the plural) is missing from a reading, and why."""
    return f"{what} were not read: {one_line(error.message, _REASON_CHARS)}"
