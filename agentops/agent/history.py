"""``MessageHistory``: the conversation as it was sent, which only ever grows, and the user message being put together.

Comes in: what the loop says, what tools answered, what the model said. Goes out: messages in the shape of the wire, to
be sent and to be kept. A message that the model has answered is never changed again: reasoning is signed over it, the
prompt cache rests on it, and the transcript must be what the model saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from agentops.agent.model import Message, Turn
from agentops.agent.toolbox import ToolResult

Keep: TypeAlias = Callable[[Sequence[Message]], None]
"""Given messages as they become final, each exactly once and in order."""


def forget(messages: Sequence[Message]) -> None:
    """Keep nothing."""


class MessageHistory:
    """The messages of a run.

    Arguments:
        resume: messages of an earlier run, final already.
        keep: see ``Keep``; those of ``resume`` are not given to it again.
    """

    def __init__(self, resume: Sequence[Message], keep: Keep) -> None:
        self._messages: list[Message] = list(resume)
        self._keep = keep
        self._kept = len(self._messages)
        self._pending: list[dict[str, Any]] = []
        self._results: tuple[ToolResult, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages so far."""
        return tuple(self._messages)

    def open(self, opening: str) -> None:
        """Close the tool calls that an interruption left unanswered, and say the opening."""
        last: Message = self._messages[-1] if self._messages else {"role": "user", "content": ""}
        by_model = last["role"] == "assistant" and not isinstance(last["content"], str)
        unanswered = [block for block in last["content"] if block["type"] == "tool_use"] if by_model else []
        reason = "Not executed: the run was interrupted. Call it again if it still matters."
        self._pending += [_tool_result(block["id"], reason, is_error=True) for block in unanswered]
        if opening or (last["role"] == "assistant" and not unanswered):
            self.say(opening or "Go on.")

    def say(self, text: str) -> None:
        """Add a text to the next user message."""
        self._pending.append({"type": "text", "text": text})

    def answer(self, results: Sequence[ToolResult]) -> None:
        """Answer every call of the last turn; all answers go into one message, before any text."""
        self._results = tuple(results)
        answers = [_tool_result(r.call.id, r.content, is_error=r.is_error) for r in results]
        self._pending = answers + self._pending

    def send(self) -> tuple[Message, ...]:
        """Finish the user message, if there is anything to say, and return what to send."""
        if self._pending:
            self._messages.append({"role": "user", "content": self._pending})
            self._pending = []
        return self.messages

    def take(self, turn: Turn) -> None:
        """Add what the model said. With that, everything up to here is final."""
        if turn.content:
            self._messages.append({"role": "assistant", "content": [dict(block) for block in turn.content]})
        self._flush()

    def end(self) -> tuple[Message, ...]:
        """Keep the rest, answers that no turn has seen included, and return all messages."""
        messages = self.send()
        self._flush()
        return messages

    def shorten(self) -> bool:
        """Take back the last user message, which did not fit, and name its evidence instead of showing it.

        The model has not answered it, so nothing that it saw changes. False when there is nothing to shorten.
        """
        if self._kept >= len(self._messages) or not self._results:
            return False
        self._messages.pop()
        self._pending = [_tool_result(r.call.id, _named(r), is_error=r.is_error) for r in self._results]
        self._results = ()
        return True

    def _flush(self) -> None:
        fresh = self._messages[self._kept :]
        self._kept = len(self._messages)
        if fresh:
            self._keep(fresh)


def _named(result: ToolResult) -> str:
    if result.evidence is None:
        return result.content
    return f"Evidence {result.evidence.id} is stored but not shown: the context window is full."


def _tool_result(call_id: str, content: str, *, is_error: bool) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    return {**block, "is_error": True} if is_error else block
