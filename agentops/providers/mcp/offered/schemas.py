"""A server's input schema as it is used here: for checking a call, and for a model to read. Bounded, and without words.

Comes in: a JSON Schema that a server wrote. Goes out: one of the few keywords that say what a value must look like,
with references filled in: no pattern to run, nothing to fetch, no recursion, no text for people. What it leaves out is
the server's own to check. Pure; anything that is odd is left out, never an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_NAME = re.compile(r"[A-Za-z_$][\w$.-]{0,63}")
# What stands in a declaration is read by a model as ours, so a value that is a sentence does not.
_VALUE = re.compile(r"[\w ./:@+-]{0,40}")
_MOST_NODES, _MOST_DEPTH, _MOST_VALUES, _MOST_OPTIONS = 2_000, 10, 100, 8
_MOST_COUNT = 2**31


def bounded_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a call's arguments; an argument that it does not name fits no call."""
    found = _Reader(schema).read(schema, 0)
    properties = found.get("properties", {})
    required = [name for name in found.get("required", ()) if name in properties]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


class _Reader:
    """Reads one schema; ``_left`` is how many parts of it may still be taken."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = _MOST_NODES

    def read(self, schema: Any, depth: int) -> dict[str, Any]:
        """Return what of a schema is taken; nothing, which everything fits, beyond the bounds."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > _MOST_DEPTH or self._left < 0:
            return {}
        if "$ref" in schema:
            return self.read(self._referred(schema["$ref"]), depth + 1)
        kinds = schema.get("type")
        named = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(one, str)]
        known = [one for one in dict.fromkeys(named) if one in _TYPES]
        found: dict[str, Any] = {"type": known[0] if len(known) == 1 else known} if known else {}
        found |= _values(schema)
        found |= {name: schema[name] for name in _COUNTS if _is_count(schema.get(name))}
        found |= {name: schema[name] for name in _BOUNDS if _is_number(schema.get(name))}
        found |= self._inside(schema, depth)
        return found

    def _inside(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            inner = {str(name): one for name, one in properties.items() if _NAME.fullmatch(str(name))}
            found["properties"] = {name: self.read(one, depth + 1) for name, one in inner.items() if self._left > 0}
            if schema.get("additionalProperties") is False and "patternProperties" not in schema:
                found["additionalProperties"] = False
        required = schema.get("required")
        if isinstance(required, list):
            found["required"] = [one for one in required if isinstance(one, str) and _NAME.fullmatch(one)]
        if isinstance(schema.get("items"), Mapping):
            found["items"] = self.read(schema["items"], depth + 1)
        options = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(options, list) and 0 < len(options) <= _MOST_OPTIONS:
            found["anyOf"] = [self.read(one, depth + 1) for one in options]
        return found

    def _referred(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return {}
        place: Any = self._root
        for step in reference[2:].split("/"):
            place = place.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(place, Mapping) else None
        return place


def _values(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "const" in schema and _is_value(schema["const"]):
        return {"const": schema["const"]}
    values = schema.get("enum")
    if isinstance(values, list) and 0 < len(values) <= _MOST_VALUES and all(map(_is_value, values)):
        return {"enum": values}
    return {}


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, int | float | bool) or bool(_VALUE.fullmatch(str(value)))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_COUNT


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
