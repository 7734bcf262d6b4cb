"""The end of a help page, folded: no line is wider than a terminal of 80 columns.

Comes in: the text as a command has it, in which each example stands on a line of its own. Goes out: the same, with what
is too wide on lines of its own. An example that is broken can still be pasted.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from itertools import groupby

import typer

WIDTH = 78
"""The columns that a line may take; two are left, as everywhere in a help page."""
_SAID_BESIDE = re.compile(r"(  \S.*?) {2,}(\S.*)")
_BESIDE, _FURTHER = "      ", "    "


def fold_pages(app: typer.Typer) -> None:
    """Fold the end of the help page of each command of ``app``."""
    for command in app.registered_commands:
        if command.epilog:
            command.epilog = folded(command.epilog)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            fold_pages(group.typer_instance)


def folded(text: str) -> str:
    """Return ``text`` with no line wider than ``WIDTH``."""
    lines: list[str] = []
    for is_prose, block in groupby(text.splitlines(), key=_is_prose):
        held = list(block)
        if all(len(line) <= WIDTH for line in held):
            lines += held
        elif is_prose:
            lines += textwrap.wrap(" ".join(held), WIDTH, break_on_hyphens=False)
        else:
            lines += [part for line in held for part in _example(line)]
    return "\n".join(lines) + "\n"


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not line.startswith((" ", "\b")) and not line.endswith(":")


def _example(line: str) -> Iterator[str]:
    if len(line) <= WIDTH:
        yield line
        return
    beside = _SAID_BESIDE.fullmatch(line)
    yield from _command(beside[1] if beside else line)
    if beside:
        yield from textwrap.wrap(beside[2], WIDTH, initial_indent=_BESIDE, subsequent_indent=_BESIDE)


def _command(line: str) -> Iterator[str]:
    """Yield a command on as many lines as it needs, each but the last with a backslash; a quoted word stays whole."""
    row = ""
    lexer = shlex.shlex(line.strip(), posix=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    for word in lexer:
        if row and len(f"{row} {word} \\") > WIDTH:
            yield f"{row} \\"
            row = f"{_FURTHER}{word}"
        else:
            row = f"{row} {word}" if row else f"  {word}"
    yield row
