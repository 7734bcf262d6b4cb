"""Core values as JSON and back: used by the store, the audit payloads and the CLI envelope alike.

Comes in: a core value, or the JSON that ``to_json`` made of one. Goes out: plain JSON, or the value. ``from_json``
is strict about types and never guesses: what does not fit raises with the path of the field.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from agentops.core.clock import from_iso, to_iso
from agentops.core.errors import UsageError
from agentops.core.resource import ResourceRef, parse_ref
from agentops.core.text import one_line

T = TypeVar("T")

_VALUE_CHARS = 160


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


def in_words(value: Any, limit: int = 200) -> str:
    """Return a JSON value as a message tells it: JSON on one line, ``nothing`` for null; never as Python writes it."""
    if value is None:
        return "nothing"
    return one_line(json.dumps(to_json(value), ensure_ascii=False), limit)


def from_json(kind: type[T], value: Any) -> T:
    """Return the ``kind`` (a core dataclass) that ``to_json`` turned into ``value``.

    Fields that ``kind`` does not have are ignored, so that an older program reads what a newer one wrote; fields that
    are absent take their default.

    Raises:
        ValueError: a field is missing or of the wrong type; the message begins with its path.
    """
    return cast(T, _read(kind, value, kind.__name__))


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any, path: str) -> Any:
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        return _read_optional(kind, value, path)
    if origin is tuple:
        return _read_tuple(get_args(kind), value, path)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _read_mapping(get_args(kind)[1], value, path)
    if is_dataclass(kind) and kind is not ResourceRef:
        return _read_fields(cast(type, kind), value, path)
    return _read_plain(kind, value, path)


def _read_optional(kind: Any, value: Any, path: str) -> Any:
    options = get_args(kind)
    if value is None and type(None) in options:
        return None
    (inner,) = (option for option in options if option is not type(None))
    return _read(inner, value, path)


def _read_tuple(items: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{path}: expected a list, found {type(value).__name__}")
    if items[-1] is not Ellipsis and len(items) != len(value):
        raise ValueError(f"{path}: expected {len(items)} items, found {len(value)}")
    kinds = (items[0],) * len(value) if items[-1] is Ellipsis else items
    return tuple(_read(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value, strict=True)))


def _read_mapping(kind: Any, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected an object, found {type(value).__name__}")
    return {key: _read(kind, item, f"{path}.{key}") for key, item in value.items()}


def _read_fields(kind: type[Any], value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected an object, found {type(value).__name__}")
    hints = _hints(cast(Hashable, kind))
    found = {}
    for item in fields(kind):
        if item.name in value:
            found[item.name] = _read(hints[item.name], value[item.name], f"{path}.{item.name}")
        elif item.default is MISSING and item.default_factory is MISSING:
            raise ValueError(f"{path}.{item.name}: missing")
    return kind(**found)


def _read_plain(kind: Any, value: Any, path: str) -> Any:
    try:
        if kind is ResourceRef and isinstance(value, str):
            return parse_ref(value)
        if kind is datetime and isinstance(value, str):
            return from_iso(value)
        if issubclass(kind, Enum):
            return kind(value)
    except (ValueError, UsageError) as error:
        raise ValueError(f"{path}: {error}") from error
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{path}: expected {kind.__name__}, found {type(value).__name__}")
    return value


def json_text(value: Any) -> str:
    """Return a JSON value on one line; a text without quotes unless it is empty."""
    if isinstance(value, str) and value:
        return one_line(value, _VALUE_CHARS)
    return one_line(json.dumps(value, ensure_ascii=False, sort_keys=True), _VALUE_CHARS)


def arguments_line(arguments: Mapping[str, Any]) -> str:
    """Return arguments as ``name=value, ...``, each value as JSON where it is no plain text."""
    return ", ".join(f"{name}={json_text(value)}" for name, value in arguments.items())
