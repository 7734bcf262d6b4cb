"""What goes back over the wire: redacted, cut to size, with nothing in it that could pass for a fence or a control.

Comes in: plain JSON, or an error. Goes out: a ``CallToolResult``. Text from systems is data for whoever reads it, and
each answer says so. A refusal is worded so that an agent stops: it is told what was not done, and not to look for
another way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from agentops.agent.fence import Fence, neutral
from agentops.app.apply_pending import WAITS
from agentops.core.errors import AgentopsError, NotApproved, PolicyRefused
from agentops.core.text import clip

Json = dict[str, Any]
MOST_BYTES = 40_000
STOP = "Not executed, not queued. Do not try another route: tell the person who asked you."
_SIZES = ((50, 4_000), (25, 1_200), (12, 400), (5, 160), (2, 80))
_LABEL = "agentops"
_OURS = ("rate-limited", "unknown-client")
"""The refusals whose hint is for an agent, or for whoever set it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What a tool came to.

    Arguments:
        document: plain JSON, the structured content.
        text: what a model reads; empty: the document itself, fenced.
        is_error: nothing came of it.
        is_clean: it comes from the toolbox, which has redacted it and fenced it.
    """

    document: Json
    text: str = ""
    is_error: bool = False
    is_clean: bool = False


def result_of(answer: ToolAnswer, fence: Fence, redacted: Callable[[Any], Any]) -> types.CallToolResult:
    """Return an answer as it goes over the wire.

    Arguments:
        redacted: hides the secrets of a JSON value.
    """
    document = fitted(answer.document if answer.is_clean else redacted(_neutral(answer.document)))
    text = answer.text or fence.wrap(json.dumps(document, ensure_ascii=False, separators=(",", ":")), _LABEL)
    return types.CallToolResult(
        content=[types.TextContent(text=clip(text, MOST_BYTES))],
        structured_content=document,
        is_error=answer.is_error,
    )


def refusal(error: AgentopsError, *, changes: bool) -> ToolAnswer:
    """Return an error in the words that an agent is to act on.

    Arguments:
        changes: the tool leads to a change, so that no is to be taken for an answer.
    """
    is_no = isinstance(error, NotApproved | PolicyRefused)
    # What policy says to a person at a terminal, to look further, an agent would take for a way round.
    hint = "" if isinstance(error, PolicyRefused) and error.code not in _OURS else error.hint
    said: Json = {
        "status": "approval_pending" if error.code == WAITS else "refused" if is_no else "error",
        "code": error.code,
        "message": error.message,
        "hint": hint,
    }
    if error.code == WAITS:
        said["next"] = "Not executed yet. Show the command to a person and wait; then call apply_plan again, once."
    elif is_no or changes:
        said["stop"] = STOP
    return ToolAnswer(document=said, is_error=error.code != WAITS)


def defect(error: BaseException) -> ToolAnswer:
    """Return that something failed inside agentops; what it says may quote anything, so only its kind is told."""
    kind = type(error).__name__
    message = f"agentops failed inside ({kind}); this is a defect. {STOP}"
    return ToolAnswer(document={"status": "error", "code": "defect", "message": message}, is_error=True)


def fitted(document: Json, most_bytes: int = MOST_BYTES) -> Json:
    """Return the document cut until it fits: shorter lists, then shorter texts; it says where it was cut."""
    for items, chars in _SIZES:
        cut = _cut(document, items, chars)
        if len(json.dumps(cut, ensure_ascii=False).encode("utf-8", "replace")) <= most_bytes:
            return dict(cut)
    return {"status": "too-large", "message": "the answer is too large to be shown; ask for less"}


def _cut(value: Any, items: int, chars: int) -> Any:
    if isinstance(value, Mapping):
        kept = list(value.items())
        found = {str(key): _cut(item, items, chars) for key, item in kept[: 2 * items + 40]}
        return found if len(kept) == len(found) else {**found, "cut": f"{len(kept) - len(found)} more fields"}
    if isinstance(value, list | tuple):
        found_items = [_cut(item, items, chars) for item in value[:items]]
        return found_items if len(value) <= items else [*found_items, f"... {len(value) - items} more"]
    return clip(value, chars) if isinstance(value, str) else value


def _neutral(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {neutral(str(key)): _neutral(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_neutral(item) for item in value]
    return neutral(value) if isinstance(value, str) else value
