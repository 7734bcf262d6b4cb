"""``PolicyRule``: one policy of one layer, read and checked. Layers become rules here, before anything is compiled.

Comes in: layers. Goes out: rules by id, across all layers. What a layer may not hold is an error that names the file,
the policy and what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ConfigError
from agentops.core.source_place import SourcePlace, place_of
from agentops.core.text import one_line
from agentops.policy.clauses import clauses_of, expression, policy_text
from agentops.policy.engine import Engine, EngineError
from agentops.policy.layers import BUILT_IN, LayerKind, PolicyLayer
from agentops.policy.limits import excess
from agentops.policy.obligations import AnnotationError, Demand, read_labels
from agentops.policy.positions import (
    Statement,
    annotation,
    beginning,
    mentioned,
    phrase,
    statements,
    syntax_mistake,
)

KERNEL_PREFIX = "kernel-"
_SMALLER = "Write it as several policies, or compare with a set: [...].contains(...)."
_CHECK = "Correct it, then check it with: agentops policy validate"
_OPTIONAL = re.compile(r"optional attribute `([^`]+)`(?: in (context))?")
_ANNOTATION = re.compile(r"@(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One policy.

    Arguments:
        body: Cedar's JSON of it.
        statement: its tokens in the text of its layer.
    """

    id: str
    layer: PolicyLayer
    permits: bool
    demand: Demand
    why: str
    body: Mapping[str, Any]
    statement: Statement = ()

    @property
    def line(self) -> int:
        """The line of its file on which it begins."""
        return _place(self.layer, beginning(self.statement)).line


def read_rules(layers: Iterable[PolicyLayer], engine: Engine) -> dict[str, PolicyRule]:
    """Return every rule of ``layers`` by its id.

    Raises:
        ConfigError: a text is not Cedar, or a policy holds what its layer may not.
    """
    found: dict[str, PolicyRule] = {}
    for layer in layers:
        for rule in _rules_of(layer, engine):
            if rule.id in found:
                raise _taken(layer, found[rule.id], rule)
            found[rule.id] = rule
    return found


def _taken(layer: PolicyLayer, old: PolicyRule, new: PolicyRule) -> ConfigError:
    """Return the error of two policies of one id; the file that can be edited is the one to blame."""
    ours = layer.origin == BUILT_IN
    blamed, other = (old.layer, layer) if ours else (layer, old.layer)
    what = f"its @id is already used by {other.origin} ({other.name} policy)"
    return wrong(blamed, old.id, what, "Choose another @id.", annotation((old if ours else new).statement, "id"))


def _rules_of(layer: PolicyLayer, engine: Engine) -> Iterator[PolicyRule]:
    if (found := excess(layer.text)) is not None:
        raise wrong(layer, "", found.said, f"{_SMALLER} {_CHECK}", found.offset)
    try:
        document = engine.parse(layer.text)
    except EngineError as error:
        mistake = syntax_mistake(layer.text, engine.parse)
        said, offset = (mistake.said, mistake.offset) if mistake else (str(error), None)
        raise wrong(layer, "", f"not valid Cedar: {said}", _CHECK, offset) from error
    written = statements(layer.text)
    if document["templates"]:
        # A template that nobody links decides nothing: a forbid written so would be silently absent.
        offset = next((token.start for tokens in written for token in tokens if token.text == "?"), None)
        raise wrong(layer, "", "it holds a template (?principal or ?resource)", "Write the policy out.", offset)
    for number, body in enumerate(_in_order(document["staticPolicies"])):
        yield _rule(layer, number, body, written[number] if number < len(written) else ())


def _rule(layer: PolicyLayer, number: int, body: Mapping[str, Any], statement: Statement) -> PolicyRule:
    """Return one policy of a layer, checked against what its layer may hold."""
    try:
        labels = read_labels(body)
    except AnnotationError as error:
        name = body.get("annotations", {}).get("id") or f"number {number + 1}"
        noted = _ANNOTATION.match(str(error))
        offset = annotation(statement, noted[1] if noted else "id")
        raise wrong(layer, name, str(error), "The annotations are listed in docs/policy.md.", offset) from error
    permits = body["effect"] == "permit"
    if permits and not layer.kind.may_permit:
        raise _may_not_permit(layer, labels.id, phrase(statement, "permit"))
    if labels.id.startswith(KERNEL_PREFIX) and layer.kind is not LayerKind.KERNEL:
        what = f"ids that begin with {KERNEL_PREFIX!r} are reserved for the built-in policy"
        raise wrong(layer, labels.id, what, "Rename it.", annotation(statement, "id"))
    return PolicyRule(
        id=labels.id, layer=layer, permits=permits, demand=labels.demand, why=labels.why, body=body, statement=statement
    )


