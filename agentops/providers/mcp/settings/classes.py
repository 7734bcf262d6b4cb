"""Reads what a person says that a tool does: one entry of ``classifications``, and writes it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentops.core.alert import Severity
from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import CONDITION, RULE_KEYS, Classification, ProblemRule, ToolUse
from agentops.providers.mcp.settings.fields import (
    SettingFault,
    Steps,
    choice_at,
    flag_at,
    object_at,
    require_known,
    text_at,
    texts_at,
)

_KEYS = (
    "effect",
    "risk",
    "facets",
    "inverse",
    "reads_back",
    "sweep",
    "forms",
    "says",
    "cures",
    "problems",
    "schema",
    "why",
)
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64})?")


def classification_of(value: Any, path: Steps) -> Classification:
    """Return one classification; what it leaves out is the worst.

    Raises:
        SettingFault: it cannot be used.
    """
    found = object_at(value, path)
    require_known(found, _KEYS, path)
    plain = Classification()
    facets = object_at(found.get("facets", {}), (*path, "facets"))
    forms = object_at(found.get("forms", {}), (*path, "forms"))
    sweep, schema = found.get("sweep"), text_at(found.get("schema", ""), (*path, "schema"))
    if not _DIGEST.fullmatch(schema):
        raise SettingFault((*path, "schema"), "it is no digest", "'agentops mcp tools SERVER -v' prints it.")
    return Classification(
        effect=choice_at(found.get("effect", plain.effect.value), (*path, "effect"), Effect),
        risk=choice_at(found.get("risk", plain.risk.value), (*path, "risk"), Risk),
        facets={name: text_at(said, (*path, "facets", name)) for name, said in facets.items()},
        inverse=_use(found.get("inverse"), (*path, "inverse")),
        reads_back=_use(found.get("reads_back"), (*path, "reads_back")),
        sweep=None if sweep is None else object_at(sweep, (*path, "sweep")),
        forms={name: text_at(said, (*path, "forms", name)) for name, said in forms.items()},
        problems=_rules(found.get("problems", []), (*path, "problems")),
        cures=flag_at(found.get("cures", False), (*path, "cures")),
        says=text_at(found.get("says", ""), (*path, "says")),
        schema=schema,
        why=text_at(found.get("why", ""), (*path, "why")),
    )


def classification_written(one: Classification) -> dict[str, Any]:
    """Return the entry that ``classification_of`` reads back as ``one``."""
    found: dict[str, Any] = {"effect": one.effect.value, "risk": one.risk.value}
    found |= {"facets": dict(one.facets)} if one.facets else {}
    for name, use in (("inverse", one.inverse), ("reads_back", one.reads_back)):
        kept = {"fields": list(use.fields)} if use and use.fields else {}
        found |= {name: {"tool": use.tool, "arguments": dict(use.arguments), **kept}} if use else {}
    found |= {"sweep": dict(one.sweep)} if one.sweep is not None else {}
    found |= {"forms": dict(one.forms)} if one.forms else {}
    found |= {"cures": True} if one.cures else {}
    found |= {"problems": [_rule_written(rule) for rule in one.problems]} if one.problems else {}
    return found | {name: said for name in ("says", "schema", "why") if (said := getattr(one, name))}


def _rules(value: Any, path: Steps) -> tuple[ProblemRule, ...]:
    if not isinstance(value, list):
        raise SettingFault(path, "it is no list")
    return tuple(_rule(one, (*path, index)) for index, one in enumerate(value))


def _rule(value: Any, path: Steps) -> ProblemRule:
    found = object_at(value, path)
    require_known(found, RULE_KEYS, path)
    wanted = object_at(found.get("when", {}), (*path, "when"))
    condition = text_at(found.get("condition", ""), (*path, "condition"))
    if not wanted or not CONDITION.fullmatch(condition):
        raise SettingFault(path, "it needs `when`, and a condition in CamelCase")
    return ProblemRule(
        rows=text_at(found.get("rows", ""), (*path, "rows")),
        when={name: tuple(said) if isinstance(said, list) else (said,) for name, said in wanted.items()},
        condition=condition,
        name=text_at(found.get("name", ""), (*path, "name")),
        summary=text_at(found.get("summary", ""), (*path, "summary")),
        severity=choice_at(found.get("severity", Severity.WARNING.value), (*path, "severity"), Severity),
        facts=texts_at(found.get("facts", []), (*path, "facts")),
    )


def _rule_written(rule: ProblemRule) -> dict[str, Any]:
    when = {name: list(values) for name, values in rule.when.items()}
    facts = {"facts": list(rule.facts)} if rule.facts else {}
    said = {name: getattr(rule, name) for name in ("rows", "condition", "name", "summary") if getattr(rule, name)}
    return {**said, "when": when, "severity": rule.severity.value, **facts}


def _use(value: Any, path: Steps) -> ToolUse | None:
    if value is None:
        return None
    found = object_at(value, path)
    require_known(found, ("tool", "arguments", "fields"), path)
    arguments: Mapping[str, Any] = object_at(found.get("arguments", {}), (*path, "arguments"))
    return ToolUse(
        tool=text_at(found.get("tool", ""), (*path, "tool")),
        arguments=arguments,
        fields=texts_at(found.get("fields", []), (*path, "fields")),
    )
