"""Rules between fields that the table states as data: a condition and what is then said, or a choice of fields.

Comes in: the part of an object that a rule is about, its path, and the rule from ``schema/rules.yaml``, which describes
the form. Goes out: causes of a 422. Must never: change the object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import StatusCause, forbidden_field, invalid, required_value, unsupported
from agentops.sandbox.wire.cells import at

_TERM = re.compile(r"(!?)([\w.]+)(?:(!=|=|<|>)(\S+))?")


def conditional(holder: Obj, path: str, rule: Mapping[str, Any]) -> Iterator[StatusCause]:
    """Yield what one conditional rule says of an object."""
    if "one" in rule:
        yield from _one_of(holder, path, rule)
    elif holds(holder, rule["if"]):
        kind = next(kind for kind in _CAUSES if kind in rule)
        yield _cause(kind, holder, path, rule[kind], rule.get("say", ""), rule.get("of", rule[kind]))


def _one_of(holder: Obj, path: str, rule: Mapping[str, Any]) -> Iterator[StatusCause]:
    place = rule.get("in", "")
    inside = holder.get(place) if place else holder
    if inside is None:
        return
    given = [field for field in rule["one"] if inside.get(field) is not None]
    if not given and "none" in rule:
        kind, words = rule["none"]
        yield _cause(kind, {}, path, place, words, "")
    for field in given[1:] if "more" in rule else ():
        kind, words = rule["more"]
        yield _cause(kind, {}, path, place or (field if kind == "forbidden" else ""), words, "")


def _cause(kind: str, holder: Obj, path: str, field: str, words: str, of: str | None) -> StatusCause:
    place = ".".join(filter(None, (path, field)))
    # What is absent is the zero value of its type, which for most of what is shown is an empty string.
    value = None if of is None else at(holder, *of.split("."), default="") if of else ""
    cause: StatusCause = _CAUSES[kind](place, value, words)
    return cause


_CAUSES: Mapping[str, Any] = {
    "required": lambda place, _, words: required_value(place, words),
    "forbidden": lambda place, _, words: forbidden_field(place, words),
    "invalid": invalid,
    "unsupported": lambda place, value, words: unsupported(place, value, words.split() or [""]),
}


def holds(holder: Obj, condition: str) -> bool:
    """Return whether a condition holds of an object."""
    return all(_holds(holder, term) for term in condition.split(" & "))


def _holds(holder: Obj, term: str) -> bool:
    match = _TERM.fullmatch(term.strip())
    if match is None:
        raise ValueError(f"not a condition: {term}")
    negated, name, sign, wanted = match.groups()
    value = at(holder, *name.split("."), default=None)
    if not sign:
        found = value not in (None, "", [])
    elif sign in ("=", "!="):
        found = any(fnmatchcase(str("" if value is None else value), one) for one in wanted.split("|")) == (sign == "=")
    else:
        bound = wanted if wanted.isdigit() else at(holder, *wanted.split("."), default=0)
        low, high = (value, bound) if sign == "<" else (bound, value)
        found = quantity(low) < quantity(high)
    return found != bool(negated)
