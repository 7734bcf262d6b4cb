"""Declares a read tool right above its code: ``@aws_tool(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, its arguments, the operations that it sends. Goes out: a
``DeclaredAwsTool``, which the registry names and which becomes an ``AwsReadTool`` for one account. Making a declaration
connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits, checked_arguments
from agentops.core.tool import ToolSpec
from agentops.providers.aws.api.allowed import iam_action

if TYPE_CHECKING:
    from agentops.providers.aws.api.client import AwsClient

AwsRead: TypeAlias = "Callable[[AwsClient, Clock, Mapping[str, Any]], Reading]"
_TIMEOUT_S = 60.0
_LIMITS = SizeLimits(text_chars=2_000, items=30)

NAME: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 512}
TEXT: Mapping[str, Any] = {"type": "string", "maxLength": 1_000}


def about(description: str) -> Mapping[str, Any]:
    """Return the schema of an argument that is a text."""
    return {**TEXT, "description": description}


def one_of(*values: str) -> Mapping[str, Any]:
    """Return the schema of an argument that is one of ``values``."""
    return {"type": "string", "enum": list(values)}


def count(most: int, description: str = "") -> Mapping[str, Any]:
    """Return the schema of an argument that is an integer from 1 to ``most``."""
    schema: Mapping[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    return {**schema, **({"description": description} if description else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAwsTool:
    """A read tool that is not bound to an account yet."""

    spec: ToolSpec
    function: AwsRead

    def bind(self, client: AwsClient, clock: Clock) -> AwsReadTool:
        """Return the tool for one account."""
        return AwsReadTool(spec=self.spec, client=client, clock=clock, function=self.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsReadTool:
    """A read tool bound to one account, region and identity."""

    spec: ToolSpec
    client: AwsClient
    clock: Clock
    function: AwsRead

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read.

        Raises:
            ToolInputError: the arguments do not fit.
            ToolError: AWS refused or failed, or cannot be reached.
        """
        return self.function(self.client, self.clock, checked_arguments(self.spec, arguments, _LIMITS))


def aws_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: tuple[str, ...] = (),
    sends: tuple[tuple[str, str], ...],
) -> Callable[[AwsRead], DeclaredAwsTool]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        sends: services and operations; each is an action that the identity must be allowed.
    """
    schema: dict[str, Any] = {"type": "object", "properties": dict(arguments), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    actions = tuple(iam_action(*one) for one in sends)
    spec = ToolSpec(name=name, description=description, schema=schema, permissions=actions, timeout_s=_TIMEOUT_S)
    return lambda function: DeclaredAwsTool(spec=spec, function=function)
