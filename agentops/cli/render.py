"""The one place that prints results: as a terminal page, as Markdown, or as one JSON document.

Nothing passes through unescaped: foreign text cannot move the cursor, reorder a line or open a Markdown construct that
hides something. JSON goes to stdout alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from agentops.cli.report import Block, Bullets, Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.core.text import visible

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}
_PIPE_WIDTH = 100
_NARROW = 60


def show(result: Result, output: str, stream: TextIO | None = None) -> None:
    """Write ``result`` to ``stream`` (stdout) as ``text``, ``markdown`` or ``json``."""
    stream = stream or sys.stdout
    if output == "json":
        json.dump(result.envelope(), stream, ensure_ascii=True, indent=2, allow_nan=False)
        stream.write("\n")
    elif output == "markdown":
        stream.write(to_markdown(result.report))
    else:
        _to_terminal(result.report, console_for(stream))
    stream.flush()


def console_for(stream: TextIO) -> Console:
    """Return a rich console for ``stream``: width from the terminal, 100 columns into a pipe, colour only on a TTY."""
    from rich.console import Console

    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdigit() and int(columns) else None
    if width is None:
        width = shutil.get_terminal_size().columns if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=max(width, 20), highlight=False, markup=False, emoji=False, soft_wrap=False)


def _to_terminal(report: tuple[Block, ...], console: Console) -> None:
    first = True
    for block in report:
        if isinstance(block, Heading) and not first:
            console.print()
        first = False
        _print_block(block, console)


def _print_block(block: Block, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if isinstance(block, Heading):
        console.print(Text(visible(block.text), style=_STYLE[block.tone]))
    elif isinstance(block, Paragraph):
        console.print(Padding(Text(visible(block.text), style=_STYLE[block.tone]), (0, 0, 0, 2), expand=False))
    elif isinstance(block, Bullets):
        for item in block.items:
            _print_item(item.label, item.text, item.note, _STYLE[item.tone], console)
    elif isinstance(block, Pairs):
        _print_pairs(block.rows, console)
    elif isinstance(block, Table):
        _print_table(block, console)
    else:
        console.print(Padding(Text(visible(block.text).rstrip("\n")), (0, 0, 0, 4), expand=False))


def _print_item(label: str, text: str, note: str, style: str, console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 1, 0, 0), expand=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    body = Text(visible(text), style=style)
    if note:
        body.append("\n" + visible(note), style="dim")
    mark = Text("  " + visible(label) if label else "  •", style="cyan" if label else "dim")
    grid.add_row(mark, body)
    console.print(grid)


def _print_pairs(rows: tuple[tuple[str, str], ...], console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text("  " + visible(name), style="dim"), Text(visible(value)))
    console.print(grid)


def _print_table(table: Table, console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    if not table.rows:
        return
    if console.width < _NARROW:
        for row in table.rows:
            _print_pairs(tuple(zip(table.columns, row, strict=True)), console)
            console.print()
        return
    grid = Grid(box=None, padding=(0, 2, 0, 0), show_edge=False, pad_edge=False, header_style="dim")
    grid.add_column("")
    for number, column in enumerate(table.columns):
        grid.add_column(Text(column.upper()), overflow="fold", no_wrap=number == 0)
    for row in table.rows:
        grid.add_row("", *(Text(visible(cell)) for cell in row))
    console.print(grid)


_ESCAPED = str.maketrans({character: "\\" + character for character in "\\`*_[]<>#|"})


def _plain(text: str) -> str:
    """Return ``text`` with Markdown's own characters escaped, on as many lines as it had."""
    return visible(text).translate(_ESCAPED)


def to_markdown(report: tuple[Block, ...]) -> str:
    """Return ``report`` as Markdown in which foreign text stays text."""
    return "\n".join(_markdown_block(block) for block in report)


def _markdown_block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_plain(block.text)}\n"
    if isinstance(block, Paragraph):
        return _plain(block.text) + "\n"
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
    fence = "`" * max(3, _longest_run(block.text, "`") + 1)
    return f"{fence}{block.language}\n{visible(block.text).rstrip()}\n{fence}\n"


def _longest_run(text: str, character: str) -> int:
    longest = run = 0
    for c in text:
        run = run + 1 if c == character else 0
        longest = max(longest, run)
    return longest
