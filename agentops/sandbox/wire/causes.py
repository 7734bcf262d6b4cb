"""The causes of a 422 and how the real validators print them.

Comes in: a field's path and what is wrong. Goes out: (reason, path, words). Must never: judge.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

StatusCause: TypeAlias = tuple[str, str, str]


def invalid(path: str, value: Any, words: str, *, shown: str = "") -> StatusCause:
    """Return ``Invalid value``; ``shown`` stands for a value that is printed in Go syntax."""
    return "FieldValueInvalid", path, f"Invalid value: {shown or go_form(value)}: {words}"


def required_value(path: str, words: str) -> StatusCause:
    """Return ``Required value``."""
    return "FieldValueRequired", path, f"Required value: {words}" if words else "Required value"


def unsupported(path: str, value: Any, allowed: Sequence[str]) -> StatusCause:
    """Return ``Unsupported value`` with what would be supported."""
    listed = ", ".join(f'"{one}"' for one in allowed)
    return "FieldValueNotSupported", path, f"Unsupported value: {go_form(value)}: supported values: {listed}"


def duplicate(path: str, value: Any) -> StatusCause:
    """Return ``Duplicate value``."""
    return "FieldValueDuplicate", path, f"Duplicate value: {go_form(value)}"


def forbidden_field(path: str, words: str) -> StatusCause:
    """Return ``Forbidden`` about a field."""
    return "FieldValueForbidden", path, f"Forbidden: {words}"


def go_form(value: Any) -> str:
    """Return a value as the real server prints it: strings quoted, everything else as JSON."""
    return f'"{value}"' if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
