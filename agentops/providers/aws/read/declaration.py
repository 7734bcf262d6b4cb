"""Declares a read tool right above its code: ``@aws_tool(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, its arguments, the operations that it sends. Goes out: a
``DeclaredClientTool``, which the registry names and which becomes a tool for one account. Making a declaration connects
to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.client_tool import DeclaredClientTool, read_spec
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.json_schema import SizeLimits
from agentops.providers.aws.api.allowed import iam_action
from agentops.providers.aws.api.errors import reading_answers

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


def aws_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Mapping[str, Any]],
    *,
    required: tuple[str, ...] = (),
    sends: tuple[tuple[str, str], ...],
) -> Callable[[AwsRead], DeclaredClientTool[AwsClient]]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        sends: services and operations; each is an action that the identity must be allowed.
    """
    actions = [iam_action(*one) for one in sends]
    spec = read_spec(name, description, arguments, required=required, permissions=actions, timeout_s=_TIMEOUT_S)
    return lambda function: DeclaredClientTool(spec=spec, function=_taking_odd_answers(function), limits=_LIMITS)


def _taking_odd_answers(function: AwsRead) -> AwsRead:
    """Return the function with an error of one line where an answer is otherwise than AWS documents."""

    @wraps(function)
    def read(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
        with reading_answers("what was asked"):
            return function(client, clock, arguments)

    return read
