"""Reads a file of reviewed classifications: what each tool of one server does, as somebody found out who tried it.

Comes in: the text of a TOML file; ``data/README.md`` describes its form. Goes out: a ``ReviewedServer``. Every word of
it is checked here, so that a slip is an error and never a milder classification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agentops.core.alert import Severity
from agentops.core.errors import ConfigError
from agentops.core.foreign_documents import read_toml
from agentops.core.policy import FACETS
from agentops.core.risk import Risk
from agentops.core.text import one_line
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import CONDITION, RULE_KEYS, Classification, ProblemRule, ToolUse
from agentops.providers.mcp.reviewed.forms import FORMS

_SCHEMA = re.compile(r"sha256:[0-9a-f]{64}")
_SERVER = {"names", "packages", "hosts"}
_TOOL = {
    "effect",
    "risk",
    "says",
    "why",
    "schemas",
    "facets",
    "forms",
    "inverse",
    "reads_back",
    "sweep",
    "problems",
    "cures",
}
_READS_ONLY = ("sweep", "forms", "problems")
_CHANGES_ONLY = ("inverse", "reads_back", "cures")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedTool:
    """One classified tool. ``schemas``: the digests of the input schemas that were reviewed; any other is not."""

    classification: Classification
    schemas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedServer:
    """What was found out about one server.

    Arguments:
        title: how people call it.
        tested: the version that was tried, and when.
        names: what it calls itself when it is first spoken to.
        packages: how a command line that starts it names it: a package, an image, a program.
        hosts: of an HTTP server, the hosts that serve it.
        tools: by the server's own names.
    """

    title: str
    tested: str
    names: frozenset[str]
    packages: frozenset[str]
    hosts: frozenset[str]
    tools: Mapping[str, ReviewedTool]


@cache
def shipped_reviews() -> Mapping[str, ReviewedServer]:
    """Return the reviews that ship with agentops, by the names of their files without ``.toml``."""
    folder = files(__package__) / "data"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    texts = ((one.name, one.read_text(encoding="utf-8")) for one in found)
    return {name.removesuffix(".toml"): read_reviewed(text, name) for name, text in texts}


def shipped_servers() -> tuple[ReviewedServer, ...]:
    """Return all servers whose classifications ship with agentops, in the order of their files' names."""
    return tuple(shipped_reviews().values())


