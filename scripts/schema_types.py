"""Python types as JSON Schema: a dataclass of core becomes a definition with all its fields, all of them required.

Required, because ``to_json`` writes all of them; additional fields stay allowed, because a later agentops of the same
version may add some.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from agentops.core.resource import ResourceRef

DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
CODE = {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{8}$"}
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}

Schema = dict[str, Any]


class Definitions:
    """Collects one definition per dataclass and enumeration that is met."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def ref(self, kind: Any) -> Schema:
        """Return the schema of a type, as a reference where it has a name."""
        origin = get_origin(kind)
        if kind is Any:
            return {}
        if origin in (Union, UnionType):
            return {"anyOf": [self.ref(option) for option in get_args(kind)]}
        if origin is tuple:
            return self._tuple(get_args(kind))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.ref(get_args(kind)[1])}
        if kind is ResourceRef or is_dataclass(kind) or issubclass(kind, Enum):
            return self._named(kind)
        return plain(kind)

    def _tuple(self, items: tuple[Any, ...]) -> Schema:
        if items[-1] is Ellipsis:
            return {"type": "array", "items": self.ref(items[0])}
        parts = [self.ref(item) for item in items]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}

    def _named(self, kind: Any) -> Schema:
        name = kind.__name__
        if name not in self.found:
            self.found[name] = {}  # stands there while the fields are walked, for types that hold themselves
            self.found[name] = self._definition(kind)
        return {"$ref": f"#/$defs/{name}"}

    def _definition(self, kind: Any) -> Schema:
        said = {"description": _first_sentence(kind)}
        if kind is ResourceRef:
            return {**said, "type": "string", "pattern": "^(k8s|aws|mcp)://"}
        if issubclass(kind, Enum):
            return {**said, "enum": [member.value for member in kind]}
        hints = get_type_hints(kind)
        return said | record({field.name: self.ref(hints[field.name]) for field in fields(kind)})


def record(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """Return an object's schema; every property is required but ``optional`` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def listed(items: Schema) -> Schema:
    """Return an array's schema."""
    return {"type": "array", "items": items}


def plain(kind: Any) -> Schema:
    if kind is datetime:
        return {"type": "string", "format": "date-time"}
    return {"type": {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}[kind]}


def _first_sentence(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
