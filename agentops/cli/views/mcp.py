"""The pages of ``mcp``: a server's tools with their state, what trusting them means, and what changed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agentops.cli.report import (
    Block,
    Bullets,
    Diff,
    DiffLine,
    Heading,
    Item,
    Mark,
    Pairs,
    Paragraph,
    Quote,
    Table,
    Tone,
)
from agentops.core.commands import command_line
from agentops.core.homographs import marked
from agentops.core.text import clip, one_line, plural
from agentops.core.tool import Effect

if TYPE_CHECKING:
    from agentops.app.mcp_sessions import LookedAtTool, ServerLook
    from agentops.providers.mcp.objects.server import ServerConfig

_STATES = {
    "offered": "offered",
    "not-allowed": "trusted, not allowed",
    "new": "new",
    "changed": "CHANGED",
    "server-changed": "server changed",
    "refused": "refused",
}
_DIFF_LINES = 60
_LINE_CHARS = 2_000
_MOST_LINES = 2_000
_SHOWN_WHOLE = 6
_MOST_ARGUMENTS = 30


def given_words(server: ServerConfig) -> str:
    """Return what a server is given, each with where it comes from: a reference may name any variable of the person."""
    given = (*server.env.items(), *server.headers.items())
    return ", ".join(marked(one_line(f"{name}={value}", 120)) for name, value in given) or "nothing"


def look_document(look: ServerLook) -> dict[str, Any]:
    """Return what a look at a server is as JSON."""
    return {
        "mcp_server": {
            "name": look.server.name,
            "identity": look.server.identity,
            "calls_itself": one_line(look.facts.name),
            "version": one_line(look.facts.version),
            "protocol": one_line(look.facts.protocol),
            "seconds": round(look.seconds, 3),
            "changed": look.judged.server_changed,
            "gone": list(look.judged.gone),
        },
        "mcp_tools": [tool_document(one) for one in look.tools],
    }


def tool_document(one: LookedAtTool) -> dict[str, Any]:
    """Return a tool as JSON."""
    return {
        "name": one.name,
        "called": one.called,
        "state": one.state,
        "why": one.why,
        "effect": one.classification.effect.value,
        "risk": one.classification.risk.value,
        "classified": one.is_classified,
        "schema": one.schema,
        "description": one.description,
        "changed": sorted(one.now),
    }


def only_reads(look: ServerLook) -> str:
    """Return how a person says that an unclassified tool only reads."""
    return f"If one only reads: {command_line('mcp', 'classify', look.server.name, 'TOOL', '--effect', 'read')}"


def look_blocks(look: ServerLook, *, full: bool) -> tuple[Block, ...]:
    """Return a server's tools as a page: one row each, or with what the server says of each."""
    counted = plural(len(look.tools), "tool")
    title = f"{look.server.name}: {counted}, {sum(one.state == 'offered' for one in look.tools)} offered"
    head: list[Block] = [Heading(title), Pairs(tuple(_server_rows(look)))]
    head += [Paragraph(f"The server changed: {look.judged.server_changed}", Tone.BAD)] * bool(
        look.judged.server_changed
    )
    rows = tuple(
        (marked(one.name), does(one), _STATES[one.state], one.why or one.classification.why) for one in look.tools
    )
    blocks = [*head, Table(("tool", "does", "state", "why"), rows, () if full else ("why",))]
    if full:
        blocks += [block for one in look.tools for block in _described(one)]
    gone = ", ".join(look.judged.gone)
    if not all(one.is_classified for one in look.tools):
        blocks.append(Paragraph("Unclassified counts as a change, critical, that nothing undoes.", Tone.QUIET))
        blocks.append(Paragraph(only_reads(look), Tone.QUIET))
    return (*blocks, *((Paragraph(f"Trusted, and not listed any more: {gone}", Tone.WARN),) if gone else ()))


def trust_blocks(look: ServerLook, chosen: Sequence[LookedAtTool], *, full: bool = False) -> list[Block]:
    """Return what is asked for when tools are to be trusted: what they do, in whose words, and what changed."""
    changes = sum(one.classification.effect is not Effect.READ for one in chosen)
    blocks: list[Block] = [
        Heading(f"Trust {plural(len(chosen), 'tool')} of {look.server.name}?"),
        Pairs((*_server_rows(look), ("of these", _counted(len(chosen), changes)))),
    ]
    if look.judged.server_changed:
        said = f"The server is not the one that was trusted: {look.judged.server_changed}."
        blocks.append(Paragraph(f"{said} Nothing else of it stays trusted.", Tone.BAD))
    changed = [one for one in chosen if one.now]
    for one in changed:
        blocks += list(_changes(one))
    others = [one for one in chosen if not one.now]
    if full or len(others) <= _SHOWN_WHOLE:
        blocks += [block for one in others for block in _described(one)]
    elif others:
        rows = tuple((marked(one.name), does(one), one_line(one.description)) for one in others)
        blocks.append(Table(("tool", "does", "the server says"), rows, ("the server says",)))
    refused = [one for one in look.tools if one.state == "refused"]
    if refused:
        items = tuple(Item(one.why, label=marked(one_line(one.name, 60))) for one in refused)
        blocks += [Heading("Refused, whoever trusts them", Tone.WARN), Bullets(items)]
    return blocks


def _server_rows(look: ServerLook) -> Iterator[tuple[str, str]]:
    yield "server", marked(look.server.identity)
    if look.server.env or look.server.headers:
        yield "is given", given_words(look.server)
    version = f" {one_line(look.facts.version, 40)}" if look.facts.version else ""
    yield "calls itself", marked(f"{one_line(look.facts.name, 80)}{version}")


def _counted(tools: int, changes: int) -> str:
    return f"{plural(tools - changes, 'read')}, {plural(changes, 'change')}; what is not classified counts as a change"


def does(one: LookedAtTool) -> str:
    """Return what a tool does in two words: ``reads, low``; ``unclassified`` where nobody has found out."""
    if not one.is_classified:
        return "unclassified"
    effect = "reads" if one.classification.effect is Effect.READ else "changes"
    return f"{effect}, {one.classification.risk.value}"


def _described(one: LookedAtTool) -> Iterator[Block]:
    yield Heading(f"{marked(one_line(one.name, 80))} ({does(one)})")
    yield Quote(one.description or "The server says nothing of it.")
    if one.arguments:
        yield Paragraph(f"takes {', '.join(marked(one_line(name, 60)) for name in one.arguments[:_MOST_ARGUMENTS])}")


def _changes(one: LookedAtTool) -> Iterator[Block]:
    yield Heading(f"{marked(one_line(one.name, 80))} ({does(one)}): {', '.join(one.now)} changed", Tone.WARN)
    for name in one.now:
        lines = tuple(_diff(_lines(one.before.get(name)), _lines(one.now[name])))
        if lines:
            yield Diff(f"{name}, as it was trusted", f"{name} now", lines)
        else:
            yield Paragraph(f"{name} differs in what is hidden as a secret", Tone.WARN)


def _lines(value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return [clip(line, _LINE_CHARS) for line in text.splitlines()[:_MOST_LINES]]


def _diff(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    marks = {" ": Mark.SAME, "-": Mark.OLD, "+": Mark.NEW}
    found = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    for line in found[:_DIFF_LINES]:
        yield DiffLine(Mark.FOLD, "") if line.startswith("@@") else DiffLine(marks[line[0]], line[1:])
    if len(found) > _DIFF_LINES:
        yield DiffLine(Mark.FOLD, f"{len(found) - _DIFF_LINES} more lines")
