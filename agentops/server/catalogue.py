"""The tools of the server: names, descriptions, schemas, and hints that are true of each; no change tool among them.

Comes in: what the read tools of the open places declare. Goes out: the list as it goes over the wire, in one order. It
is sent with every turn of somebody's conversation, so words are few: at most 6,000 tokens in all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from agentops.core.jsonable import to_json
from agentops.core.tool import ToolSpec
from agentops.server.answers import ToolAnswer
from agentops.server.work import (
    Asking,
    read_tool,
    run_apply,
    run_audit_tail,
    run_explain,
    run_investigate,
    run_preview,
    run_propose,
    run_rollback,
    run_triage,
)

Json = dict[str, Any]
BYTES_PER_TOKEN = 3.75
MOST_TOKENS = 6_000
PROFILES = ("full", "minimal")
APPLY = "apply_plan"
_MINIMAL = ("triage", "investigate", "propose_plan", "preview_plan", APPLY)
_UNTOLD = ("minLength", "maxLength")
_UNTOLD_VALUES = (("additionalProperties", False), ("minimum", 0), ("minimum", 1), ("minItems", 1))
_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 300}
_CODE: Json = {"type": "string", "minLength": 4, "maxLength": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTool:
    """One tool of the server.

    Arguments:
        output: the schema of its structured content; empty: one text, as of every read tool.
        read_only: it changes no system; it may keep an incident or a plan on this machine.
        destructive: what it leads to can take something away.
        idempotent: the same call again has no further effect.
        heavy: it takes seconds, and few run at a time.
        own_record: it leaves a record of the call itself, so that the door does not write another one.
    """

    name: str
    title: str
    description: str
    schema: Mapping[str, Any]
    work: Callable[[Asking], ToolAnswer]
    output: Mapping[str, Any]
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    heavy: bool = False
    own_record: bool = False

    def on_the_wire(self) -> types.Tool:
        """Return it as a client sees it."""
        # What is the protocol's default is not said: a read tool looks at an open world.
        hints = types.ToolAnnotations(read_only_hint=True, open_world_hint=None if self.own_record else False)
        if not self.read_only:
            hints = types.ToolAnnotations(
                read_only_hint=False,
                destructive_hint=self.destructive,
                idempotent_hint=self.idempotent,
                open_world_hint=True,
            )
        return types.Tool(
            name=self.name,
            description=self.description,
            input_schema=_short(self.schema),
            output_schema=to_json(dict(self.output)) if self.output else None,
            annotations=hints,
        )


def _short(schema: Mapping[str, Any]) -> Json:
    """Return a schema without what costs a conversation and tells a model nothing; calls are held against all of it.

    That a text is not empty, that a number is not zero, how long a text may be, and that there are no other fields.
    """
    found: Json = {}
    for name, value in schema.items():
        if name in _UNTOLD or (name, value) in _UNTOLD_VALUES:
            continue
        if name == "properties":
            found[name] = {field: _short(inner) for field, inner in value.items()}
        elif name == "items" and isinstance(value, Mapping):
            found[name] = _short(value)
        else:
            found[name] = to_json(value)
    return found


def _object(required: Sequence[str] = (), **properties: Json) -> Json:
    said: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**said, "required": list(required)} if required else said


def _answer(*names: str) -> Json:
    """Return the schema of an answer: which texts it has; further fields may come."""
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


_CHANGES: Json = {
    "type": "array",
    "minItems": 1,
    "maxItems": 10,
    "items": _object(
        ("tool", "target", "reason"),
        tool=_TEXT,
        target=_TEXT,
        arguments={"type": "object"},
        reason={"type": "string", "minLength": 1, "maxLength": 500},
    ),
}

OWN_TOOLS: tuple[ServedTool, ...] = (
    ServedTool(
        name="triage",
        title="Triage",
        description="What is wrong now, best explanation first. target: k8s:NS/KIND/NAME or aws:SERVICE/TYPE/ID.",
        schema=_object(target=_TEXT),
        work=run_triage,
        output=_answer("status", "conclusion"),
        heavy=True,
    ),
    ServedTool(
        name="investigate",
        title="Investigate",
        description=(
            "Take an alert to a root cause with cited evidence; kept as an incident. alert: a target as of triage, "
            "alertmanager:NAME, a JSON payload, or words."
        ),
        schema=_object(("alert",), alert={"type": "string", "minLength": 1, "maxLength": 65536}),
        work=run_investigate,
        output=_answer("incident", "verdict", "conclusion", "confidence"),
        idempotent=False,
        heavy=True,
    ),
    ServedTool(
        name="propose_plan",
        title="Propose a plan",
        description=(
            "Make a change plan that waits for a person; changes nothing. incident: of investigate, for its known "
            "remedies; or changes with reason. Returns diff, reach, undo, and the command to approve."
        ),
        schema=_object(incident=_TEXT, changes=_CHANGES, reason={"type": "string", "minLength": 1, "maxLength": 500}),
        work=run_propose,
        output=_answer("status", "plan", "digest", "approve_command"),
        idempotent=False,
        heavy=True,
    ),
    ServedTool(
        name="preview_plan",
        title="Preview a plan",
        description="Show a plan and whether it is approved.",
        schema=_object(("plan_digest",), plan_digest=_CODE),
        work=run_preview,
        output=_answer("status", "plan", "digest", "approve_command"),
    ),
    ServedTool(
        name=APPLY,
        title="Apply an approved plan",
        description=(
            "Run a plan that a person approved: once, verified, rolled back if it fails. If approval_pending, show the "
            "command to a person and wait. A refusal is final: do not look for another way."
        ),
        schema=_object(("plan_digest",), plan_digest=_CODE),
        work=run_apply,
        output=_answer("status", "plan", "change", "message", "hint"),
        read_only=False,
        destructive=True,
        idempotent=True,
        heavy=True,
    ),
    ServedTool(
        name="rollback",
        title="Propose a rollback",
        description="Make a plan that takes an applied change back; it waits for a person. change: of apply_plan.",
        schema=_object(("change",), change=_CODE),
        work=run_rollback,
        output=_answer("status", "plan", "digest", "approve_command"),
        idempotent=False,
        heavy=True,
    ),
    ServedTool(
        name="explain_policy",
        title="Explain policy",
        description="Why policy allows or forbids a plan, or a change tool on a target. facts: NAME=VALUE.",
        schema=_object(
            tool=_TEXT,
            target=_TEXT,
            facts={"type": "array", "items": _TEXT, "maxItems": 40},
            plan_digest=_CODE,
        ),
        work=run_explain,
        output={"type": "object", "properties": {"allowed": {"type": "boolean"}}},
    ),
    ServedTool(
        name="audit_tail",
        title="Audit log",
        description="The newest audit records of your own requests.",
        schema=_object(limit={"type": "integer", "minimum": 1, "maximum": 100}),
        work=run_audit_tail,
        output={"type": "object", "properties": {"records": {"type": "array"}}},
        heavy=True,
    ),
)


def catalogue(reads: Sequence[ToolSpec], profile: str, is_allowed: Callable[[str], bool]) -> tuple[ServedTool, ...]:
    """Return the tools that one program gets, our own first, then the read tools by name.

    Arguments:
        reads: what the read tools of the open places declare.
        profile: ``full``, or ``minimal``: triage, investigate, and the way of a plan.
        is_allowed: whether the program's scope has a tool.
    """
    own = [one for one in OWN_TOOLS if profile == "full" or one.name in _MINIMAL]
    reading = [_of_spec(spec) for spec in sorted(reads, key=lambda one: one.name)] if profile == "full" else []
    return tuple(one for one in (*own, *reading) if is_allowed(one.name))


def _of_spec(spec: ToolSpec) -> ServedTool:
    return ServedTool(
        name=spec.name,
        title=spec.name,
        description=spec.description,
        schema=spec.schema,
        work=read_tool(spec.name),
        output={},
        own_record=True,
    )


def tokens_of(tools: Sequence[ServedTool]) -> float:
    """Return how many tokens the list costs whoever has it in a conversation, roughly."""
    listed = [one.on_the_wire().model_dump(by_alias=True, mode="json", exclude_none=True) for one in tools]
    return len(json.dumps(listed, separators=(",", ":"), ensure_ascii=False).encode()) / BYTES_PER_TOKEN


def listed(tools: Sequence[ServedTool], most_tokens: float = MOST_TOKENS) -> tuple[ServedTool, ...]:
    """Return the tools that are listed: all that fit, in their order; the others can be called, and are not told."""
    found: list[ServedTool] = []
    spent = 0.0
    for tool in tools:
        spent += tokens_of((tool,))
        if spent > most_tokens:
            break
        found.append(tool)
    return tuple(found)


def served_input_schema(_name: str) -> None:
    """Return nothing: no argument of ours is said in a header as well, so there is nothing to hold against it."""
    return
