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
    from agentops.policy.explain import Account, Decider, Told
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
    """Return what is decided, by which policy, and then why; ``full`` with every clause, near miss and policy text."""
    return tuple(block for one in explained for block in _explained(one, full))


def _explained(one: Explained, full: bool) -> Iterator[Block]:
    ruling = one.ruling
    word, tone = ("Allowed", Tone.GOOD) if ruling.allowed else ("Refused", Tone.BAD)
    yield Heading(f"{word}: {one.title}", tone)
    rows = [("decided by", text) for text in _decided_by(one)]
    # Of several forbids each has its own reason below; in one sentence they are unreadable.
    rows += [("reason", ruling.why)] if ruling.why and len(rows) == 1 else []
    if ruling.allowed:
        asks = ruling.obligation
        rows += [
            ("approval", asks.approval.value),
            ("plan valid for", f"{asks.ttl_s} s"),
            ("rollout may take", f"{asks.verify_s} s"),
        ]
    yield Pairs(tuple(rows))
    yield from _facts(one, full)
    for who, account in _principals(one):
        if who:
            yield Heading(f"Asked for {who}")
        for decider in account.deciders:
            yield from _decider(decider, decider.effect, full)
        for decider in account.nearest if full else account.nearest[:1]:
            yield from _decider(decider, "permit, comes nearest", full)


def _decided_by(one: Explained) -> tuple[str, ...]:
    """Return the policies that decided, each with its file and line; the same for every principal is said once."""
    deciders = [decider for account in one.accounts for decider in account.deciders]
    if one.ruling.errors:
        return ("no policy: the request could not be evaluated",)
    if not deciders:
        return ("no policy: none permits it, and what is not permitted is refused",)
    return tuple(dict.fromkeys(f"{decider.policy} ({decider.effect}), {_where(decider)}" for decider in deciders))


def _where(decider: Decider) -> str:
    if decider.origin == "built in":
        return f"built-in {decider.layer} policy, line {decider.line}"
    return f"{decider.origin}:{decider.line} ({decider.layer} policy)"


def _principals(one: Explained) -> Iterator[tuple[str, Account]]:
    """Yield each account with whom it was asked for; one that says the same of all of them once."""
    first, *others = one.accounts or (None,)
    if first is None:
        return
    if all((other.deciders, other.nearest) == (first.deciders, first.nearest) for other in others):
        yield (" and for ".join(account.principal for account in one.accounts) if others else ""), first
        return
    for account in one.accounts:
        yield account.principal, account


def _facts(one: Explained, full: bool) -> Iterator[Block]:
    """Yield the facts that the clauses refer to, or all of them, with who says each."""
    from agentops.policy.explain import show

    sources = {fact.name: fact.source for fact in one.facts}
    found = {fact.name: fact.value for fact in one.facts} if full else {}
    for account in one.accounts:
        for decider in (*account.deciders, *account.nearest[:1]):
            found |= {name: value for clause in _telling(decider, full) for name, value in clause.values.items()}
    if found:
        rows = ((name, show(value), sources.get(name, _source(name, value))) for name, value in sorted(found.items()))
        yield Heading("Facts of the request" if full else "Facts that this rests on")
        yield Table(("fact", "value", "from"), tuple(rows))


def _source(name: str, value: Any) -> str:
    """Return who says what is no fact of the request: the target has it, or the settings add it."""
    from agentops.policy.explain import ABSENT

    if value == ABSENT:
        return ""
    return "the target" if " " in name else "settings"


def _telling(decider: Decider, full: bool) -> tuple[Told, ...]:
    """Return the clauses that say something: most limits let a dry run and a rollback through, and say so each time."""
    from agentops.policy.explain import WAYS_ROUND

    told = tuple(clause for clause in decider.clauses if not (clause.holds and set(clause.values) <= set(WAYS_ROUND)))
    return decider.clauses if full or not told else told


def _decider(decider: Decider, role: str, full: bool) -> Iterator[Block]:
    from agentops.policy.explain import meaning

    yield Heading(f"Clauses of {decider.policy} ({role})")
    if decider.why:
        yield Paragraph(decider.why)
    items = []
    for clause in _telling(decider, full):
        if clause.holds and clause.text.startswith("context has ") and "&&" not in clause.text and not full:
            # It only guards the clause behind it.
            continue
        said = [f"{name}: {meaning(name)}" for name in clause.values if meaning(name) and not clause.holds]
        items.append(
            Item(
                clause.text,
                label="yes" if clause.holds else "no",
                note="; ".join(said),
                tone=Tone.PLAIN if clause.holds else Tone.WARN,
            )
        )
    yield Bullets(tuple(items))
    if full:
        yield Paragraph(_where(decider), Tone.QUIET)
        yield Code(decider.source, "cedar")


def explained_document(explained: Iterable[Explained]) -> list[dict[str, Any]]:
    """Return why each ruling is what it is, as JSON."""
    return [
        {
            "title": one.title,
            "ruling": to_json(one.ruling),
            "accounts": [to_json(account) for account in one.accounts],
            "facts": [to_json(fact) for fact in one.facts],
        }
        for one in explained
    ]
