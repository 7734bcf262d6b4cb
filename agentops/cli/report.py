"""The blocks of a report (headings, paragraphs, tables ...): what a person reads, without how it looks.

``render.py`` turns them into a terminal page, Markdown or nothing. Text in blocks may be foreign; the renderer
escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Tone(StrEnum):
    """The meaning of a text's colour; never the only carrier of that meaning."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title."""

    text: str
    tone: Tone = Tone.STRONG


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; wrapped to the width."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words: a model's, a sender's, a log's. Every line carries a mark at its left edge.

    ``lead`` is ours and stands before the words, on their first line.
    """

    text: str
    tone: Tone = Tone.PLAIN
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One bullet: ``label`` stands out (an evidence id, a number), ``note`` is quiet and stands below the text."""

    text: str
    label: str = ""
    note: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of items.

    With ``one_line`` each item keeps to one line of the terminal, its label first, and ends with ``…`` where it is too
    long for that; Markdown has it whole.
    """

    items: tuple[Item, ...]
    one_line: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and values, aligned."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; on a narrow terminal the rows become blocks of pairs.

    ``cut`` names the columns whose long cells end with ``…``, so that each row keeps to one line; without any, long
    cells are folded. Markdown has them whole.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Text of ours to be shown as it is, line by line: a command, a file. What others wrote is a ``Quote``."""

    text: str
    language: str = ""


class Mark(StrEnum):
    """What a line of a diff is."""

    SAME = " "
    OLD = "-"
    NEW = "+"
    FOLD = "@"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff; a FOLD line is ours: where the next lines stand, or how many are left out."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """Before and after of one object; ``side_by_side`` is a wish that a narrow terminal does not grant."""

    before: str
    after: str
    lines: tuple[DiffLine, ...]
    side_by_side: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a tree and what hangs on it."""

    text: str
    tone: Tone = Tone.PLAIN
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """Branches below one root."""

    root: Branch


Block: TypeAlias = Heading | Paragraph | Quote | Bullets | Pairs | Table | Code | Diff | Tree
