"""Rows as an aligned table of plain text, the form in which readings and listings show data."""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.text import clip

_COLUMN_LIMIT = 60
_SMALL_ROWS = 20
_SMALL_LIMIT = 400


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with a header line; the last column is not cut nor padded, and in a small table none is cut.

    Every row pays for the widest cell of a column, so only a long table has to be narrow.
    """
    last = len(header) - 1
    limit = _SMALL_LIMIT if len(rows) <= _SMALL_ROWS else _COLUMN_LIMIT
    cells = [
        [text if column == last else clip(text, limit) for column, text in enumerate(row)]
        for row in [list(header), *rows]
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(last)] + [0]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)
