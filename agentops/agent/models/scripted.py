"""``Scripted``: a model that plays turns from a file; for tests, demos and ``--model scripted:FILE``.

The file is YAML or JSON::

    name: oom                            # optional
    turns:
      - expect: "OOMKilled"              # optional: a regular expression that the last message must contain
        reasoning: "The limit was lowered."
        text: "Looking at the rollout."
        calls:
          - {tool: kubernetes_get, arguments: {kind: Pod, name: api-1}}
      - calls:
          - tool: report_finding
            arguments: {verdict: root-cause, evidence: ["{{last}}"], ...}
        stop_reason: tool_use            # optional; follows from calls
        usage: {input_tokens: 1200, output_tokens: 80}
      - error: rate-limited              # instead of an answer: the turn fails

In every string, ``{{last}}`` stands for the newest evidence id in the conversation, ``{{first}}`` for the oldest,
``{{evidence:TEXT}}`` for the newest one whose line contains TEXT. Turns come out as those of Claude do; it never calls
anything outside, and costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops.agent.model import Message, ModelFailure, ModelRequest, Turn
from agentops.core.errors import UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import read_yaml
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line
from agentops.core.usage import Usage

_MOST_BYTES = 32 * 1024 * 1024
_TURN_KEYS = {"expect", "reasoning", "text", "calls", "stop_reason", "usage", "error", "malformed", "detail"}
_TEXTS = ("expect", "reasoning", "text", "stop_reason", "detail", "error")
_PLACEHOLDER = re.compile(r"\{\{(first|last|evidence:[^}]*)\}\}")
_SEEN = re.compile(r"\bEvidence (E\d+)\b[^\n]*")
_ERRORS: Mapping[str, type[ModelFailure]] = {
    kind.default_code.removeprefix("model-"): kind for kind in ModelFailure.__subclasses__()
}


class ScriptMismatch(ModelFailure):
    """The conversation is not the one that the script was written for, or the script is at its end."""

    default_code = "model-script"


class Scripted:
    """Plays the turns one after the other. ``name`` is what findings call it."""

    def __init__(self, turns: Sequence[Mapping[str, Any]], *, name: str = "scripted") -> None:
        self._turns = turns
        self._name = name
        self._next = 0

    @property
    def name(self) -> str:
        """What findings and the audit chain call it."""
        return self._name

    def prepare(self) -> None:
        """Nothing takes long here."""

    def turn(self, request: ModelRequest, progress: Progress) -> Turn:
        """Play the next turn.

        Raises:
            ScriptMismatch: the last message is not what the turn expects, or no turn is left.
            ModelFailure: the script says that this turn fails.
        """
        number = self._next + 1
        if self._next >= len(self._turns):
            raise ScriptMismatch(f"{self._name} has no turn {number}", hint="Add a turn to the script.")
        script = self._turns[self._next]
        self._next += 1
        said = _text_of(request.messages[-1:])
        if "expect" in script and not re.search(script["expect"], said):
            raise ScriptMismatch(
                f"turn {number} of {self._name} expects {one_line(script['expect'], 80)!r}, "
                f"and the last message does not contain it: {one_line(said, 300)}"
            )
        if "error" in script:
            raise _ERRORS[script["error"]](f"{self._name}: turn {number} is scripted to fail as {script['error']}")
        turn = _turn(_filled(script, request.messages), number)
        for stage, text in ((Stage.REASONING, turn.reasoning), (Stage.ANSWER, turn.text)):
            if text:
                progress(Step(stage=stage, text=text))
        return turn


def load_script(path: Path) -> Scripted:
    """Return the model that plays the script in ``path``.

    Raises:
        UsageError: the file cannot be read or is not a script; the message says where.
    """
    text = read_foreign_text(path, "the script of a model", _MOST_BYTES, hint="See docs/models.md.")
    try:
        document = read_json(text) if path.suffix == ".json" else read_yaml(text, aliases=True)
    except ValueError as error:
        raise UsageError(f"the script {path} cannot be read: {one_line(str(error))}") from error
    turns = checked(document.get("turns") if isinstance(document, dict) else None, f"the script {path}")
    return Scripted(turns, name=f"scripted:{document.get('name') or path.name}")


def checked(turns: Any, what: str) -> list[dict[str, Any]]:
    """Return ``turns`` when they can be played.

    Raises:
        UsageError: they cannot; ``what`` says in the message whose turns they are.
    """
    if not isinstance(turns, list) or not turns:
        raise UsageError(f"{what} has no list of turns", hint="See docs/models.md.")
    for number, turn in enumerate(turns, 1):
        wrong = _wrong(turn)
        if wrong:
            raise UsageError(f"turn {number} of {what} {wrong}", hint="See docs/models.md.")
    return turns


def _wrong(turn: Any) -> str:
    if not isinstance(turn, dict):
        return "is not a mapping"
    if unknown := sorted(set(map(str, turn)) - _TURN_KEYS):
        return f"has an unknown key: {one_line(', '.join(unknown))}"
    if mistyped := _mistyped(turn):
        return mistyped
    if "error" in turn and turn["error"] not in _ERRORS:
        return f"names an unknown error (known: {', '.join(sorted(_ERRORS))})"
    try:
        re.compile(turn.get("expect", ""))
        Usage(**turn.get("usage", {}))
    except (re.error, TypeError) as error:
        return f"cannot be used: {one_line(str(error))}"
    return ""


def _mistyped(turn: Mapping[str, Any]) -> str:
    for name in _TEXTS:
        if not isinstance(turn.get(name, ""), str):
            return f"has a field {name} that is no text"
    for name in ("malformed", "usage"):
        if not isinstance(turn.get(name, {}), dict):
            return f"has a field {name} that is no mapping"
    if not all(isinstance(count, int | float) for count in turn.get("usage", {}).values()):
        return "has a field usage that is not all numbers"
    calls = turn.get("calls", [])
    if not isinstance(calls, list) or not all(map(_is_call, calls)):
        return "has calls that are not a list of {tool, arguments}"
    return ""


def _is_call(call: Any) -> bool:
    return (
        isinstance(call, dict)
        and isinstance(call.get("tool"), str)
        and isinstance(call.get("arguments", {}), dict)
        and isinstance(call.get("id", ""), str)
    )


def _turn(script: Mapping[str, Any], number: int) -> Turn:
    content: list[dict[str, Any]] = []
    if script.get("reasoning"):
        content.append({"type": "thinking", "thinking": script["reasoning"], "signature": f"scripted-{number}"})
    if script.get("text"):
        content.append({"type": "text", "text": script["text"]})
    calls = script.get("calls", [])
    for index, call in enumerate(calls, 1):
        call_id = call.get("id", f"call-{number}-{index}")
        content.append({"type": "tool_use", "id": call_id, "name": call["tool"], "input": call.get("arguments", {})})
    return Turn(
        content=tuple(content),
        stop_reason=script.get("stop_reason", "tool_use" if calls else "end_turn"),
        usage=Usage(**{"turns": 1, "cost_usd": 0.0, **script.get("usage", {})}),
        request_id=f"scripted-{number}",
        malformed=script.get("malformed", {}),
        detail=script.get("detail", ""),
    )


def _filled(value: Any, messages: Sequence[Message]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _evidence(match.group(1), messages), value)
    if isinstance(value, Mapping):
        return {key: _filled(item, messages) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, messages) for item in value]
    return value


def _evidence(which: str, messages: Sequence[Message]) -> str:
    seen = list(_SEEN.finditer(_text_of(messages)))
    if which.startswith("evidence:"):
        wanted = which.removeprefix("evidence:")
        seen = [match for match in seen if wanted in match.group()]
    if not seen:
        raise ScriptMismatch(f"the script wants the evidence {{{{{which}}}}}, and none was seen")
    return seen[0 if which == "first" else -1].group(1)


def _text_of(messages: Sequence[Message]) -> str:
    return "\n".join(text for message in messages for text in _texts(message["content"]))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for block in content:
        if block["type"] == "text":
            yield block["text"]
        elif block["type"] == "tool_result":
            yield from _texts(block["content"])
