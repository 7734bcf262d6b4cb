"""``PolicyRule``: one policy of one layer, read and checked. Layers become rules here, before anything is compiled.

Comes in: layers. Goes out: rules by id, across all layers. What a layer may not hold is an error that names the file,
the policy and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ConfigError
from agentops.core.text import one_line
from agentops.policy.engine import Engine, EngineError
from agentops.policy.layers import BUILT_IN, LayerKind, PolicyLayer
from agentops.policy.obligations import AnnotationError, Demand, read_labels

KERNEL_PREFIX = "kernel-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One policy: ``body`` is Cedar's JSON of it."""

    id: str
    layer: PolicyLayer
    permits: bool
    demand: Demand
    why: str
    body: Mapping[str, Any]


def read_rules(layers: Iterable[PolicyLayer], engine: Engine) -> dict[str, PolicyRule]:
    """Return every rule of ``layers`` by its id.

    Raises:
        ConfigError: a text is not Cedar, or a policy holds what its layer may not.
    """
    found: dict[str, PolicyRule] = {}
    for layer in layers:
        for rule in _rules_of(layer, engine):
            if rule.id in found:
                raise _taken(layer, found[rule.id])
            found[rule.id] = rule
    return found


def _taken(layer: PolicyLayer, rule: PolicyRule) -> ConfigError:
    """Return the error of two policies of one id; the file that can be edited is the one to blame."""
    blamed, other = (rule.layer, layer) if layer.origin == BUILT_IN else (layer, rule.layer)
    return wrong(blamed, rule.id, f"its @id is taken by {other.origin} ({other.name} policy)", "Choose another @id.")


def _rules_of(layer: PolicyLayer, engine: Engine) -> Iterator[PolicyRule]:
    try:
        document = engine.parse(layer.text)
    except EngineError as error:
        raise wrong(layer, "", f"it is not Cedar: {error}", "See it with: agentops policy validate") from error
    if document["templates"]:
        # A template that nobody links decides nothing: a forbid written so would be silently absent.
        raise wrong(layer, "", "it holds a template (?principal or ?resource)", "Write the policy out.")
    for number, body in enumerate(_in_order(document["staticPolicies"]), start=1):
        try:
            labels = read_labels(body)
        except AnnotationError as error:
            name = body.get("annotations", {}).get("id") or f"number {number}"
            raise wrong(layer, name, str(error), "The annotations are listed in docs/policy.md.") from error
        permits = body["effect"] == "permit"
        if permits and layer.kind is LayerKind.PROJECT:
            hint = "Move it to your own policy (agentops policy init), or make it a forbid."
            raise wrong(layer, labels.id, "a project's file may only forbid, and this is a permit", hint)
        if labels.id.startswith(KERNEL_PREFIX) and layer.kind is not LayerKind.KERNEL:
            raise wrong(layer, labels.id, f"ids that begin with {KERNEL_PREFIX!r} are the kernel's", "Rename it.")
        yield PolicyRule(
            id=labels.id,
            layer=layer,
            permits=permits,
            demand=labels.demand,
            why=labels.why,
            body=body,
        )


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
            hint = "Ask first: context has FACT && ..." if "optional attribute" in said else "See: docs/policy.md"
            raise wrong(rule.layer, rule.id, said, hint)
    if complaints:
        raise ConfigError(f"the policy does not fit its schema: {complaints}", code="bad-policy")


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


def wrong(layer: PolicyLayer, policy: str, what: str, hint: str) -> ConfigError:
    """Return the error of one policy of one file."""
    where = f"{layer.origin} ({layer.name} policy)" + (f", policy {one_line(policy, 63)}" if policy else "")
    return ConfigError(f"{where}: {one_line(what, 300)}", hint=hint, code="bad-policy")
