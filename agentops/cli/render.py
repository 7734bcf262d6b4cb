"""The one place that prints results: as a terminal page, as Markdown, or as one JSON document.

Nothing passes through unescaped: foreign text cannot move the cursor, reorder a line or open a Markdown construct that
hides something. JSON goes to stdout alone.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from agentops.cli.continuing import Continued
from agentops.cli.figures import (
    STYLE,
    diff_to_markdown,
    diff_to_terminal,
    tree_to_markdown,
    tree_to_terminal,
)
from agentops.cli.report import Block, Bullets, Diff, Heading, Item, Pairs, Paragraph, Quote, Table, Tree
from agentops.cli.result import Result
from agentops.core.text import visible

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 100
_NARROW = 60
_SHORT_LABEL = 4
_LAST_COLUMN = 16
_LEAST_CUT = 8


def show(result: Result, output: str, stream: TextIO | None = None) -> None:
    """Write ``result`` to ``stream`` (stdout) as ``text``, ``markdown`` or ``json``."""
    stream = stream or sys.stdout
    if output == "json":
        json.dump(result.envelope(), stream, ensure_ascii=True, indent=2, allow_nan=False)
        stream.write("\n")
    elif result.printed:
        stream.write(result.printed)
    elif output == "markdown":
        stream.write(to_markdown(result.report))
    else:
        stream.write(page(result.report, stream))
    stream.flush()


def console_for(stream: TextIO) -> Console:
    """Return a rich console for ``stream``: width from the terminal, 100 columns into a pipe, colour only on a TTY."""
    return _console(stream, width=_width(stream), terminal=None)


def page(report: tuple[Block, ...], stream: TextIO, *, plain: bool = False) -> str:
    """Return the page as ``stream`` should get it, without the blanks that fill lines up.

    Arguments:
        plain: leave colours and other styles out, whatever ``stream`` is; the words and their places stay the same.
    """
    text = io.StringIO()
    _to_terminal(report, _console(text, width=_width(stream), terminal=stream.isatty() and not plain))
    return "".join(line.rstrip(" \n") + "\n" for line in text.getvalue().splitlines())


def _console(stream: TextIO, *, width: int, terminal: bool | None) -> Console:
    from rich.console import Console

    return Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        # rich would leave bold and dim on: who asks for no colour gets the text and nothing else.
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def _width(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return max(int(columns), 20)
    return max(shutil.get_terminal_size().columns, 20) if stream.isatty() else _PIPE_WIDTH


def _to_terminal(report: tuple[Block, ...], console: Console) -> None:
    first = True
    for block in report:
        if isinstance(block, Heading) and not first:
            console.print()
        first = False
        _print_block(block, console)


def _print_block(block: Block, console: Console) -> None:
    from rich.text import Text

    if isinstance(block, Heading):
        console.print(Continued(Text(_flat(block.text), style=STYLE[block.tone])))
    elif isinstance(block, Paragraph):
        _print_paragraph(block, console)
    elif isinstance(block, Quote):
        _print_quote(block, console)
    elif isinstance(block, Bullets):
        _print_bullets(block, console)
    elif isinstance(block, Pairs):
        _print_pairs(block.rows, console)
    elif isinstance(block, Table):
        _print_table(block, console)
    elif isinstance(block, Diff):
        diff_to_terminal(block, console)
    elif isinstance(block, Tree):
        tree_to_terminal(block, console)
    else:
        # Not wrapped by us: a command that is cut into two lines cannot be copied. The terminal folds it.
        for line in visible(block.text).rstrip("\n").split("\n"):
            console.print(Text("  " + line), soft_wrap=True)


def _print_quote(block: Quote, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    words = Text(visible(block.lead + block.text.strip("\n")), style=STYLE[block.tone])
    console.print(Padding(Continued(words, quoted=True), (0, 0, 0, 2), expand=False))


def _print_paragraph(block: Paragraph, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for line in _whole_command(visible(block.text), console.width - 2):
        console.print(Padding(Continued(Text(line, style=STYLE[block.tone])), (0, 0, 0, 2), expand=False))


def _flat(text: str) -> str:
    """Return a text without line breaks, safe to show."""
    return visible(text.replace("\n", " "))


def _whole_command(text: str, room: int) -> tuple[str, ...]:
    """Return a paragraph in two where it would be wrapped inside the command at its end, and that fits on a line."""
    from rich.cells import cell_len

    at = text.rfind(_PROGRAM)
    prose, stop, label = text[:at].rpartition(". ")
    if at < 0 or "\n" in text or cell_len(text) <= room or not prose:
        return (text,)
    command = f"{label}{text[at:]}"
    return (prose + stop.rstrip(), command) if cell_len(command) <= room else (text,)


def _print_bullets(block: Bullets, console: Console) -> None:
    for item in block.items:
        _print_line(item, console) if block.one_line else _print_item(item, console)


def _print_item(item: Item, console: Console) -> None:
    from rich.padding import Padding
    from rich.table import Table as Grid
    from rich.text import Text

    body = Text(visible(item.text), style=STYLE[item.tone])
    if item.note:
        body.append("\n" + visible(item.note), style="dim")
    if len(item.label) > _SHORT_LABEL:
        # A long label (a condition) stands on a line of its own, so that the texts keep one left edge.
        console.print(Text("  " + _flat(item.label), style="bold"))
        console.print(Padding(Continued(body, quoted=True), (0, 0, 0, 4), expand=False))
        return
    grid = Grid.grid(padding=(0, 1, 0, 0), expand=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("  " + (_flat(item.label) or "•"), style="cyan" if item.label else "dim"), Continued(body))
    console.print(grid)


def _print_line(item: Item, console: Console) -> None:
    from rich.text import Text

    line = Text.assemble(("  " + _flat(item.label) + " ", "dim"), (_flat(item.text), STYLE[item.tone]))
    console.print(line, no_wrap=True, overflow="ellipsis")


def _print_pairs(rows: tuple[tuple[str, str], ...], console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text("  " + _flat(name), style="dim"), Continued(Text(visible(value))))
    console.print(grid)


def _print_table(table: Table, console: Console) -> None:
    from rich.cells import cell_len
    from rich.table import Table as Grid
    from rich.text import Text

    if not table.rows:
        return
    columns = zip(table.columns, *table.rows, strict=True)
    widths = [max(cell_len(visible(cell)) for cell in column) for column in columns]
    if table.cut:
        widths = _cut_widths(table, widths, console.width)
    if console.width < _NARROW or not widths:
        for row in table.rows:
            _print_pairs(tuple(zip(table.columns, row, strict=True)), console)
            console.print()
        return
    grid = Grid(box=None, padding=(0, 2, 0, 0), show_edge=False, pad_edge=False, header_style="dim")
    grid.add_column("")
    # A time in two halves cannot be read: only the last column is folded, as long as that leaves it room.
    whole = sum(widths[:-1]) + 2 * len(widths) + _LAST_COLUMN <= console.width
    for number, column in enumerate(table.columns):
        if table.cut:
            grid.add_column(Text(column.upper()), width=widths[number], overflow="ellipsis", no_wrap=True)
        else:
            stays = number == 0 or (whole and number < len(widths) - 1)
            grid.add_column(Text(column.upper()), overflow="fold", no_wrap=stays)
    for row in table.rows:
        if table.cut:
            grid.add_row("", *(Text(_flat(" ".join(cell.split()))) for cell in row))
        else:
            grid.add_row("", *(Continued(Text(visible(cell))) for cell in row))
    console.print(grid)


def _cut_widths(table: Table, widths: list[int], room: int) -> list[int]:
    """Return how wide each column may be, the widest of ``table.cut`` made narrower first; empty where none fits."""
    widths = list(widths)
    giving = [number for number, column in enumerate(table.columns) if column in table.cut]
    while sum(widths) + 2 * len(widths) > room:
        widest = max(giving, key=lambda number: widths[number])
        if widths[widest] <= _LEAST_CUT:
            return []
        widths[widest] -= 1
    return widths


_PROGRAM = "agentops "
_CONSTRUCT = re.compile(r"(\s*|\s*\d{1,9})(?=[-+=~]|(?<=\d)[.)])")
_ESCAPED = str.maketrans({character: "\\" + character for character in "\\`*_[]<>#|"})


def _plain(text: str) -> str:
    """Return ``text`` with Markdown's own characters escaped, on as many lines as it had."""
    return visible(text).translate(_ESCAPED)


