"""Read tools of a system that is asked through one client: the declaration, and the tool that it becomes for a client.

Comes in: what a tool is called, what a model reads about it, its arguments, its function. Goes out: a
``DeclaredClientTool``, which a registry names and which becomes a ``ClientReadTool`` once there is a client. Making a
declaration connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from agentops.core.clock import Clock
from agentops.core.declaration import arguments_schema
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits, checked_arguments
from agentops.core.tool import ToolSpec

Client = TypeVar("Client")


def one_of(*values: str) -> Mapping[str, Any]:
    """Return the schema of an argument that is one of ``values``."""
    return {"type": "string", "enum": list(values)}


def count(most: int, description: str = "") -> Mapping[str, Any]:
    """Return the schema of an argument that is an integer from 1 to ``most``."""
    schema: Mapping[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    return {**schema, **({"description": description} if description else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientReadTool(Generic[Client]):
    """A read tool bound to one client; ``limits``: how large its arguments may be."""

    spec: ToolSpec
    client: Client
    clock: Clock
    function: Callable[[Client, Clock, Mapping[str, Any]], Reading]
    limits: SizeLimits

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read.

        Raises:
            ToolInputError: the arguments do not fit, or the system cannot take the query.
            ToolError: the system cannot be reached, refused or failed.
        """
        return self.function(self.client, self.clock, checked_arguments(self.spec, arguments, self.limits))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredClientTool(Generic[Client]):
    """A read tool that is not bound to a client yet."""

    spec: ToolSpec
    function: Callable[[Client, Clock, Mapping[str, Any]], Reading]
    limits: SizeLimits

    def bind(self, client: Client, clock: Clock) -> ClientReadTool[Client]:
        """Return the tool for one client."""
        return ClientReadTool(spec=self.spec, client=client, clock=clock, function=self.function, limits=self.limits)


def read_spec(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: Sequence[str],
    permissions: Sequence[str],
    timeout_s: float,
) -> ToolSpec:
    """Return the declaration of a read tool; arguments beyond the named ones are refused.

    Arguments:
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        permissions: what the identity must be allowed.
    """
    return ToolSpec(
        name=name,
        description=description,
        schema=arguments_schema(arguments, required),
        permissions=tuple(permissions),
        timeout_s=timeout_s,
    )
