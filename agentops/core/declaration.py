"""Declarations of tools in the form that every provider gives them: the schema of arguments, and the spec of a change.

Comes in: what a declaration says. Goes out: a ``ToolSpec``. It connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.risk import Reversal, Risk
from agentops.core.tool import Effect, ToolSpec


def arguments_schema(arguments: Mapping[str, Mapping[str, Any]], required: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a call's arguments; arguments beyond the named ones are refused.

    Arguments:
        arguments: the schema of each argument, by its name.
        required: the names of those that a call must have.
    """
    schema: dict[str, Any] = {"type": "object", "properties": dict(arguments), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return schema


def change_spec(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: Sequence[str],
    permissions: Sequence[str],
    risk: Risk,
    reversal: Reversal,
    idempotent: bool,
    timeout_s: float = 60.0,
) -> ToolSpec:
    """Return the declaration of a change tool; see ``ToolSpec``, and ``arguments_schema`` for its arguments."""
    return ToolSpec(
        name=name,
        description=description,
        schema=arguments_schema(arguments, required),
        effect=Effect.CHANGE,
        risk=risk,
        permissions=tuple(permissions),
        idempotent=idempotent,
        reversal=reversal,
        timeout_s=timeout_s,
    )
