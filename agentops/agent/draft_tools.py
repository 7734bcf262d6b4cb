"""``draft_change`` and ``drop_change``: what the model has instead of change tools, and how a call of one is read.

Comes in: the declarations of the change tools, and a call as a model made it. Goes out: two declarations, the same
bytes in every request of a run, and what a call asks for, with its arguments checked against the change tool's own
schema. The description of ``draft_change`` has one line for each change tool, which costs a quarter of their schemas; a
call that does not fit is answered with the schema itself, so that it costs one turn and not the run. Holds no change
tool and tries nothing out.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.agent.signature import signature
from agentops.core.errors import ToolInputError
from agentops.core.json_schema import called_wrongly, faults, without_absent
from agentops.core.jsonable import to_json
from agentops.core.text import one_line
from agentops.core.tool import Effect, ToolCall, ToolSpec

DRAFT = "draft_change"
DROP = "drop_change"
REASON_CHARS = 1_000
_OURS: Mapping[str, Mapping[str, Any]] = {
    "target": {"type": "string", "minLength": 1},
    "reason": {"type": "string", "minLength": 1, "maxLength": REASON_CHARS},
    "evidence": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}
"""What every draft has besides the arguments of its tool; ``prompts/fix.md`` says once what they mean."""

DRAFT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"tool": {"type": "string", "minLength": 1}, **_OURS, "arguments": {"type": "object"}},
    "required": ["tool", *_OURS],
    "additionalProperties": False,
}
_INTRODUCTION = (
    "Append one change to the change plan; nothing is executed. `tool` {arguments} (?: may be left out; no type: text; "
    "map: {name: text}):"
)

DROP_SPEC = ToolSpec(
    name=DROP,
    description="Withdraw a step of the change plan, by number or target.",
    schema={
        "type": "object",
        "properties": {"step": {"type": "integer", "minimum": 1}, "target": {"type": "string", "minLength": 1}},
        "minProperties": 1,
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A draft as the model asked for it: the change tool's full name, its arguments, and the words around them."""

    tool: str
    target: str
    arguments: Mapping[str, Any]
    reason: str
    evidence: Sequence[str]


def checked_specs(specs: Sequence[ToolSpec]) -> dict[str, ToolSpec]:
    """Return the change tools by name.

    Raises:
        ValueError: one does not change anything, has a name or an argument that is ours, or two have one name.
    """
    found: dict[str, ToolSpec] = {}
    for spec in specs:
        taken = sorted(set(spec.schema.get("properties", {})) & set(_OURS))
        # A deferred tool is drafted with ``draft_change`` alone, so its arguments are in nobody's way.
        taken = [] if spec.deferred else taken
        if spec.effect is not Effect.CHANGE or taken or spec.name in (DRAFT, DROP):
            raise ValueError(f"{spec.name} cannot be drafted: {', '.join(taken) or 'it is not a change tool'}")
        if spec.name in found:
            raise ValueError(f"two change tools have one name: {spec.name}")
        found[spec.name] = spec
    return found


def draft_spec(specs: Mapping[str, ToolSpec]) -> ToolSpec:
    """Return the declaration of ``draft_change``: a line for each change tool, in their order, without its provider."""
    listed_here = {name: spec for name, spec in specs.items() if not spec.deferred}
    shorts = Counter(map(_short, listed_here))
    lines = [_INTRODUCTION]
    for name, spec in listed_here.items():
        listed = _short(name) if shorts[_short(name)] == 1 else name
        arguments = signature(spec.schema)
        lines.append(f"{listed}{'' if arguments == '{}' else f' {arguments}'}: {spec.description}")
    if len(listed_here) < len(specs):
        lines.append(f"and {len(specs) - len(listed_here)} of connected servers: tool_search finds them")
    return ToolSpec(name=DRAFT, description="\n".join(lines), schema=DRAFT_SCHEMA, effect=Effect.READ)


def tool_of(call: ToolCall) -> str:
    """Return the change tool that a call is about, for messages; the call's own name where it names none."""
    named = call.arguments.get("tool") if call.name == DRAFT else None
    return one_line(named, 80) if isinstance(named, str) and named else call.name


def read_draft(call: ToolCall, specs: Mapping[str, ToolSpec]) -> Asked:
    """Return what a call asks for.

    A change tool that is called by its own name, with the words beside its arguments, is taken for a draft of it: some
    models do so whatever the declaration says, and it means nothing else.

    Raises:
        ToolInputError: it does not fit; the message has the schema of the tool's arguments.
    """
    given = dict(call.arguments)
    if call.name != DRAFT:
        own = {name: value for name, value in given.items() if name not in _OURS}
        given = {**{name: given[name] for name in _OURS if name in given}, "tool": call.name, "arguments": own}
    spec = _spec_of(given.get("tool"), specs)
    unfit = _faults_in(given.get("arguments", {}), spec)
    wrong = (*faults(DRAFT_SCHEMA, given), *unfit)
    if wrong:
        said = called_wrongly(tool_of(call), wrong)
        raise ToolInputError(f"{said}." if unfit else said, hint=_form(spec) if unfit else "")
    assert spec is not None  # noqa: S101 - else ``tool`` is missing or no text, which is among the faults
    return Asked(
        tool=spec.name,
        target=given["target"],
        arguments=given.get("arguments", {}),
        reason=given["reason"],
        evidence=given["evidence"],
    )


def _faults_in(arguments: Any, spec: ToolSpec | None) -> tuple[str, ...]:
    if spec is None or not isinstance(arguments, Mapping):
        return ()
    return faults(spec.schema, without_absent(spec.schema, arguments), "arguments")


def _form(spec: ToolSpec | None) -> str:
    """Return the schema of a tool's arguments, compact: what was wrong is seldom the only thing to know."""
    if spec is None:
        return ""
    schema = json.dumps(to_json(spec.schema), separators=(",", ":"), ensure_ascii=False)
    return f"The JSON Schema of `arguments` for {spec.name}: {schema}"


def _spec_of(named: Any, specs: Mapping[str, ToolSpec]) -> ToolSpec | None:
    """Return the change tool of that name, with or without its provider's prefix; None when no name is given.

    Raises:
        ToolInputError: there is no such tool; the message has the names that are near.
    """
    if not isinstance(named, str) or not named:
        return None
    if named in specs:
        return specs[named]
    short = [spec for name, spec in specs.items() if _short(name) == named]
    if len(short) == 1:
        return short[0]
    near = difflib.get_close_matches(named, list(specs), n=3, cutoff=0.5)
    known = f"Did you mean {' or '.join(near)}?" if near else f"They are {', '.join(specs)}."
    raise ToolInputError(f"there is no change tool {one_line(named, 60)!r}. {known}")


def _short(name: str) -> str:
    """Return a tool's name without its provider, which comes first in every name."""
    return name.partition("_")[2] or name
