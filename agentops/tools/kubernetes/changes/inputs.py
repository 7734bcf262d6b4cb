"""Arguments of a change, checked against the tool's own schema before anything is asked of a server.

Comes in: a ``ToolSpec`` and what a model, triage or a saved plan gave. Goes out: a plain dict that fits, nulls at the
top dropped where null says 'not given'. Knows the part of JSON Schema that our specs use, and refuses the rest.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.jsonable import in_words
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
    "null": (type(None),),
}
_TEXT_LIMIT = 100_000
_ITEM_LIMIT = 200
_DEPTH_LIMIT = 40


def check_inputs(spec: ToolSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as plain JSON when they fit the schema of ``spec``.

    Raises:
        ToolInputError: unknown, missing or unfit argument; the message says which and what is expected.
    """
    nullable = {name for name, schema in spec.schema["properties"].items() if "type" not in schema}
    given = {name: value for name, value in arguments.items() if value is not None or name in nullable}
    _check(spec.name, "", given, spec.schema, 0)
    return {name: _plain(value) for name, value in given.items()}


def _check(tool: str, place: str, value: Any, schema: Mapping[str, Any], depth: int) -> None:
    if depth > _DEPTH_LIMIT:
        raise ToolInputError(f"{tool}: {place} is nested too deeply")
    types = schema.get("type")
    allowed = [types] if isinstance(types, str) else list(types or _TYPES)
    if not any(_is_of(value, name) for name in allowed) or not _fits(value, schema):
        raise _unfit(tool, place, value, schema)
    if isinstance(value, Mapping):
        _check_object(tool, place, value, schema, depth)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _check(tool, f"{place}[{position}]", item, schema.get("items", {}), depth + 1)


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a value of the right type is one of those, and within the bounds, that its schema gives."""
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return bool(len(value) <= schema.get("maxLength", _TEXT_LIMIT))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, list | tuple):
        return bool(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", _ITEM_LIMIT))
    return not isinstance(value, Mapping) or len(value) >= schema.get("minProperties", 0)


def _check_object(tool: str, place: str, value: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> None:
    properties: Mapping[str, Any] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        inside = f"{place}.{key}" if place else key
        if key not in properties and others is False:
            near = difflib.get_close_matches(key, properties, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It takes: {', '.join(properties) or 'nothing'}"
            raise ToolInputError(f"{tool} has no argument {one_line(inside, 60)!r}", hint=hint)
        _check(tool, inside, item, properties.get(key, others if isinstance(others, Mapping) else {}), depth + 1)
    for key in schema.get("required", ()):
        if key not in value:
            where = f" in {place}" if place else ""
            raise ToolInputError(
                f"{tool} needs the argument {key!r}{where}", hint=f"Expected {_expected(properties.get(key, {}))}"
            )


def _is_of(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _unfit(tool: str, place: str, value: Any, schema: Mapping[str, Any]) -> ToolInputError:
    return ToolInputError(
        f"{tool}: {place or 'the arguments'} cannot be {in_words(value, 60)}",
        hint=f"Expected {_expected(schema)}",
    )


def _expected(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    types = schema.get("type", "a JSON value")
    text = " or ".join(types) if isinstance(types, list) else str(types)
    if "minimum" in schema or "maximum" in schema:
        text += f" from {schema.get('minimum', 'any')} to {schema.get('maximum', 'any')}"
    if schema.get("minProperties") or schema.get("minItems"):
        text += ", not empty"
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
