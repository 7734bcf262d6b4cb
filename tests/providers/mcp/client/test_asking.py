"""A server that asks a person for input: who is asked, what the server hears, and that nobody answers for a person."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.asking import MOST_ROUNDS, AskedInput
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.objects.server import ServerLimits

Hostile = Callable[..., ServerSession]
SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}}


class _Person:
    """Gives one answer to whatever is asked, after a while."""

    def __init__(self, answer: Mapping[str, Any] | None, after_s: float = 0.0) -> None:
        self.asked: list[AskedInput] = []
        self._answer, self._after_s = answer, after_s

    def __call__(self, asked: AskedInput) -> Mapping[str, Any] | None:
        self.asked.append(asked)
        time.sleep(self._after_s)
        return self._answer


def _said(session: ServerSession) -> Any:
    return json.loads(session.call("echo", {}).parts[0].text)


def test_a_person_s_answer_goes_to_a_server_of_the_older_era(hostile: Hostile) -> None:
    """It asks on the way; the model and the folders stay out of it."""
    person = _Person({"word": "yes"})
    came = _said(hostile("asks", options={"ask": person}))
    assert person.asked == [AskedInput(server="plain", message="Your password?", schema=SCHEMA)]
    assert (came["elicitation/create"], came["sampling/createMessage"], came["roots/list"]) == (
        {"action": "accept", "content": {"word": "yes"}},
        "Sampling not supported",
        "List roots not supported",
    )


def test_a_person_s_answer_goes_to_a_server_of_the_newer_era(hostile: Hostile) -> None:
    """The same call goes on with it, and with the state that the server gave."""
    person = _Person({"word": "yes"})
    came = _said(hostile("asks_anew", options={"ask": person}))
    assert person.asked == [AskedInput(server="plain", message="Which word?", schema=SCHEMA)]
    assert came == {"input": {"k": {"action": "accept", "content": {"word": "yes"}}}, "state": "state-1"}


def test_a_person_who_declines_is_believed(hostile: Hostile) -> None:
    """The older era hears so; in the newer one the call is not sent again."""
    assert _said(hostile("asks", options={"ask": _Person(None)}))["elicitation/create"] == {"action": "decline"}
    with pytest.raises(ToolError) as caught:
        hostile("asks_anew", options={"ask": _Person(None)}).call("echo", {})
    assert caught.value.code == "mcp-input-declined"


def test_nobody_there_is_a_no(hostile: Hostile) -> None:
    """The call ends at once."""
    with pytest.raises(ToolError) as caught:
        hostile("asks_anew").call("echo", {})
    assert (caught.value.message, caught.value.code) == (
        "MCP server plain asks for input before it runs echo, and was declined",
        "mcp-input-declined",
    )


def test_a_server_that_asks_for_ever_is_not_answered_for_ever(hostile: Hostile) -> None:
    """So many questions, and no more."""
    person = _Person({"word": "yes"})
    with pytest.raises(ToolError) as caught:
        hostile("asks_for_ever", options={"ask": person}).call("echo", {})
    assert (caught.value.code, len(person.asked)) == ("mcp-input-declined", MOST_ROUNDS)


@pytest.mark.parametrize("mode", ["asks", "asks_anew"])
def test_a_person_may_take_longer_than_a_call(hostile: Hostile, mode: str) -> None:
    """The clock of the call stands still while somebody thinks."""
    person = _Person({"word": "yes"}, after_s=1.5)
    session = hostile(mode, limits=ServerLimits(call_s=1.0), options={"ask": person})
    assert "accept" in json.dumps(_said(session))
