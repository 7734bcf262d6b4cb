"""Declares a read tool right above its code: ``@prometheus_tool(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, which arguments it takes. Goes out: a
``DeclaredPrometheusTool``, which the registry names and which becomes a ``PrometheusReadTool`` for one server. Making a
declaration connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits, checked_arguments
from agentops.core.tool import ToolSpec

if TYPE_CHECKING:
    from agentops.providers.prometheus.api.client import PrometheusClient

PrometheusRead: TypeAlias = "Callable[[PrometheusClient, Clock, Mapping[str, Any]], Reading]"
_TIMEOUT_S = 45.0
_LIMITS = SizeLimits(text_chars=4_000, items=20)
"""A query travels in the address, which servers and proxies cut at some 8 KB."""

TEXT: Mapping[str, Any] = {"type": "string"}
QUERY: Mapping[str, Any] = {"type": "string", "minLength": 1, "description": "PromQL"}


def about(description: str) -> Mapping[str, Any]:
    """Return the schema of an argument that is a text."""
    return {"type": "string", "description": description}


def one_of(*values: str) -> Mapping[str, Any]:
    """Return the schema of an argument that is one of ``values``."""
    return {"type": "string", "enum": list(values)}


def count(most: int, description: str = "") -> Mapping[str, Any]:
    """Return the schema of an argument that is an integer from 1 to ``most``."""
    schema: Mapping[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    return {**schema, **({"description": description} if description else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPrometheusTool:
    """A read tool that is not bound to a server yet."""

    spec: ToolSpec
    function: PrometheusRead

    def bind(self, client: PrometheusClient, clock: Clock) -> PrometheusReadTool:
        """Return the tool for one server."""
        return PrometheusReadTool(spec=self.spec, client=client, clock=clock, function=self.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusReadTool:
    """A read tool bound to one server."""

    spec: ToolSpec
    client: PrometheusClient
    clock: Clock
    function: PrometheusRead

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read.

        Raises:
            ToolInputError: the arguments do not fit, or Prometheus cannot take the query.
            ToolError: Prometheus cannot be reached, refused or failed.
        """
        return self.function(self.client, self.clock, checked_arguments(self.spec, arguments, _LIMITS))


def prometheus_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: tuple[str, ...] = (),
    path: str,
) -> Callable[[PrometheusRead], DeclaredPrometheusTool]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        path: of the API that it reads: what the identity must be let in to.
    """
    schema: dict[str, Any] = {"type": "object", "properties": dict(arguments), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    spec = ToolSpec(
        name=name, description=description, schema=schema, permissions=(f"GET {path}",), timeout_s=_TIMEOUT_S
    )
    return lambda function: DeclaredPrometheusTool(spec=spec, function=function)
