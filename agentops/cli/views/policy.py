"""Pages and documents of ``agentops policy``: the policy in force, test results, explained decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Table, Tone
from agentops.core.jsonable import to_json
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.app.policy_explain import Explained
    from agentops.policy import CedarPolicy
    from agentops.policy.explain import Decider
    from agentops.policy.rules import PolicyRule
    from agentops.policy.table import CaseResult


def policy_page(policy: CedarPolicy, *, whole: bool = False) -> tuple[Block, ...]:
    """Return the policy in force: layers, rules, limits; ``whole``: long cells are folded and not cut."""
    loaded = policy.loaded
    layers = tuple(
        (layer.name, layer.kind.value, layer.origin, str(sum(rule.layer is layer for rule in loaded.rules.values())))
        for layer in loaded.layers
    )
    rows = tuple(
        (rule.id, rule.layer.name, "permit" if rule.permits else "forbid", _asks(rule))
        for rule in loaded.rules.values()
    )
    return (
        Heading("Policy in force"),
        Table(("layer", "kind", "where", "policies"), layers, () if whole else ("where",)),
        Heading("Policies"),
        Table(("id", "layer", "effect", "approval or reason"), rows, () if whole else ("approval or reason",)),
        Heading("Limits ([policy] of config.toml)"),
        Pairs(tuple((name, _shown(value)) for name, value in loaded.settings.document().items())),
        Paragraph(f"digest {policy.digest}", Tone.QUIET),
    )


def _asks(rule: PolicyRule) -> str:
    if not rule.permits:
        return rule.why
    demand = rule.demand
    parts = [demand.approval.value]
    parts += [f"ttl {demand.ttl_s} s"] if demand.ttl_s else []
    parts += [f"verify {demand.verify_s} s"] if demand.verify_s else []
    return ", ".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def source_page(policy: CedarPolicy) -> tuple[Block, ...]:
    """Return the text of every layer."""
    found: list[Block] = []
    for layer in policy.loaded.layers:
        found += [Heading(f"{layer.name} ({layer.kind.value}): {layer.origin}"), Code(layer.text, "cedar")]
    return tuple(found)


def policy_document(policy: CedarPolicy) -> dict[str, Any]:
    """Return the policy in force as JSON."""
    loaded = policy.loaded
    return {
        "digest": policy.digest,
        "layers": [to_json(layer) for layer in loaded.layers],
        "policies": [
            {
                "id": rule.id,
                "layer": rule.layer.name,
                "origin": rule.layer.origin,
                "effect": "permit" if rule.permits else "forbid",
                **({"obligation": to_json(rule.demand)} if rule.permits else {"why": rule.why}),
            }
            for rule in loaded.rules.values()
        ],
        "settings": loaded.settings.document(),
    }


def facts_page() -> tuple[Block, ...]:
    """Return what every fact says."""
    rows = tuple((fact["name"], fact["type"], fact["says"]) for fact in facts_document())
    note = "An unknown fact is absent: test it with `context has FACT` first. See also: agentops policy show --schema"
    return (Table(("fact", "type", "what it says"), rows), Paragraph(note, Tone.QUIET))


def facts_document() -> list[dict[str, Any]]:
    """Return the facts as JSON."""
    from agentops.policy.vocabulary import FACTS

    return [
        {"name": fact.name, "type": fact.type, "says": fact.says, "required": fact.required, "of_reads": fact.reads}
        for fact in FACTS
    ]


def tests_page(results: Mapping[str, Iterable[CaseResult]]) -> tuple[Block, ...]:
    """Return how tables went: what failed at length, what passed as a count."""
    every = [(where, result) for where, rows in results.items() for result in rows]
    failed = [(where, result) for where, result in every if not result.passed]
    title = f"{plural(len(every) - len(failed), 'case')} passed, {len(failed)} failed"
    items = tuple(
        Item("; ".join(result.problems), label=result.name, note=f"{where}: {result.why}", tone=Tone.BAD)
        for where, result in failed
    )
    heading = Heading(title, Tone.BAD if failed else Tone.GOOD)
    files = Paragraph(", ".join(results), Tone.QUIET)
    return (heading, Bullets(items), files) if items else (heading, files)


def tests_document(results: Mapping[str, Iterable[CaseResult]]) -> list[dict[str, Any]]:
    """Return every case of every table as JSON."""
    return [
        {"file": where, **to_json(result), "passed": result.passed}
        for where, rows in results.items()
        for result in rows
    ]


def explained_page(explained: Iterable[Explained], *, full: bool = False) -> tuple[Block, ...]:
    """Return why each ruling is what it is; ``full`` with every clause, every near miss and the policies' text."""
    return tuple(block for one in explained for block in _explained(one, full))


def _explained(one: Explained, full: bool) -> Iterator[Block]:
    ruling = one.ruling
    word, tone = ("Allowed", Tone.GOOD) if ruling.allowed else ("Refused", Tone.BAD)
    yield Heading(f"{word}: {one.title}", tone)
    yield Paragraph(ruling.why)
    if ruling.allowed:
        asks = ruling.obligation
        yield Pairs(
            (
                ("approval", asks.approval.value),
                ("plan valid for", f"{asks.ttl_s} s"),
                ("rollout may take", f"{asks.verify_s} s"),
            )
        )
    for account in one.accounts:
        if len(one.accounts) > 1:
            yield Heading(f"Principal {account.principal}")
        for decider in account.deciders:
            yield from _decider(decider, "decides" if decider.effect == "forbid" else "permits", full)
        for decider in account.nearest if full else account.nearest[:1]:
            yield from _decider(decider, "comes nearest", full)


def _decider(decider: Decider, role: str, full: bool) -> Iterator[Block]:
    from agentops.policy.explain import meaning, show

    where = f"{decider.layer} policy, {decider.origin}"
    yield Heading(f"{decider.policy} {role} ({where})")
    if decider.why:
        yield Paragraph(decider.why)
    items = []
    for clause in decider.clauses:
        if clause.holds and clause.text.startswith("context has ") and "&&" not in clause.text and not full:
            # It only guards the clause behind it.
            continue
        told = [f"{name} is {show(value)}" for name, value in clause.values.items()]
        said = [f"{name}: {meaning(name)}" for name in clause.values if meaning(name) and not clause.holds]
        items.append(
            Item(
                clause.text,
                label="yes" if clause.holds else "no",
                note="; ".join([*told, *said]),
                tone=Tone.PLAIN if clause.holds else Tone.WARN,
            )
        )
    yield Bullets(tuple(items))
    if full:
        yield Code(decider.source, "cedar")


def explained_document(explained: Iterable[Explained]) -> list[dict[str, Any]]:
    """Return why each ruling is what it is, as JSON."""
    return [
        {"title": one.title, "ruling": to_json(one.ruling), "accounts": [to_json(account) for account in one.accounts]}
        for one in explained
    ]
