"""Declares a read tool right above its code: ``@prometheus_tool(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, which arguments it takes. Goes out: a
``DeclaredClientTool``, which the registry names and which becomes a tool for one server. Making a declaration connects
to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.client_tool import DeclaredClientTool, read_spec
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits

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


def prometheus_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: tuple[str, ...] = (),
    path: str,
) -> Callable[[PrometheusRead], DeclaredClientTool[PrometheusClient]]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        path: of the API that it reads: what the identity must be let in to.
    """
    spec = read_spec(name, description, arguments, required=required, permissions=[f"GET {path}"], timeout_s=_TIMEOUT_S)
    return lambda function: DeclaredClientTool(spec=spec, function=function, limits=_LIMITS)
