"""Policies evaluated with some facts known and all others open: what is decided already, whatever they turn out to be.

Comes in: a policy as Cedar's JSON, who asks, the action, and the facts that are known. Goes out: True, False, or None
for open. Pure. An operator that is not known here is open, so nothing is taken for decided that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.policy import Principal
from agentops.policy.encoding import PRINCIPALS
from agentops.policy.vocabulary import Action

Json = dict[str, Any]
OPEN = None
"""Not decided: it depends on a fact that is not known."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a policy: its type without ``Ops::``, and its id."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a question before it is asked; the resource is known by its type and environment alone."""

    principal: Principal
    action: Action
    facts: Mapping[str, Any]

    @property
    def who(self) -> Entity:
        """Who asks, as an entity."""
        return Entity(PRINCIPALS[self.principal.kind], self.principal.name)


def applies(policy: Mapping[str, Any], known: Known) -> bool | None:
    """Return whether a policy applies; None when that is open."""
    found = [_in_scope(name, policy[name], known) for name in ("principal", "action", "resource")]
    for condition in policy["conditions"]:
        holds = _truth(_value(condition["body"], known))
        found.append(holds if condition["kind"] == "when" else _not(holds))
    return _all(found)


def _in_scope(variable: str, scope: Mapping[str, Any], known: Known) -> bool | None:
    operator = scope["op"]
    if operator == "All":
        return True
    if operator == "is":
        typed = _is_of_type(variable, scope["entity_type"], known)
        return typed if "in" not in scope else _all([typed, _is_in(variable, [_entity(scope["in"]["entity"])], known)])
    named = scope["entities"] if "entities" in scope else [scope["entity"]]
    wanted = [_entity(one) for one in named]
    return _is(variable, wanted[0], known) if operator == "==" else _is_in(variable, wanted, known)


def _entity(uid: Mapping[str, str]) -> Entity:
    return Entity(str(uid["type"]).removeprefix("Ops::"), str(uid["id"]))


def _is_of_type(variable: str, name: str, known: Known) -> bool | None:
    kind = name.removeprefix("Ops::")
    if variable == "resource":
        possible = known.action.resources
        return kind == possible[0] if len(possible) == 1 else (OPEN if kind in possible else False)
    return kind == (known.who.type if variable == "principal" else "Action")


def _is(variable: str, wanted: Entity, known: Known) -> bool | None:
    if variable == "resource":
        return OPEN if wanted.type in known.action.resources else False
    own = known.who if variable == "principal" else Entity("Action", known.action.name)
    return own == wanted


def _is_in(variable: str, wanted: Sequence[Entity], known: Known) -> bool | None:
    if variable == "action":
        names = {known.action.name, *known.action.groups}
        return any(one.type == "Action" and one.id in names for one in wanted)
    if variable == "principal":
        return known.who in wanted
    return _any([_stands_in(one, known) for one in wanted])


def _stands_in(place: Entity, known: Known) -> bool | None:
    if place.type == "Environment" and "environment" in known.facts:
        return bool(place.id == known.facts["environment"])
    return OPEN


def _value(body: Json, known: Known) -> Any:
    """Return the value of an expression, or OPEN."""
    ((operator, inner),) = body.items()
    reader = _READERS.get(operator)
    return reader(inner, known) if reader is not None else OPEN


def _variable(body: Json) -> str:
    return str(body["Var"]) if "Var" in body else ""


def _literal(inner: Any, _: Known) -> Any:
    return _entity(inner["__entity"]) if isinstance(inner, Mapping) and "__entity" in inner else inner


def _attribute(inner: Json, known: Known) -> Any:
    return known.facts.get(str(inner["attr"]), OPEN) if _variable(inner["left"]) == "context" else OPEN


def _has(inner: Json, known: Known) -> bool | None:
    return True if _variable(inner["left"]) == "context" and str(inner["attr"]) in known.facts else OPEN


def _set(inner: Sequence[Json], known: Known) -> Any:
    found = [_value(one, known) for one in inner]
    return OPEN if any(one is OPEN for one in found) else found


def _contains(inner: Json, known: Known) -> bool | None:
    whole, one = _value(inner["left"], known), _value(inner["right"], known)
    return OPEN if one is OPEN or not isinstance(whole, list | tuple) else one in whole


def _equal(inner: Json, known: Known) -> bool | None:
    for side, other in (("left", "right"), ("right", "left")):
        wanted = _value(inner[other], known)
        if (variable := _variable(inner[side])) and isinstance(wanted, Entity):
            return _is(variable, wanted, known)
    left, right = _value(inner["left"], known), _value(inner["right"], known)
    return OPEN if left is OPEN or right is OPEN else type(left) is type(right) and left == right


def _ordered(holds: Callable[[int, int], bool]) -> Callable[[Json, Known], bool | None]:
    def compare(inner: Json, known: Known) -> bool | None:
        left, right = _value(inner["left"], known), _value(inner["right"], known)
        return holds(left, right) if type(left) is int and type(right) is int else OPEN

    return compare


def _within(inner: Json, known: Known) -> bool | None:
    variable, wanted = _variable(inner["left"]), _value(inner["right"], known)
    listed = wanted if isinstance(wanted, list) else [wanted]
    if not variable or not all(isinstance(one, Entity) for one in listed):
        return OPEN
    return _is_in(variable, listed, known)


def _typed(inner: Json, known: Known) -> bool | None:
    variable = _variable(inner["left"])
    if not variable:
        return OPEN
    typed = _is_of_type(variable, inner["entity_type"], known)
    return typed if "in" not in inner else _all([typed, _within({**inner, "right": inner["in"]}, known)])


def _choice(inner: Json, known: Known) -> Any:
    which = _truth(_value(inner["if"], known))
    return OPEN if which is OPEN else _value(inner["then" if which else "else"], known)


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else OPEN


def _not(value: bool | None) -> bool | None:
    return OPEN if value is OPEN else not value


def _all(values: Sequence[bool | None]) -> bool | None:
    if any(value is False for value in values):
        return False
    return OPEN if any(value is OPEN for value in values) else True


def _any(values: Sequence[bool | None]) -> bool | None:
    return _not(_all([_not(value) for value in values]))


def _both(inner: Json, known: Known) -> list[bool | None]:
    return [_truth(_value(inner[side], known)) for side in ("left", "right")]


_READERS: Mapping[str, Callable[[Any, Known], Any]] = {
    "Value": _literal,
    ".": _attribute,
    "has": _has,
    "Set": _set,
    "contains": _contains,
    "==": _equal,
    "!=": lambda inner, known: _not(_equal(inner, known)),
    "<": _ordered(lambda one, other: one < other),
    "<=": _ordered(lambda one, other: one <= other),
    ">": _ordered(lambda one, other: one > other),
    ">=": _ordered(lambda one, other: one >= other),
    "in": _within,
    "is": _typed,
    "if-then-else": _choice,
    "!": lambda inner, known: _not(_truth(_value(inner["arg"], known))),
    "&&": lambda inner, known: _all(_both(inner, known)),
    "||": lambda inner, known: _any(_both(inner, known)),
}
