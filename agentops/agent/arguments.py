"""Checks a tool call's arguments against the tool's JSON Schema before anything runs.

Comes in: the schema of a ``ToolSpec`` and the arguments that the model chose. Goes out: every complaint, in words that
let the model correct itself. Only the keywords that tool specs use are known; a schema with any other is a mistake of
ours and raises at once, so that no constraint is ever skipped in silence. Nothing is coerced: ``"10"`` is not 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.jsonable import in_words
from agentops.core.text import one_line

_ANNOTATIONS = frozenset({"description", "title", "default", "examples", "$schema"})
_KNOWN = _ANNOTATIONS | {
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "minProperties",
    "maxProperties",
    "anyOf",
}
_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def complaints(schema: Mapping[str, Any], value: Any, path: str = "") -> tuple[str, ...]:
    """Return what is wrong with ``value``, one sentence part for each complaint; empty when it fits.

    Raises:
        ValueError: the schema uses a keyword that this checker does not know.
    """
    unknown = sorted(set(schema) - _KNOWN)
    if unknown:
        raise ValueError(f"schema keyword {', '.join(unknown)} is not supported by the argument checker")
    return tuple(_complain(schema, value, path))


def is_type(name: str, value: Any) -> bool:
    """Return whether ``value`` is of the JSON Schema type ``name``; a bool is not a number, 3.0 is an integer."""
    if name in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return name == "number" or isinstance(value, int) or value.is_integer()
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "boolean": bool,
        "array": list,
        "object": Mapping,
        "null": type(None),
    }
    return isinstance(value, kinds[name])


def _complain(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    where = f"`{path}`" if path else "the arguments"
    wanted = schema.get("type")
    types = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if types and not any(is_type(name, value) for name in types):
        yield f"{where} must be {' or '.join(_NAMES[name] for name in types)}, not {_shown(value)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} must be one of {', '.join(map(str, schema['enum']))}, not {_shown(value)}"
    if "const" in schema and value != schema["const"]:
        yield f"{where} must be {schema['const']}, not {_shown(value)}"
    if "anyOf" in schema and all(complaints(option, value, path) for option in schema["anyOf"]):
        yield f"{where} fits none of the allowed forms: {_shown(value)}"
    if isinstance(value, str):
        yield from _complain_string(schema, value, where)
    elif isinstance(value, Mapping):
        yield from _complain_object(schema, value, path)
    elif isinstance(value, list):
        yield from _complain_list(schema, value, path, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _complain_number(schema, value, where)


def _complain_string(schema: Mapping[str, Any], value: str, where: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{where} must not be empty" if not value else f"{where} is too short"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{where} is longer than {schema['maxLength']} characters"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where} does not have the form {schema['pattern']}: {_shown(value)}"


def _complain_number(schema: Mapping[str, Any], value: float, where: str) -> Iterator[str]:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if not low <= value <= high:
        bounds = f"from {schema.get('minimum', 'any')} to {schema.get('maximum', 'any')}"
        yield f"{where} must be {bounds}, not {value}"


def _complain_list(schema: Mapping[str, Any], value: Sequence[Any], path: str, where: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield f"{where} needs at least {schema['minItems']}"
    if len(value) > schema.get("maxItems", len(value)):
        yield f"{where} takes at most {schema['maxItems']}"
    if schema.get("uniqueItems") and any(item in value[:index] for index, item in enumerate(value)):
        yield f"{where} holds the same item twice"
    for index, item in enumerate(value):
        yield from complaints(schema.get("items", {}), item, f"{path}[{index}]")


def _complain_object(schema: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Iterator[str]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    prefix = f"{path}." if path else ""
    where = f"`{path}`" if path else "the arguments"
    if len(value) < schema.get("minProperties", 0):
        yield f"{where} must hold at least {schema['minProperties']}"
    if len(value) > schema.get("maxProperties", len(value)):
        yield f"{where} may hold at most {schema['maxProperties']}"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"`{prefix}{name}` is missing"
    for name, item in value.items():
        if name in properties:
            yield from complaints(properties[name], item, f"{prefix}{name}")
        elif schema.get("additionalProperties", True) is False:
            known = ", ".join(properties) or "none"
            yield f"`{prefix}{one_line(name, 60)}` is not an argument (known: {known})"
        elif isinstance(schema.get("additionalProperties"), Mapping):
            yield from complaints(schema["additionalProperties"], item, f"{prefix}{name}")


def _shown(value: Any) -> str:
    return "null" if value is None else in_words(value, 60)
