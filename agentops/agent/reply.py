"""``report_request`` and ``report_answer``: the tools with which a run for a request ends, and how a call is read.

Comes in: arguments that a model wrote. Goes out: a ``RequestReply``, or complaints in words that let the model correct
itself.
They are no read tools and never run: the loop itself takes the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.agent.report import evidence_ids
from agentops.core.json_schema import faults
from agentops.core.request import ReplyVerdict, RequestReply
from agentops.core.tool import ToolSpec

_TEXTS = {"type": "array", "items": {"type": "string"}}


def _schema(verdicts: tuple[ReplyVerdict, ...], text: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": [one.value for one in verdicts]},
            "text": {"type": "string", "minLength": 1, "description": text},
            "because": {"type": "string", "description": "With not-possible: why, one sentence"},
            "evidence": {**_TEXTS, "description": "Ids that it rests on, e.g. E3"},
            "not_checked": {**_TEXTS, "description": "What you could not or did not look at"},
        },
        "required": ["verdict", "text", "evidence", "not_checked"],
        "additionalProperties": False,
    }


REQUEST_SPEC = ToolSpec(
    name="report_request",
    description="End the run: what was drafted is the plan, or it is so already, or it is not possible. Call it once.",
    schema=_schema(
        (ReplyVerdict.PLANNED, ReplyVerdict.ALREADY_SO, ReplyVerdict.NOT_POSSIBLE),
        "1-4 sentences: what the plan does, or what is there, exact names and values",
    ),
)
ANSWER_SPEC = ToolSpec(
    name="report_answer",
    description="End the run with the answer. Call it once.",
    schema=_schema(
        (ReplyVerdict.ANSWERED, ReplyVerdict.NOT_POSSIBLE),
        "The answer: first the short one, then what it rests on, with ids like [E3]; exact names and values",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRead:
    """A reply as it was understood: None when it cannot be used, and what is wrong with it."""

    reply: RequestReply | None
    wrong: tuple[str, ...] = ()


def read_reply(spec: ToolSpec, arguments: Mapping[str, Any], *, by: str) -> ReplyRead:
    """Return what the model replied.

    Arguments:
        spec: of the tool that was called.
        by: the model's name.
    """
    wrong = list(faults(spec.schema, arguments))
    allowed = spec.schema["properties"]["verdict"]["enum"]
    verdict, said = str(arguments.get("verdict")), arguments.get("text")
    if verdict not in allowed or not isinstance(said, str) or not said.strip():
        return ReplyRead(reply=None, wrong=tuple(wrong) or ("`text` is empty",))
    because = str(arguments.get("because") or "").strip()
    if verdict == ReplyVerdict.NOT_POSSIBLE.value and not because:
        wrong.append("`because` is missing, and the verdict is not-possible")
    not_checked = arguments.get("not_checked")
    reply = RequestReply(
        verdict=ReplyVerdict(verdict),
        text=said.strip(),
        by=by,
        because=because,
        evidence=evidence_ids(arguments.get("evidence")),
        not_checked=tuple(map(str, not_checked)) if isinstance(not_checked, list) else (),
    )
    return ReplyRead(reply=reply, wrong=tuple(wrong))
