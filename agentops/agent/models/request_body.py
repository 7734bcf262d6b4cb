"""The body of a messages request: what is sent, and what may be left out for endpoints that do not know it.

Comes in: a ``ModelRequest`` and the features in use. Goes out: the JSON body. Cache breakpoints are put on copies, so
that the history stays free of them; the prefix (tools, then system) is the same bytes every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.agent.model import Message, ModelRequest

_BREAKPOINT = {"type": "ephemeral"}
_UNCACHEABLE = ("thinking", "redacted_thinking")
# One breakpoint each on tools and system leaves two of the four that the API allows. The last two user messages get
# them: a turn may add more blocks than the 20 that the lookup goes back.
_TAIL_BREAKPOINTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is asked for beyond the bare protocol; each can be turned off, by setting or because an endpoint refuses it.

    ``effort`` is ``low`` to ``max``, or empty to leave it to the model.
    """

    thinking: bool = True
    effort: str = "medium"
    caching: bool = True

    def without(self, complaint: str) -> Features | None:
        """Return the features without the one that an endpoint's complaint names; None when it names none in use."""
        said = complaint.lower()
        if self.effort and ("effort" in said or "output_config" in said):
            return replace(self, effort="")
        if self.caching and "cache_control" in said:
            return replace(self, caching=False)
        # The complaint about reasoning that was signed over another history is about messages, not about the parameter.
        if self.thinking and "thinking" in said and "signature" not in said and "conversation" not in said:
            return replace(self, thinking=False)
        return None


def body(request: ModelRequest, *, model: str, max_tokens: int, features: Features) -> dict[str, Any]:
    """Return the body of a streamed messages request; tools are chosen by the model (``tool_choice`` auto)."""
    system: dict[str, Any] = {"type": "text", "text": request.system}
    tools = [dict(tool) for tool in request.tools]
    messages: list[Message] = list(request.messages)
    if features.caching:
        system["cache_control"] = _BREAKPOINT
        if tools:
            tools[-1]["cache_control"] = _BREAKPOINT
        messages = _with_breakpoints(messages)
    made: dict[str, Any] = {
        "model": model,
        "max_tokens": max_tokens,
        "stream": True,
        "tools": tools,
        "system": [system],
        "messages": messages,
    }
    if features.thinking:
        made["thinking"] = {"type": "adaptive", "display": "summarized"}
    if features.effort:
        made["output_config"] = {"effort": features.effort}
    return made


def _with_breakpoints(messages: Sequence[Message]) -> list[Message]:
    marked = list(messages)
    left = _TAIL_BREAKPOINTS
    for index in range(len(marked) - 1, -1, -1):
        if not left:
            break
        if marked[index]["role"] == "user" and (with_mark := _marked(marked[index])):
            marked[index] = with_mark
            left -= 1
    return marked


def _marked(message: Message) -> Mapping[str, Any] | None:
    content = message["content"]
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not content or content[-1]["type"] in _UNCACHEABLE:
        return None
    return {**message, "content": [*content[:-1], {**content[-1], "cache_control": _BREAKPOINT}]}
