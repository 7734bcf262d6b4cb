"""The causes of a 422 and how the real validators print them.

Comes in: a field's path and what is wrong. Goes out: (reason, path, words). Must never: judge.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Cause: TypeAlias = tuple[str, str, str]


def invalid(path: str, value: Any, words: str, *, shown: str = "") -> Cause:
    """Return ``Invalid value``; ``shown`` stands for a value that is printed in Go syntax."""
    return "FieldValueInvalid", path, f"Invalid value: {shown or go_form(value)}: {words}"


def required_value(path: str, words: str) -> Cause:
    """Return ``Required value``."""
    return "FieldValueRequired", path, f"Required value: {words}" if words else "Required value"


def unsupported(path: str, value: Any, allowed: tuple[str, ...]) -> Cause:
    """Return ``Unsupported value`` with what would be supported."""
    listed = ", ".join(f'"{one}"' for one in allowed)
    return "FieldValueNotSupported", path, f"Unsupported value: {go_form(value)}: supported values: {listed}"


def go_form(value: Any) -> str:
    """Return a value roughly as the real server prints it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict):
        inner = ", ".join(f'"{key}":{go_form(one)}' for key, one in sorted(value.items()))
        return (
            "map[string]string{" + inner + "}" if all(isinstance(v, str) for v in value.values()) else "{" + inner + "}"
        )
    if isinstance(value, list):
        kind = "[]string" if all(isinstance(one, str) for one in value) else "[]interface {}"
        return kind + "{" + ", ".join(map(go_form, value)) + "}"
    return str(value)
