"""Tool arguments: checked against the tool's own schema, then read with their types.

Comes in: what a model sent. Goes out: ``Arguments``, whose getters return what the schema promised. A wrong, unknown or
missing argument is a ``ToolInputError`` that names it and says what is expected; nothing was sent anywhere by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.json_schema import SizeLimits, checked_arguments
from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.objects.paths import check_part

ALL_NAMESPACES = "*"
_LIMITS = SizeLimits(text_chars=1_000, items=20)


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

    def optional_name(self, name: str) -> str:
        """Return an argument that may name an object; empty when it was not given.

        Raises:
            ToolInputError: it cannot be a name.
        """
        return self.name(name) if self.text(name) else ""

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
    # An empty text names nothing: where an argument is needed, it is as good as none.
    needed = spec.schema.get("required", ())
    given = {name: value for name, value in arguments.items() if value != "" or name not in needed}
    return Arguments(spec.name, checked_arguments(spec, given, _LIMITS))
