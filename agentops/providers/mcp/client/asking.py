"""A server that asks a person for input while it runs a call: declined, unless somebody is there who was given to it.

Comes in: what the server asks, in either era of the protocol. Goes out: the same as a value for whoever asks the
person, and their answer in the form that the server understands. Only forms are asked: an address that a server wants
opened is declined, and so is a question to the model (sampling), and the list of folders (roots) is never given.

Must never: answer in a person's place, or ask without an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.providers.mcp.client.background import in_thread

if TYPE_CHECKING:
    from mcp_types import ElicitResult

MOST_ROUNDS = 3
"""How often a server may ask before it answers one call."""
ANSWER_S = 300.0
"""How long a person has for one answer, in seconds."""
_MESSAGE_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedInput:
    """What a server asks of a person. All of it is the server's word: untrusted.

    Arguments:
        schema: of the answer: an object of plain values.
    """

    server: str
    message: str
    schema: Mapping[str, Any] = field(default_factory=dict)


AskPerson: TypeAlias = Callable[[AskedInput], Mapping[str, Any] | None]
"""Asks a person, and returns their answer by the names of the schema; None where they decline."""


async def answered(ask: AskPerson | None, server: str, raw: Mapping[str, Any]) -> ElicitResult:
    """Return a person's answer to the parameters of one ``elicitation/create``; a refusal where there is none."""
    from mcp_types import ElicitResult

    message, schema = raw.get("message"), raw.get("requestedSchema")
    if ask is None or raw.get("mode", "form") != "form" or not isinstance(message, str) or not isinstance(schema, dict):
        return ElicitResult(action="decline")
    asked = AskedInput(server=server, message=message[:_MESSAGE_CHARS], schema=schema)
    answer = await in_thread(lambda: ask(asked))
    if answer is None:
        return ElicitResult(action="decline")
    return ElicitResult(action="accept", content=dict(answer))
