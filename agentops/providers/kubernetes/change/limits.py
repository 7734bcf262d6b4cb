"""The fields that an edit may touch: labels, annotations and what people write, never what the server keeps.

Comes in: an object as it is and as it is wanted. Goes out: nothing, or a refusal. Pure; the same for every tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.difference import edits
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.normal_form import is_machine_annotation, normalised

_METADATA = frozenset({"labels", "annotations"})
_SERVERS = frozenset({"kind", "apiVersion", "status"})


def check_edit_limits(kind: Kind, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Let an edit pass only when it keeps to labels, annotations and the fields that are not the server's own.

    Raises:
        ToolInputError: it touches metadata, status, kind, a machine's annotation, or a Secret's content.
    """
    for key in _differing(live, wanted) - {"metadata"}:
        if key in _SERVERS or (kind.kind == "Secret" and not kind.group):
            raise ToolInputError(
                f"{key} of {kind.kind} cannot be edited",
                hint="Of a Secret only labels and annotations are." if kind.kind == "Secret" else "The server owns it.",
            )
    had, has = live.get("metadata") or {}, wanted.get("metadata") or {}
    for key in _differing(had, has) - _METADATA:
        raise ToolInputError(f"metadata.{key} cannot be edited", hint="Labels and annotations can.")
    for name in _differing(had.get("annotations") or {}, has.get("annotations") or {}):
        if is_machine_annotation(name):
            raise ToolInputError(f"the annotation {one_line(name, 80)} is written by a program for itself")
    check_visible(live, wanted)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the keys whose values differ; absent and null are the same."""
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


def check_visible(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Let an edit pass only when all of it would be shown: what is left out as a controller's own is not written.

    Raises:
        ToolInputError: it writes such a part, e.g. the taint of a cordoned node.
    """
    shown = edits(normalised(live), normalised(wanted))
    meant = edits(normalised(live, reveal=True), normalised(wanted, reveal=True))
    hidden = [one.path for one in meant if one not in shown]
    if hidden:
        raise ToolInputError(
            f"{one_line(hidden[0], 120)} is written by a controller, not by agentops", hint="Leave it as it is."
        )
