"""Which lines of a log are kept: those that match one pattern and not another (``core/patterns.py``)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress

from agentops.core.patterns import line_pattern


class LineFilter:
    """Keeps lines that match ``include`` and do not match ``exclude``; empty patterns do nothing.

    Raises:
        ToolInputError: a pattern is not one, or is too large.
    """

    def __init__(self, *, include: str = "", exclude: str = "") -> None:
        self._include = line_pattern(include, "include") if include else None
        self._exclude = line_pattern(exclude, "exclude") if exclude else None

    def keep(self, lines: Iterable[str]) -> list[str]:
        """Return the lines that pass, in order.

        Raises:
            ToolError: the patterns are too slow for these lines.
        """
        kept = list(lines)
        if self._include is not None:
            kept = list(compress(kept, self._include.marks(kept)))
        if self._exclude is not None:
            kept = [line for line, dropped in zip(kept, self._exclude.marks(kept), strict=True) if not dropped]
        return kept
