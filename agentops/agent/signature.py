"""How a tool's arguments are told to a model: the schema as it goes over the wire, and a signature on one line.

Comes in: the JSON Schema of a tool's arguments, with the keywords that tools use. Goes out: the schema
without bounds, or a text such as ``{container?, probe: startup|readiness}`` with every argument, its type where it is
no text, and what may be left out (``map`` is short for ``{name: text}``). What is left out here is checked all the same
when a call is made: every turn pays for each word of a declaration, and only a wrong call for that of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SHORT = {"integer": "int", "boolean": "bool"}
_UNSENT = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"}
)


def without_bounds(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema without sizes and without the ban on further properties, at every depth."""
    slim = {name: value for name, value in schema.items() if name not in _UNSENT}
    further = slim.pop("additionalProperties", False)
    if isinstance(further, Mapping):
        slim["additionalProperties"] = without_bounds(further)
    if "items" in slim:
        slim["items"] = without_bounds(slim["items"])
    if "properties" in slim:
        slim["properties"] = {name: without_bounds(inner) for name, inner in slim["properties"].items()}
    if "anyOf" in slim:
        slim["anyOf"] = [without_bounds(option) for option in slim["anyOf"]]
    return slim


def signature(schema: Mapping[str, Any]) -> str:
    """Return the arguments that ``schema`` describes; ``?`` marks what may be left out, no type means a text."""
    if "enum" in schema:
        return "|".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return "|".join(signature(option) or "text" for option in schema["anyOf"])
    wanted = schema.get("type", "any")
    types = [wanted] if isinstance(wanted, str) else [name for name in wanted if name != "null"]
    shown = [_of_type(name, schema) for name in types]
    return "" if shown == [""] else "|".join(text or "text" for text in shown)


def _of_type(name: str, schema: Mapping[str, Any]) -> str:
    if name == "object":
        return _of_object(schema)
    if name == "array":
        return f"[{signature(schema.get('items', {})) or 'text'}]"
    return "" if name == "string" else _SHORT.get(name, name)


def _of_object(schema: Mapping[str, Any]) -> str:
    fields, further = _fields(schema), schema.get("additionalProperties")
    if isinstance(further, Mapping):
        kind = signature(further)
        if not fields and not kind:
            return "map"
        fields.append(f"name: {kind or 'text'}")
    return "{" + ", ".join(fields) + "}" if fields or "properties" in schema else "{...}"


def _fields(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", ())
    fields = []
    for name, inner in schema.get("properties", {}).items():
        kind = signature(inner)
        fields.append(f"{name}{'' if name in required else '?'}{f': {kind}' if kind else ''}")
    return fields
