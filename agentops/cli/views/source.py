"""The line of a file that an error is about, with a caret under the place: as compilers show it.

Comes in: an error's place. Goes out: blocks for the page. The line is redacted first: a settings file may hold
a key that does not belong there.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentops.cli.report import Block, Code, Paragraph
from agentops.core.errors import AgentopsError
from agentops.core.source_place import SourcePlace
from agentops.core.text import clip, visible

_BEFORE = 40
_LONGEST = 70
_FITS = 76
_PROGRAM = "agentops "
_RUN = "Run: "
"""Begins a hint that is a command of another program."""


def error_blocks(error: AgentopsError) -> tuple[Block, ...]:
    """Return what stands under an error's message: the quoted line where there is one, and what to do next."""
    quoted = (Code(_excerpt(error.place)),) if error.place and error.place.quoted else ()
    return (*quoted, *hint_blocks(error.hint))


def hint_blocks(hint: str) -> tuple[Block, ...]:
    """Return a hint: prose is wrapped at words, what holds a command stays one line, so that it can be copied."""
    return tuple(block for line in hint.splitlines() if line.strip() for block in _hint_line(line))


def _hint_line(line: str) -> Iterator[Block]:
    at = line.find(_PROGRAM)
    if at < 0 and not line.startswith((" ", _RUN)):
        yield Paragraph(line)
        return
    if at <= 0 or line.startswith((" ", _RUN)) or len(line) <= _FITS:
        yield Code(line)
        return
    prose, stop, label = line[:at].rpartition(". ")
    if prose:
        yield Paragraph(prose + stop.rstrip())
    yield Code(f"{label}{line[at:]}")


def _excerpt(place: SourcePlace) -> str:
    """Return the line with its number and a caret; without the caret where a secret was cut before it."""
    from rich.cells import cell_len

    from agentops.redaction.redactor import SecretRedactor

    before = place.quoted[: place.column - 1]
    line = SecretRedactor().text(place.quoted)
    start = max(0, len(before) - _BEFORE) if len(line) > _LONGEST else 0
    cut = "…" if start else ""
    shown = cut + clip(visible(line[start:].replace("\t", " ")), _LONGEST)
    number = str(place.line)
    head = f"{number} | {shown}"
    if not line.startswith(before):
        return head
    width = cell_len(cut + visible(before[start:].replace("\t", " ")))
    return f"{head}\n{' ' * len(number)} | {' ' * width}^"
