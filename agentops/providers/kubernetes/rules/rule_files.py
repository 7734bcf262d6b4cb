"""Reads files of rules: conditions of one's own, each a CEL expression over the objects of one kind.

Comes in: YAML files that the user named. Goes out: ``OwnRule`` values, expressions not yet compiled. A file is refused
as a whole, with its place, when anything in it is not understood: a rule that is left out without a word finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Weight
from agentops.core.errors import ConfigError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import YamlError, read_yaml
from agentops.core.text import one_line

MOST_BYTES = 1 << 20
MOST_RULES = 200
MOST_CHARS = 2_000
_FIELDS = ("condition", "kind", "when", "summary", "severity", "weight", "advice", "show")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,62}")
_SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO)
_HINT = "docs/scanning.md has the form of a rule."


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRule:
    """One condition of one's own.

    Arguments:
        condition: its name, in CamelCase; no built-in condition has it.
        kind: of the objects that it is about, as ``kubectl`` takes it.
        when: CEL; true means that the object is in this condition.
        summary: one sentence part; ``{CEL}`` in it stands for a value.
        severity, weight, advice: as in ``Problem`` and ``Condition``.
        show: paths under the object (``spec.replicas``) whose values are quoted.
        place: the file and the number of the rule in it.
    """

    condition: str
    kind: str
    when: str
    summary: str
    severity: Severity
    weight: Weight
    advice: str
    show: tuple[str, ...]
    place: str


def read_rules(paths: Sequence[Path]) -> tuple[OwnRule, ...]:
    """Return the rules of several files.

    Raises:
        ConfigError: a file cannot be read or is not understood, or two rules have one name.
    """
    found: dict[str, OwnRule] = {}
    for path in paths:
        for rule in _of_file(path):
            if rule.condition in found:
                first = found[rule.condition].place
                raise ConfigError(f"{rule.place}: {rule.condition} is declared at {first} already", hint=_HINT)
            found[rule.condition] = rule
    return tuple(found.values())


def _of_file(path: Path) -> list[OwnRule]:
    text = read_foreign_text(path, "a file of rules", MOST_BYTES, error=ConfigError, hint=_HINT)
    try:
        document = read_yaml(text, aliases=True)
    except YamlError as error:
        what = "cannot be used" if error.is_yaml else "is not YAML"
        raise ConfigError(f"{path} {what}: {one_line(str(error), 200)}", hint=_HINT) from error
    rules = document.get("rules") if isinstance(document, dict) and set(document) == {"rules"} else None
    if not isinstance(rules, list):
        raise ConfigError(f"{path} has no list `rules`, or something besides it", hint=_HINT)
    if len(rules) > MOST_RULES:
        raise ConfigError(f"{path} has more than {MOST_RULES} rules", hint="Divide it into several files.")
    return [_rule(one, f"{path}, rule {number}") for number, one in enumerate(rules, 1)]


def _rule(raw: Any, place: str) -> OwnRule:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{place}: it is no mapping", hint=_HINT)
    unknown = [name for name in raw if name not in _FIELDS]
    if unknown:
        raise ConfigError(
            f"{place}: unknown field {one_line(str(unknown[0]), 40)}", hint=f"The fields are {', '.join(_FIELDS)}."
        )
    texts = {name: _text(raw, name, place) for name in ("condition", "kind", "when", "summary")}
    if not _NAME.fullmatch(texts["condition"]):
        raise ConfigError(f"{place}: condition must be a name in CamelCase, such as NoOwner", hint=_HINT)
    show = raw.get("show", [])
    if not isinstance(show, list) or not all(isinstance(one, str) for one in show):
        raise ConfigError(f"{place}: show must be a list of paths, such as [spec.replicas]", hint=_HINT)
    return OwnRule(
        **texts,
        severity=_choice(raw, "severity", Severity.WARNING, _SEVERITIES, place),
        weight=_choice(raw, "weight", Weight.VAGUE, tuple(Weight), place),
        advice=_text(raw, "advice", place) if "advice" in raw else "",
        show=tuple(show),
        place=place,
    )


def _text(raw: Mapping[str, Any], name: str, place: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_CHARS:
        raise ConfigError(f"{place}: {name} must be a text of at most {MOST_CHARS} characters", hint=_HINT)
    return value.strip()


def _choice(raw: Mapping[str, Any], name: str, default: Any, choices: Sequence[Any], place: str) -> Any:
    value = raw.get(name, default.value)
    for one in choices:
        if one.value == value:
            return one
    raise ConfigError(f"{place}: {name} must be one of {', '.join(one.value for one in choices)}", hint=_HINT)
