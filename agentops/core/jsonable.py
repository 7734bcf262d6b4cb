"""Core values as JSON: one function, used by the store, the audit payloads and the CLI envelope alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from agentops.core.clock import to_iso
from agentops.core.resource import ResourceRef


def to_json(value: Any) -> Any:
    """Return ``value`` as plain JSON: dataclasses to dicts, references and times to text, empty optionals left in.

    Raises:
        TypeError: a type that has no JSON form.
    """
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, ResourceRef):
        return str(value)
    if isinstance(value, datetime):
        return to_iso(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