def read_reviewed(text: str, where: str) -> ReviewedServer:
    """Return what a file says.

    Arguments:
        where: the file's name, for messages.

    Raises:
        ConfigError: it is no TOML, or a word of it has no meaning here.
    """
    try:
        document = read_toml(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {one_line(str(error), 200)}") from error
    unknown = sorted(set(document) - {"title", "tested", "server", "tools"})
    if unknown:
        raise ConfigError(f"{where}: {', '.join(unknown)} has no meaning here")
    server = _table(document.get("server"), f"{where}: server", _SERVER)
    lists = {name: _names(server.get(name, []), f"{where}: server.{name}") for name in _SERVER}
    if not lists["hosts"] and not (lists["names"] and lists["packages"]):
        raise ConfigError(f"{where}: a server is told by its names and its packages, or by its hosts")
    tools = {
        str(name): _tool(one, f"{where}: tools.{one_line(str(name), 60)}")
        for name, one in _table(document.get("tools"), f"{where}: tools").items()
    }
    _require_known(tools, where)
    return ReviewedServer(
        title=_text(document.get("title"), f"{where}: title"),
        tested=_text(document.get("tested"), f"{where}: tested"),
        tools=tools,
        **lists,
    )


def _tool(found: Any, where: str) -> ReviewedTool:
    table = _table(found, where, _TOOL)
    effect = _choice(Effect, table.get("effect"), f"{where}.effect")
    misplaced = [name for name in (_CHANGES_ONLY if effect is Effect.READ else _READS_ONLY) if name in table]
    if misplaced:
        raise ConfigError(f"{where}: {misplaced[0]} has no meaning for a {effect.value}")
    schemas = tuple(_texts(table.get("schemas", []), f"{where}.schemas"))
    if any(not _SCHEMA.fullmatch(one) for one in schemas) or not schemas:
        raise ConfigError(f"{where}.schemas must list the digests of the input schemas that were reviewed")
    classification = Classification(
        effect=effect,
        risk=_choice(Risk, table.get("risk"), f"{where}.risk"),
        facets=_mapped(table.get("facets", {}), f"{where}.facets", FACETS),
        forms={name: _one_of(FORMS, form, f"{where}.forms") for name, form in _pairs(table, "forms", where)},
        inverse=_use(table.get("inverse"), f"{where}.inverse"),
        reads_back=_use(table.get("reads_back"), f"{where}.reads_back"),
        problems=tuple(_rules(table, where)),
        cures=_flag(table.get("cures", False), f"{where}.cures"),
        sweep=None if "sweep" not in table else dict(_table(table["sweep"], f"{where}.sweep")),
        says=_text(table.get("says"), f"{where}.says"),
        why=_text(table["why"], f"{where}.why") if "why" in table else "",
    )
    return ReviewedTool(classification=classification, schemas=schemas)


def _require_known(tools: Mapping[str, ReviewedTool], where: str) -> None:
    """Raise unless what undoes and what verifies is classified, too: the one as a change, the other as a read."""
    for name, one in tools.items():
        wanted = ((one.classification.inverse, Effect.CHANGE), (one.classification.reads_back, Effect.READ))
        for use, effect in wanted:
            if use is None:
                continue
            other = tools.get(use.tool)
            if other is None or other.classification.effect is not effect:
                raise ConfigError(f"{where}: tools.{name} rests on {use.tool}, which is not classified as {effect}")


def _rules(table: Mapping[str, Any], where: str) -> Iterator[ProblemRule]:
    """Yield what of a swept read's answer is a problem."""
    found = table.get("problems", [])
    if not isinstance(found, list) or (found and "sweep" not in table):
        raise ConfigError(f"{where}.problems is a list of tables, of a read that has a sweep")
    for number, one in enumerate(found):
        place = f"{where}.problems[{number}]"
        rule = _table(one, place, set(RULE_KEYS))
        wanted = _table(rule.get("when"), f"{place}.when")
        condition = _text(rule.get("condition"), f"{place}.condition")
        if not wanted or not CONDITION.fullmatch(condition):
            raise ConfigError(f"{place} needs a CamelCase condition, and `when` it holds")
        yield ProblemRule(
            rows=_text(rule["rows"], f"{place}.rows") if "rows" in rule else "",
            when={name: tuple(value) if isinstance(value, list) else (value,) for name, value in wanted.items()},
            condition=condition,
            name=_text(rule.get("name"), f"{place}.name"),
            summary=_text(rule.get("summary"), f"{place}.summary"),
            severity=_choice(Severity, rule.get("severity", Severity.WARNING.value), f"{place}.severity"),
            facts=tuple(_texts(rule.get("facts", []), f"{place}.facts")),
        )


def _use(found: Any, where: str) -> ToolUse | None:
    if found is None:
        return None
    table = _table(found, where, {"tool", "arguments", "fields"})
    return ToolUse(
        tool=_text(table.get("tool"), f"{where}.tool"),
        arguments=dict(_table(table.get("arguments", {}), f"{where}.arguments")),
        fields=tuple(_texts(table.get("fields", []), f"{where}.fields")),
    )


def _table(found: Any, where: str, known: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ConfigError(f"{where} must be a table")
    unknown = sorted(set(found) - known) if known is not None else []
    if unknown:
        raise ConfigError(f"{where}: {one_line(', '.join(unknown), 80)} has no meaning here")
    return found


def _pairs(table: Mapping[str, Any], name: str, where: str) -> Iterator[tuple[str, Any]]:
    yield from _table(table.get(name, {}), f"{where}.{name}").items()


def _mapped(found: Any, where: str, known: Mapping[str, str]) -> Mapping[str, str]:
    return {_one_of(known, name, where): _text(one, f"{where}.{name}") for name, one in _table(found, where).items()}


def _one_of(known: Mapping[str, Any], name: Any, where: str) -> str:
    if name not in known:
        raise ConfigError(f"{where}: {one_line(str(name), 60)} is none of {', '.join(known)}")
    return str(name)


def _text(found: Any, where: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise ConfigError(f"{where} must be text")
    return one_line(found, 300)


def _flag(found: Any, where: str) -> bool:
    if not isinstance(found, bool):
        raise ConfigError(f"{where} must be true or false")
    return found


def _texts(found: Any, where: str) -> list[str]:
    if not isinstance(found, list):
        raise ConfigError(f"{where} must be a list of texts")
    return [_text(one, where) for one in found]


def _names(found: Any, where: str) -> frozenset[str]:
    return frozenset(_texts(found, where))


def _choice(kind: Any, found: Any, where: str) -> Any:
    try:
        return kind(found)
    except ValueError:
        raise ConfigError(f"{where} must be one of {', '.join(kind)}") from None
