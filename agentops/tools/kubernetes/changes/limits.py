"""How far an edit may reach: labels, annotations and the fields that people write; never what the server keeps.

Comes in: an object as it is and as it is wanted. Goes out: nothing, or a refusal. Pure; the same for every tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.tools.kubernetes.changes.normal import is_machine_annotation
from agentops.tools.kubernetes.kinds import Kind

_METADATA = frozenset({"labels", "annotations"})


def check_reach(kind: Kind, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Let an edit pass only when it keeps to labels, annotations and the fields that are not the server's own.

    Raises:
        ToolInputError: it reaches metadata, status, kind, a machine's annotation, or a Secret's content.
    """
    for key in {*live, *wanted}:
        if key == "metadata" or live.get(key) == wanted.get(key):
            continue
        if key in {"kind", "apiVersion", "status"} or (kind.kind == "Secret" and not kind.group):
            raise ToolInputError(
                f"{key} of {kind.kind} cannot be edited",
                hint="Of a Secret only labels and annotations are." if kind.kind == "Secret" else "The server owns it.",
            )
    had, has = live.get("metadata") or {}, wanted.get("metadata") or {}
    for key in {*had, *has}:
        if had.get(key) != has.get(key) and key not in _METADATA:
            raise ToolInputError(f"metadata.{key} cannot be edited", hint="Labels and annotations can.")
    old, new = had.get("annotations") or {}, has.get("annotations") or {}
    for name in {*old, *new}:
        if old.get(name) != new.get(name) and is_machine_annotation(name):
            raise ToolInputError(f"the annotation {one_line(name, 80)} is written by a program for itself")
