"""Tool arguments: checked against the tool's own schema, then read with their types.

Comes in: what a model sent. Goes out: ``Arguments``, whose getters return what the schema promised. A wrong, unknown or
missing argument is a ``ToolInputError`` that names it and says what is expected; nothing was sent anywhere by then.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.jsonable import in_words
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec
from agentops.tools.kubernetes.paths import check_part

ALL_NAMESPACES = "*"
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool, "array": list}
_TEXT_LIMIT = 1_000
_ITEM_LIMIT = 20


class Arguments:
    """Checked arguments of one call."""

    def __init__(self, tool: str, values: Mapping[str, Any]) -> None:
        self._tool = tool
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        """Return a string argument."""
        return str(self._values.get(name, default))

    def number(self, name: str, default: int) -> int:
        """Return an integer argument."""
        return int(self._values.get(name, default))

    def flag(self, name: str) -> bool:
        """Return a boolean argument; absent is False."""
        return bool(self._values.get(name, False))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an argument that is a list of strings."""
        return tuple(self._values.get(name, ()))

    def name(self, name: str) -> str:
        """Return an argument that names an object.

        Raises:
            ToolInputError: it cannot be a name.
        """
        return check_part(self.text(name), f"{name} of {self._tool}")

    def namespace(self, default: str) -> str:
        """Return the namespace; empty means all of them (``*``).

        Raises:
            ToolInputError: it cannot be a namespace.
        """
        value = self.text("namespace") or default
        return "" if value == ALL_NAMESPACES else check_part(value, f"namespace of {self._tool}")

    def one_namespace(self, default: str) -> str:
        """Return the namespace of a tool that looks at one object.

        Raises:
            ToolInputError: it cannot be a namespace, or it means all of them.
        """
        value = self.namespace(default)
        if not value:
            raise ToolInputError(
                f"{self._tool}: namespace '*' does not name one object", hint="Find it with kubernetes_list first."
            )
        return value


def checked(spec: ToolSpec, arguments: Mapping[str, Any]) -> Arguments:
    """Return the arguments when they fit the schema of ``spec``.

    Raises:
        ToolInputError: unknown, missing or unfit argument; the message says which and what is expected.
    """
    properties: Mapping[str, Any] = spec.schema.get("properties", {})
    for name in arguments:
        if name not in properties:
            near = difflib.get_close_matches(str(name), properties, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It takes: {', '.join(properties)}"
            raise ToolInputError(f"{spec.name} has no argument {one_line(str(name), 40)!r}", hint=hint)
    for name in spec.schema.get("required", ()):
        if arguments.get(name) in (None, ""):
            raise ToolInputError(f"{spec.name} needs the argument {name!r}", hint=_expected(properties[name]))
    # null is how some models say "not given"
    given = {name: value for name, value in arguments.items() if value is not None}
    for name, value in given.items():
        _check(spec.name, name, value, properties[name])
    return Arguments(spec.name, given)


def _check(tool: str, name: str, value: Any, schema: Mapping[str, Any]) -> None:
    kind = schema["type"]
    fits = isinstance(value, _TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))
    if fits and "enum" in schema:
        fits = value in schema["enum"]
    if fits and kind == "integer":
        fits = schema.get("minimum", 0) <= value <= schema.get("maximum", 1_000_000)
    if fits and kind == "string":
        fits = len(value) <= _TEXT_LIMIT
    if fits and kind == "array":
        fits = len(value) <= _ITEM_LIMIT and all(isinstance(item, str) and len(item) <= _TEXT_LIMIT for item in value)
    if not fits:
        raise ToolInputError(f"{tool}: {name} cannot be {in_words(value, 60)}", hint=f"Expected {_expected(schema)}")


def _expected(schema: Mapping[str, Any]) -> str:
    kind = schema["type"]
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if kind == "integer":
        return f"an integer from {schema.get('minimum', 0)} to {schema.get('maximum', 1_000_000)}"
    if kind == "array":
        return f"a list of at most {_ITEM_LIMIT} strings"
    return {"string": f"a string of at most {_TEXT_LIMIT} characters", "boolean": "true or false"}[kind]
