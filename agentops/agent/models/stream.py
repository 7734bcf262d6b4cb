"""Assembles one turn of the model from the events of a stream.

Comes in: one event after the other, as plain dicts. Goes out: text as it arrives, and at the end a ``Turn``, or the
failure that it is when the stream ended early. Blocks of a kind that is not known here are kept as they came. The
arguments of a tool call are parsed once, when they are whole; what is not JSON is said so and never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from agentops.agent.model import StreamCut, Turn
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line
from agentops.core.usage import Usage

_SHOWN = {"text_delta": ("text", Stage.ANSWER), "thinking_delta": ("thinking", Stage.REASONING)}
_GATHERED = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class StreamedTurn:
    """One stream. Fragments of reasoning and answer are told to ``progress`` as they come."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._blocks: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, list[str]] = {}
        self._parts: dict[tuple[int, str], list[str]] = {}
        self._usage: dict[str, int] = {}
        self._stop_reason = ""
        self._detail = ""
        self._spoke: set[Stage] = set()

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take in one event; kinds that are not known are passed over, as the protocol asks."""
        kind = event.get("type")
        if kind == "message_start":
            self._count(event["message"].get("usage"))
        elif kind == "content_block_start":
            self._blocks[event["index"]] = dict(event["content_block"])
        elif kind == "content_block_delta":
            self._extend(event["index"], event["delta"])
        elif kind == "message_delta":
            self._count(event.get("usage"))
            delta = event["delta"]
            self._stop_reason = delta.get("stop_reason") or self._stop_reason
            self._detail = _explained(delta.get("stop_details")) or self._detail

    def turn(self, *, request_id: str) -> Turn:
        """Return what was assembled; its usage has no price yet.

        Raises:
            StreamCut: the stream ended without saying why the model stopped.
        """
        if not self._stop_reason:
            raise StreamCut("the answer broke off: the stream ended before the message did")
        malformed: dict[str, str] = {}
        content = [self._finished(index, malformed) for index in sorted(self._blocks)]
        return Turn(
            content=tuple(block for block in content if block.get("type") != "text" or block.get("text")),
            stop_reason=self._stop_reason,
            usage=Usage(
                turns=1,
                input_tokens=self._usage.get("input_tokens", 0),
                output_tokens=self._usage.get("output_tokens", 0),
                cache_read_tokens=self._usage.get("cache_read_input_tokens", 0),
                cache_write_tokens=self._usage.get("cache_creation_input_tokens", 0),
            ),
            request_id=request_id,
            malformed=malformed,
            detail=self._detail,
        )

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Take in token counts; those of later events are totals and replace earlier ones."""
        for name, value in (usage or {}).items():
            if isinstance(value, int):
                self._usage[name] = value

    def _extend(self, index: int, delta: Mapping[str, Any]) -> None:
        kind = delta.get("type", "")
        if kind == "input_json_delta":
            self._arguments.setdefault(index, []).append(delta.get("partial_json") or "")
        elif kind == "citations_delta":
            block = self._blocks[index]
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        elif kind in _GATHERED:
            field = _GATHERED[kind]
            text = delta.get(field) or ""
            first = (index, field) not in self._parts
            self._parts.setdefault((index, field), []).append(text)
            if kind in _SHOWN and text:
                self._tell(_SHOWN[kind][1], text, first=first)

    def _tell(self, stage: Stage, text: str, *, first: bool) -> None:
        if first and stage in self._spoke:
            text = "\n\n" + text
        self._spoke.add(stage)
        self._progress(Step(stage=stage, text=text))

    def _finished(self, index: int, malformed: dict[str, str]) -> dict[str, Any]:
        block = self._blocks[index]
        for field in _GATHERED.values():
            if (index, field) in self._parts:
                block[field] = (block.get(field) or "") + "".join(self._parts[index, field])
        if index in self._arguments:
            block["input"], wrong = _arguments("".join(self._arguments[index]))
            if wrong:
                malformed[str(block.get("id"))] = wrong
        return {name: value for name, value in block.items() if value is not None}


def _arguments(text: str) -> tuple[dict[str, Any], str]:
    """Return a tool call's arguments and what is wrong with them; never part of an object."""
    try:
        value = json.loads(text or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return {}, one_line(str(error), 120)
    if not isinstance(value, dict):
        return {}, "not an object"
    return value, ""


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _explained(details: Any) -> str:
    if not isinstance(details, Mapping):
        return ""
    return ": ".join(str(details[name]) for name in ("category", "explanation") if details.get(name))