def _may_not_permit(layer: PolicyLayer, policy: str, offset: int) -> ConfigError:
    if layer.kind is LayerKind.PROJECT:
        what = "a project's file may only forbid, and this is a permit"
        hint = "Move it to your own policy (agentops policy init), or make it a forbid."
    else:
        what = "a file that a variable leads to may only forbid, and this is a permit"
        hint = "Move it to /etc/agentops/policy.cedar or to your own config folder, or make it a forbid."
    return wrong(layer, policy, what, hint, offset)


def _in_order(policies: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return policies in the order of their text; Cedar calls them policy0, policy1 ..."""
    return [policies[f"policy{number}"] for number in range(len(policies))]


def check_types(rules: Mapping[str, PolicyRule], engine: Engine, text: str, schema: str) -> None:
    """Hold every rule against the schema.

    Arguments:
        rules: as ``read_rules`` returns them, in the order of ``text``.
        text: all layers in one.

    Raises:
        ConfigError: a policy does not fit the schema; names the file, the policy and the complaint.
    """
    try:
        problems = engine.problems(text, schema)
    except EngineError as error:
        raise ConfigError(f"the schema of the policy cannot be read: {error}", code="bad-policy") from error
    complaints: dict[str, list[str]] = {}
    for position, complaint in problems:
        complaints.setdefault(position, []).append(complaint.removeprefix(f"for policy `{position}`, "))
    for number, rule in enumerate(rules.values()):
        if found := complaints.pop(f"policy{number}", None):
            said = min(found, key=_telling)
            what, hint = _plain(said)
            offset = mentioned(rule.statement, said)
            raise wrong(rule.layer, rule.id, what, hint, _clause(rule, engine, schema) if offset is None else offset)
    if complaints:
        raise ConfigError(f"the policy does not fit its schema: {complaints}", code="bad-policy")


def _clause(rule: PolicyRule, engine: Engine, schema: str) -> int:
    """Return where the first clause stands with which a policy no longer fits the schema."""
    clauses = clauses_of(rule.body)
    for number, clause in enumerate(clauses, start=1):
        conditions = [one.condition for one in clauses[:number]]
        if engine.problems(policy_text({**rule.body, "conditions": conditions}), schema):
            return phrase(rule.statement, expression(clause.body))
    return beginning(rule.statement)


def _plain(complaint: str) -> tuple[str, str]:
    """Return the commonest complaint in words that say what to write; others as the engine words them."""
    if not (found := _OPTIONAL.search(complaint)):
        return complaint, "What policies can refer to: agentops policy show --schema"
    name, owner = found[1], found[2] or "resource"
    return f"{name} can be absent, and it is read without asking for it first", f"Write: {owner} has {name} && ..."


def _telling(complaint: str) -> tuple[int, str]:
    """Order complaints by how much they help: one mistake makes several, and their order is the engine's whim."""
    if "optional attribute" in complaint:
        return 0, complaint
    return 2 if complaint.startswith("unable to find an applicable action") else 1, complaint


def named_actions(bodies: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of all actions and action groups that policies name."""
    return frozenset(name for body in bodies for name in _actions(body))


def _actions(body: Any) -> Iterator[str]:
    if isinstance(body, Mapping):
        if body.get("type") == "Ops::Action":
            yield str(body.get("id"))
        for inner in body.values():
            yield from _actions(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from _actions(inner)


def wrong(layer: PolicyLayer, policy: str, what: str, hint: str, offset: int | None = None) -> ConfigError:
    """Return the error of one policy of one file; ``offset`` is where in the file's text the mistake is."""
    place = None if offset is None else _place(layer, offset)
    where = f"{place or layer.origin} ({layer.name} policy)" + (f", policy {one_line(policy, 63)}" if policy else "")
    return ConfigError(f"{where}: {one_line(what, 300)}", hint=hint, code="bad-policy", place=place)


def _place(layer: PolicyLayer, offset: int) -> SourcePlace:
    return place_of(layer.origin, layer.text, offset)
