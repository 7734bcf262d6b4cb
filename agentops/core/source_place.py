"""``SourcePlace``: the line and column of a mistake in a text that a person wrote, with the line itself to quote.

Comes in: a text and an offset, or a line and a column. Goes out: a place that an error carries and the terminal shows
with a caret. The quoted line is for the screen alone and is redacted there: a settings file may hold a key.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """One position in a file.

    Arguments:
        file: the path as it was given.
        line, column: counted from 1; columns count characters.
        quoted: the whole line, without its end.
    """

    file: str
    line: int
    column: int
    quoted: str

    def __str__(self) -> str:
        """Return ``FILE:LINE:COLUMN``, which editors and terminals can open."""
        return f"{self.file}:{self.line}:{self.column}"


def place_at(file: str, text: str, line: int, column: int = 1) -> SourcePlace:
    """Return the place of a line and a column of ``text``; one behind the end becomes the last line's end."""
    lines = text.split("\n")
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    quoted = lines[line - 1].rstrip("\r")
    return SourcePlace(file=file, line=line, column=max(1, min(column, len(quoted) + 1)), quoted=quoted)


def place_of(file: str, text: str, offset: int) -> SourcePlace:
    """Return the place of the character at ``offset`` of ``text``."""
    before = text[:offset]
    return place_at(file, text, before.count("\n") + 1, offset - before.rfind("\n"))
