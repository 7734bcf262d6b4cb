"""``report_finding``: the tool with which the model ends a run, and the way from its arguments to a ``Finding``.

Comes in: arguments that a model wrote. Goes out: a ``Finding``, or complaints in words that let the model correct
itself. It is not a read tool and never runs: the loop itself takes the call. What it proposes stays data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.finding import Cause, Confidence, Finding, Hypothesis, Verdict
from agentops.core.json_schema import faults
from agentops.core.plan import Change
from agentops.core.resource import Home, ResourceRef, check_name, parse_ref
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec

_TEXTS = {"type": "array", "items": {"type": "string"}}
_TEXT = {"type": "string"}
_NOT_EMPTY = {"type": "string", "minLength": 1}

SPEC = ToolSpec(
    name="report_finding",
    description="End the investigation with its result. Call it once, when the evidence is in.",
    schema={
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": [verdict.value for verdict in Verdict]},
            "conclusion": {
                "type": "string",
                "minLength": 1,
                "description": "1-4 sentences, root cause first, exact names and values",
            },
            "confidence": {"type": "string", "enum": [level.value for level in Confidence]},
            "cause": {
                "type": "object",
                "description": "The object that is wrong (not the one that suffers); with root-cause only",
                "properties": {
                    "resource": {
                        "type": "string",
                        "description": "NAMESPACE/KIND/NAME, or KIND/NAME if cluster-scoped",
                    },
                    "condition": {"type": "string", "description": "CamelCase, as triage names it where it fits"},
                },
                "required": ["resource", "condition"],
                "additionalProperties": False,
            },
            "evidence": {**_TEXTS, "description": "Ids that support the conclusion, e.g. E3"},
            "ruled_out": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"statement": _NOT_EMPTY, "contradicted_by": _TEXTS},
                    "required": ["statement", "contradicted_by"],
                    "additionalProperties": False,
                },
            },
            "not_checked": {**_TEXTS, "description": "What you could not or did not look at"},
            "next_steps": {**_TEXTS, "description": "What a person should do, most urgent first"},
            "proposed_changes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "tool": {"type": "string", "description": "e.g. kubernetes_rollout_undo, kubernetes_patch"},
                        "target": {"type": "string", "description": "As cause.resource"},
                        "arguments": {"type": "object"},
                        "reason": _TEXT,
                        "evidence": _TEXTS,
                    },
                    "required": ["tool", "target", "arguments", "reason", "evidence"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["verdict", "conclusion", "confidence", "evidence", "ruled_out", "not_checked", "next_steps"],
        "additionalProperties": False,
    },
)


DRAFTING_SPEC = replace(
    SPEC,
    schema={
        **SPEC.schema,
        "properties": {name: one for name, one in SPEC.schema["properties"].items() if name != "proposed_changes"},
    },
)
"""The same in a run that drafts: what is proposed there is a draft. A report that proposes all the same is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as it was understood: ``finding`` is None when it cannot be used, ``wrong`` says what is wrong with it.

    Both are set when the report can be used in part: what could not be read is left out.
    """

    finding: Finding | None
    wrong: tuple[str, ...] = ()


def read_report(arguments: Mapping[str, Any], *, home: Home, by: str) -> Report:
    """Return what the model reported.

    Arguments:
        arguments: of the ``report_finding`` call.
        home: where its resources stand that it names shortly.
        by: the model's name.
    """
    wrong = list(faults(SPEC.schema, arguments))
    if any(arguments.get(name) in (None, "") for name in ("conclusion", "verdict")):
        return Report(finding=None, wrong=tuple(wrong))
    verdict, confidence = _choice(Verdict, arguments["verdict"]), _choice(Confidence, arguments.get("confidence"))
    cause = _cause(arguments.get("cause"), home, wrong)
    if verdict is Verdict.ROOT_CAUSE and cause is None and not wrong:
        wrong.append("`cause` is missing, and the verdict is root-cause")
    finding = Finding(
        verdict=verdict or Verdict.UNDETERMINED,
        conclusion=str(arguments["conclusion"]),
        confidence=confidence or Confidence.LOW,
        by=by,
        cause=cause,
        evidence=evidence_ids(arguments.get("evidence")),
        ruled_out=tuple(_hypothesis(item) for item in _objects(arguments.get("ruled_out"))),
        not_checked=_texts(arguments.get("not_checked")),
        next_steps=_texts(arguments.get("next_steps")),
        proposed=_changes(arguments.get("proposed_changes"), home, wrong),
    )
    return Report(finding=finding, wrong=tuple(wrong))


def read_target(text: str, home: Home) -> ResourceRef:
    """Return the resource that the model means by ``NAMESPACE/KIND/NAME``, ``KIND/NAME`` or a full reference.

    Of AWS it is ``SERVICE/TYPE/ID``, whose id may hold slashes. The provider's own prefix, as a person types it before
    a target (``k8s:shop/Deployment/web``), may stand there, too.

    Raises:
        UsageError: it is neither, or holds a character that a name cannot hold.
    """
    if "://" in text:
        return parse_ref(text)
    is_cloud = home.scheme == "aws"
    said = text.strip().removeprefix(f"{home.scheme}:")
    parts = [part.strip() for part in said.split("/", 2 if is_cloud else -1)]
    if len(parts) == 2 and not is_cloud:
        parts = ["", *parts]
    if len(parts) != 3 or (is_cloud and not all(parts)):
        raise UsageError(f"{one_line(text, 80)!r} is not {home.form}")
    for part, what in zip(parts, ("namespace", "kind", "name"), strict=True):
        if part == "-" and what != "namespace":
            raise UsageError(f"the {what} of {one_line(text, 80)!r} is a dash")
        if part or what != "namespace":
            check_name(part, what)
    namespace, kind, name = parts
    return home.ref(namespace, kind, name)


def evidence_ids(value: Any) -> tuple[str, ...]:
    """Return evidence ids in our spelling (``[e3]`` is ``E3``), each once."""
    return tuple(dict.fromkeys(text.strip(" []().").upper() for text in _texts(value)))


def _cause(value: Any, home: Home, wrong: list[str]) -> Cause | None:
    if not isinstance(value, Mapping) or not value.get("resource") or not value.get("condition"):
        return None
    try:
        return Cause(resource=read_target(str(value["resource"]), home), condition=str(value["condition"]))
    except UsageError as error:
        wrong.append(f"`cause.resource`: {error.message}")
        return None


def _changes(value: Any, home: Home, wrong: list[str]) -> tuple[Change, ...]:
    changes: list[Change] = []
    for index, item in enumerate(_objects(value)):
        try:
            target = read_target(str(item.get("target", "")), home)
        except UsageError as error:
            wrong.append(f"`proposed_changes[{index}].target`: {error.message}")
            continue
        arguments = item.get("arguments")
        changes.append(
            Change(
                tool=str(item.get("tool", "")),
                target=target,
                arguments=dict(arguments) if isinstance(arguments, Mapping) else {},
                reason=str(item.get("reason", "")),
                evidence=evidence_ids(item.get("evidence")),
            )
        )
    return tuple(changes)


def _hypothesis(item: Mapping[str, Any]) -> Hypothesis:
    return Hypothesis(
        statement=str(item.get("statement", "")), contradicted_by=evidence_ids(item.get("contradicted_by"))
    )


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _choice(kind: type[Any], value: Any) -> Any:
    return next((member for member in kind if member.value == value), None)
