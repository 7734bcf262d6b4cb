"""Walks an object by its schema and applies the table of field rules (``schema/rules.yaml``).

Comes in: an object with its defaults, and its definition's name. Goes out: the causes of a 422, in the order of the
real validators. Must never: change the object, or accept a value in a field that the table calls unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from agentops.sandbox.admission.conditions import conditional
from agentops.sandbox.admission.formats import is_format, wrongs
from agentops.sandbox.admission.relations import RELATIONS, label_causes
from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import StatusCause, duplicate, invalid, required_value, unsupported
from agentops.sandbox.wire.schemas import Schema, child, definitions, items, name_of, resolve
from agentops.sandbox.wire.status import not_simulated

_Rule: TypeAlias = tuple[str, str]
# metadata is judged by itself, and status is written by controllers.
_ELSEWHERE = ("metadata", "status")


@cache
def _table() -> dict[str, dict[str, Any]]:
    """Return the rules of each definition: of a field, (word, rest) pairs; under "+...", names or conditional rules."""
    return {
        f"io.k8s.{'apimachinery.pkg.apis' if name.startswith('meta.') else 'api'}.{name}": {
            field: _read(field, rules or "") for field, rules in fields.items()
        }
        for name, fields in data("rules.yaml").items()
    }


def _read(field: str, rules: Any) -> Any:
    if field.startswith("+"):
        return rules.split() if isinstance(rules, str) else rules
    split = [rule.strip().partition(" ") for rule in rules.split(";") if rule.strip()]
    return [(word, rest) for word, _, rest in split]


def broken_rules(name: str, obj: Obj) -> Iterator[StatusCause]:
    """Yield what is wrong with the fields of an object of a built-in kind.

    Arguments:
        name: of its definition.
        obj: the whole object.

    Raises:
        Refusal: 501, a field is given of which it is not known what the real server would say.
    """
    yield from _walk(definitions()[name], obj, "", name)


def _walk(schema: Schema, value: Any, path: str, name: str = "") -> Iterator[StatusCause]:
    full = resolve(schema)
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _walk(items(full), one, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    listed = _table().get(name or name_of(schema), {})
    for field, rules in listed.items():
        if field.startswith("+"):
            yield from (cause for rule in rules for cause in _between(rule, value, path))
        else:
            yield from _field(child(full, field) or {}, value, field, _join(path, field), rules)
    for field in {**dict.fromkeys(full.get("required", ())), **value}:
        if field in listed or field in _ELSEWHERE:
            continue
        if value.get(field) not in (None, ""):
            yield from _walk(child(full, field) or {}, value[field], _join(path, field))
        elif field in full.get("required", ()) and not _may_be_empty(path, field):
            yield required_value(_join(path, field), "")


def _between(rule: Any, holder: Obj, path: str) -> Iterator[StatusCause]:
    yield from RELATIONS[rule](holder, path) if isinstance(rule, str) else conditional(holder, path, rule)


# Required by the schema, but allowed to be empty by the real server.
def _may_be_empty(path: str, field: str) -> bool:
    return field in ("pattern", "rules", "value", "key", "conditions", "resources") or (
        field == "name" and path.endswith("imagePullSecrets")
    )


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _field(schema: Schema, holder: Obj, field: str, path: str, rules: Sequence[_Rule]) -> Iterator[StatusCause]:
    value = holder.get(field)
    missing = False
    for word, rest in rules:
        if word == "zero":
            value = {} if value is None else value
        elif word == "required":
            if value in (None, "", [], 0):
                yield required_value(path, rest)
                missing = True
        elif word == "unread":
            return
        elif word == "unknown":
            if value not in (None, [], {}):
                raise not_simulated(f"the field {path}")
        elif word.endswith("!") or not (missing or value in (None, "")):
            yield from _applied(word.removesuffix("!"), rest, "" if value is None else value, path)
    if value is not None:
        yield from _walk(schema, value, path)


def _applied(word: str, rest: str, value: Any, path: str) -> Iterator[StatusCause]:
    if is_format(word):
        value = 0 if value == "" and word.startswith("port") else value
        yield from (invalid(path, value, words) for words in wrongs(word, value))
    elif word == "in":
        if value not in rest.split():
            yield unsupported(path, value, rest.split())
    elif word == "each":
        rule = (rest, "") if is_format(rest) else ("in", rest)
        yield from (cause for i, one in enumerate(value) for cause in _applied(*rule, one, f"{path}[{i}]"))
    elif word == "unique":
        yield from _repeated(value, rest, path)
    elif word == "labels":
        yield from label_causes(value, path)
    else:
        yield from _bounded(word, rest, value, path)


def _bounded(word: str, rest: str, value: Any, path: str) -> Iterator[StatusCause]:
    if not isinstance(value, int):
        return
    if word == "range":
        low, high, words = rest.split(" ", 2)
        if not int(low) <= value <= int(high):
            yield invalid(path, value, words)
    elif value < int(rest) + (word == "above"):
        words = "must be greater than zero" if word == "above" else f"must be greater than or equal to {rest}"
        yield invalid(path, value, words)


def _repeated(value: list[Obj], field: str, path: str) -> Iterator[StatusCause]:
    seen: set[Any] = set()
    for index, one in enumerate(value):
        name = one.get(field)
        if name and name in seen:
            yield duplicate(f"{path}[{index}].{field}", name)
        seen.add(name)