def _start(line: str) -> str:
    """Return a line that begins no list, rule, fence or heading of Markdown."""
    found = _CONSTRUCT.match(line)
    return f"{found[1]}\\{line[found.end(1) :]}" if found else line


def to_markdown(report: tuple[Block, ...]) -> str:
    """Return ``report`` as Markdown in which foreign text stays text."""
    return "\n".join(_markdown_block(block) for block in report)


def _markdown_block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_plain(_flat(block.text))}\n"
    if isinstance(block, Paragraph):
        return _start(_plain(" ".join(block.text.split()))) + "\n"
    if isinstance(block, Quote):
        lines = (block.lead + block.text.strip("\n")).split("\n")
        return "\n".join(f"> {_start(_plain(line))}".rstrip() for line in lines) + "\n"
    if isinstance(block, Bullets):
        lines = []
        for item in block.items:
            label = f"**{_plain(item.label)}** " if item.label else ""
            note = f"  \n  {_plain(' '.join(item.note.split()))}" if item.note else ""
            lines.append(f"- {label}{_plain(' '.join(item.text.split()))}{note}")
        return "\n".join(lines) + "\n"
    if isinstance(block, Pairs):
        return "\n".join(f"- {_plain(name)}: {_plain(' '.join(value.split()))}" for name, value in block.rows) + "\n"
    if isinstance(block, Table):
        head = "| " + " | ".join(block.columns) + " |\n|" + " --- |" * len(block.columns)
        body = "".join("\n| " + " | ".join(_plain(" ".join(c.split())) for c in row) + " |" for row in block.rows)
        return head + body + "\n"
    if isinstance(block, Tree):
        return tree_to_markdown(block, _plain)
    text, language = (diff_to_markdown(block), "diff") if isinstance(block, Diff) else (block.text, block.language)
    fence = "`" * max(3, _longest_run(text, "`") + 1)
    return f"{fence}{language}\n{visible(text).rstrip()}\n{fence}\n"


def _longest_run(text: str, character: str) -> int:
    longest = run = 0
    for c in text:
        run = run + 1 if c == character else 0
        longest = max(longest, run)
    return longest
