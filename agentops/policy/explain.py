"""Why policy decided as it did: the policy that decided, its clauses, and for a default deny what came nearest.

Comes in: an encoded request and the engine's verdict on it. Goes out: an ``Account``: for each deciding policy its
clauses with the facts that they speak of, and for a request that nothing permits the permits that came nearest with
the clauses that did not hold. Each clause is evaluated by the engine itself, as a permit of that one clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agentops.policy.clauses import Clause, clauses_of, mentions, policy_text
from agentops.policy.engine import Engine, EngineAnswer, Judge
from agentops.policy.rules import PolicyRule
from agentops.policy.vocabulary import BY_NAME

Json = dict[str, Any]
ABSENT = "not known"
_NEAREST = 3
# Every limit lets these two through; naming them in each refusal would hide the fact that decided.
WAYS_ROUND = ("dryRun", "rollback")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One clause: its text, whether it holds, and the facts that it speaks of (a missing one is ``not known``)."""

    text: str
    holds: bool
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """One policy that decided, or came near.

    Arguments:
        layer, origin, line: where it stands: the layer, its file or ``built in``, the line on which it begins.
        source: its text, written out again.
    """

    policy: str
    effect: str
    layer: str
    origin: str
    line: int
    why: str = ""
    source: str = ""
    clauses: tuple[Told, ...] = ()

    @property
    def unmet(self) -> tuple[Told, ...]:
        """The clauses that do not hold."""
        return tuple(clause for clause in self.clauses if not clause.holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What decided one principal's request, and what came nearest when nothing permits it."""

    principal: str
    deciders: tuple[Decider, ...] = ()
    nearest: tuple[Decider, ...] = ()


class Explainer:
    """Explains the decisions of one set of rules; its probes are compiled when they are first needed."""

    def __init__(self, rules: Mapping[str, PolicyRule], engine: Engine, schema: str) -> None:
        self._rules = rules
        self._engine = engine
        self._schema = schema

    @cached_property
    def _clauses(self) -> dict[str, tuple[Clause, ...]]:
        return {name: clauses_of(rule.body) for name, rule in self._rules.items()}

    @cached_property
    def _probes(self) -> Judge:
        """One permit for each clause of each rule, and one for each rule's scope: the reasons say which hold."""
        probes: dict[str, Json] = {}
        for name, clauses in self._clauses.items():
            bare = {**self._rules[name].body, "effect": "permit", "annotations": {}}
            probes[_probe(name)] = {**bare, "conditions": []}
            for number, clause in enumerate(clauses):
                probes[_probe(name, number)] = {**bare, "conditions": [clause.condition]}
        return self._engine.probe(probes, self._schema)

    def schema_text(self) -> str:
        """Return the schema in Cedar's own form."""
        return self._engine.schema_text(self._schema)

    def account(self, asked: Json, entity: Json, verdict: EngineAnswer) -> Account:
        """Return why ``verdict`` is what it is."""
        holding = frozenset(self._probes.decide(asked, entity).reasons)
        facts = _facts(asked, entity)
        deciders = tuple(self._told(name, holding, facts) for name in verdict.reasons if name in self._rules)
        nearest: Iterable[Decider] = ()
        if not verdict.reasons and not verdict.errors:
            permits = [name for name, rule in self._rules.items() if rule.permits and _probe(name) in holding]
            told = (self._told(name, holding, facts) for name in permits)
            nearest = sorted(told, key=lambda one: (len(one.unmet), -len(one.clauses)))[:_NEAREST]
        return Account(principal=_principal(asked), deciders=deciders, nearest=tuple(nearest))

    def _told(self, name: str, holding: frozenset[str], facts: Mapping[tuple[str, str], Any]) -> Decider:
        rule = self._rules[name]
        clauses = tuple(
            Told(
                text=clause.text,
                holds=_probe(name, number) in holding,
                values={_label(key): facts.get(key, ABSENT) for key in mentions(clause.body)},
            )
            for number, clause in enumerate(self._clauses[name])
        )
        return Decider(
            policy=name,
            effect="permit" if rule.permits else "forbid",
            layer=rule.layer.name,
            origin=rule.layer.origin,
            line=rule.line,
            why=rule.why,
            source=policy_text(rule.body),
            clauses=clauses,
        )


def sentence(account: Account) -> str:
    """Return why a request is denied, in one sentence for people."""
    if account.deciders:
        return "; ".join(map(_forbidden, account.deciders))
    if not account.nearest:
        return f"no policy permits {account.principal} this action on this kind of resource"
    first = account.nearest[0]
    wanted, *further = first.unmet
    more = f", and {len(further)} more" if further else ""
    return (
        f"no policy permits it; {first.policy} comes nearest and requires {wanted.text}{more}{_values(wanted.values)}"
        f"{''.join(f': {meaning(name)}' for name, value in wanted.values.items() if value is True and meaning(name))}"
    )


def _forbidden(decider: Decider) -> str:
    said = {name: value for clause in decider.clauses for name, value in clause.values.items()}
    telling = {name: value for name, value in said.items() if name not in WAYS_ROUND} or said
    guessed = " refuses what it cannot rule out" if ABSENT in telling.values() else ""
    return f"{decider.policy}{guessed}: {decider.why or 'forbidden'}{_values(telling)}"


def _values(values: Mapping[str, Any]) -> str:
    told = "; ".join(f"{name} is {show(value)}" for name, value in values.items())
    return f" ({told})" if told else ""


def show(value: Any) -> str:
    """Return a fact's value as a person reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return str(value)


def meaning(name: str) -> str:
    """Return what the fact ``name`` says; empty for one of the resource's own attributes."""
    return BY_NAME[name].says if name in BY_NAME else ""


def _facts(asked: Json, entity: Json) -> dict[tuple[str, str], Any]:
    """Return every fact of the request by (variable, name)."""
    found = {("context", name): value for name, value in asked["context"].items()}
    found |= {("resource", name): value for name, value in entity["attrs"].items()}
    found |= {("label", name): value for name, value in entity["tags"].items()}
    if isinstance(now := found.get(("context", "now")), dict):
        found["context", "now"] = now["__extn"]["arg"]
    return found


def _label(key: tuple[str, str]) -> str:
    variable, name = key
    return name if variable == "context" else f"{variable} {name}"


def _principal(asked: Json) -> str:
    return f"{asked['principal']['type'].removeprefix('Ops::').lower()}:{asked['principal']['id']}"


def _probe(name: str, number: int | None = None) -> str:
    return f"{name}/{'scope' if number is None else number}"
