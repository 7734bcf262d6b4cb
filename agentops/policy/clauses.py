"""Policies taken apart into clauses and written out again as Cedar text, so that a decision can be explained.

Comes in: a policy as Cedar's JSON. Goes out: its clauses (what stands between ``&&``), each one's text, and the facts
that it speaks of. Pure; an operator that is not known here is written out as a method, never dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_BINARY = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3,
    "+": 4, "-": 4, "*": 5,
}  # fmt: skip
_RELATION, _UNARY, _MEMBER = 3, 6, 7
_FUNCTIONS = ("datetime", "decimal", "duration", "ip")
_METHODS = ("contains", "containsAll", "containsAny", "getTag", "hasTag")


@dataclass(frozen=True, slots=True)
class Clause:
    """One conjunct: what must hold. ``negated`` marks an ``unless``, which must not."""

    body: Json
    negated: bool = False

    @property
    def text(self) -> str:
        """The clause as Cedar text."""
        return f"!({expression(self.body)})" if self.negated else expression(self.body)

    @property
    def condition(self) -> Json:
        """The clause as the one condition of a policy."""
        return {"kind": "unless" if self.negated else "when", "body": self.body}


def clauses_of(policy: Mapping[str, Any]) -> tuple[Clause, ...]:
    """Return the clauses of ``policy``: all must hold for it to apply. Its scope is not among them."""
    found: list[Clause] = []
    for condition in policy["conditions"]:
        if condition["kind"] == "when":
            found += map(Clause, _split(condition["body"], "&&"))
        else:
            # unless { a || b } is: neither a nor b.
            found += (Clause(body, negated=True) for body in _split(condition["body"], "||"))
    return tuple(found)


def _split(body: Json, operator: str) -> Iterator[Json]:
    if operator in body:
        yield from _split(body[operator]["left"], operator)
        yield from _split(body[operator]["right"], operator)
    else:
        yield body


def mentions(body: Any) -> tuple[tuple[str, str], ...]:
    """Return the facts that an expression speaks of, as (variable, name), each once, in order: (context, dryRun)."""
    return tuple(dict.fromkeys(_mentions(body)))


def _mentions(body: Any) -> Iterator[tuple[str, str]]:
    if isinstance(body, list):
        for item in body:
            yield from _mentions(item)
    if not isinstance(body, dict):
        return
    for operator, inner in body.items():
        if operator in (".", "has") and "Var" in inner["left"] and isinstance(inner["attr"], str):
            yield inner["left"]["Var"], inner["attr"]
        elif operator in ("getTag", "hasTag") and "Value" in inner["right"]:
            yield "label", str(inner["right"]["Value"])
        else:
            yield from _mentions(inner)


def policy_text(policy: Mapping[str, Any]) -> str:
    """Return the whole policy as Cedar text, without annotations and comments."""
    scope = ", ".join(_scoped(name, policy[name]) for name in ("principal", "action", "resource"))
    lines = [f"{policy['effect']} ({scope})"]
    lines += [f"{condition['kind']} {{ {expression(condition['body'])} }}" for condition in policy["conditions"]]
    return "\n".join(lines) + ";"


def _scoped(variable: str, scope: Mapping[str, Any]) -> str:
    operator = scope["op"]
    if operator == "All":
        return variable
    if operator == "is":
        within = f" in {_entity(scope['in']['entity'])}" if "in" in scope else ""
        return f"{variable} is {scope['entity_type']}{within}"
    if "entities" in scope:
        return f"{variable} in [{', '.join(map(_entity, scope['entities']))}]"
    return f"{variable} {operator} {_entity(scope['entity'])}"


def _entity(uid: Mapping[str, str]) -> str:
    return f"{uid['type']}::{json.dumps(uid['id'], ensure_ascii=False)}"


def expression(body: Json) -> str:
    """Return an expression as Cedar text, with no more parentheses than it needs."""
    return _write(body)[0]


def _write(body: Json) -> tuple[str, int]:
    """Return the text of ``body`` and how tightly its outermost operator binds."""
    ((operator, inner),) = body.items()
    if operator in _BINARY:
        rank = _BINARY[operator]
        # Relations do not chain, so both sides of one must bind tighter.
        left = _within(inner["left"], rank + (rank == _RELATION))
        return f"{left} {operator} {_within(inner['right'], rank + 1)}", rank
    if operator in ("!", "neg"):
        return f"{'!' if operator == '!' else '-'}{_within(inner['arg'], _UNARY)}", _UNARY
    if operator in ("has", "like", "is"):
        return f"{_within(inner['left'], _RELATION + 1)} {operator} {_right_of(operator, inner)}", _RELATION
    if operator == "if-then-else":
        parts = (expression(inner[word]) for word in ("if", "then", "else"))
        return "if {} then {} else {}".format(*parts), 0
    return _atom(operator, inner), _MEMBER


def _within(body: Json, rank: int) -> str:
    text, own = _write(body)
    return text if own >= rank else f"({text})"


def _right_of(operator: str, inner: Mapping[str, Any]) -> str:
    if operator == "has":
        return _attribute(inner["attr"])
    if operator == "like":
        parts = ("*" if part == "Wildcard" else part["Literal"].replace("*", "\\*") for part in inner["pattern"])
        return f'"{"".join(parts)}"'
    within = f" in {_within(inner['in'], _RELATION + 1)}" if "in" in inner else ""
    return f"{inner['entity_type']}{within}"


def _attribute(name: Any) -> str:
    return name if isinstance(name, str) and name.isidentifier() else json.dumps(name, ensure_ascii=False)


def _atom(operator: str, inner: Any) -> str:
    if operator == "Var":
        return str(inner)
    if operator == "Value":
        return _literal(inner)
    if operator == ".":
        left, name = _within(inner["left"], _MEMBER), inner["attr"]
        return f"{left}.{name}" if name.isidentifier() else f"{left}[{json.dumps(name)}]"
    if operator == "Set":
        return f"[{', '.join(map(expression, inner))}]"
    if operator == "Record":
        return "{" + ", ".join(f"{_attribute(name)}: {expression(value)}" for name, value in inner.items()) + "}"
    return _call(operator, inner)


def _call(operator: str, inner: Any) -> str:
    if operator in _METHODS:
        return f"{_within(inner['left'], _MEMBER)}.{operator}({expression(inner['right'])})"
    if operator == "isEmpty":
        return f"{_within(inner['arg'], _MEMBER)}.isEmpty()"
    # Cedar's extensions: datetime("..."), and what a date or an address is asked: context.now.toDate().
    if operator in _FUNCTIONS:
        return f"{operator}({', '.join(map(expression, inner))})"
    first, *others = inner
    return f"{_within(first, _MEMBER)}.{operator}({', '.join(map(expression, others))})"


def _literal(value: Any) -> str:
    if isinstance(value, dict) and "__entity" in value:
        return _entity(value["__entity"])
    return json.dumps(value, ensure_ascii=False)
