"""Text that fills more than one line of a terminal: each further line begins with a bar.

Comes in: a styled text, foreign or ours. Goes out: something that rich prints. What begins at the margin without a bar
is ours: a heading, a row, a question. No line break and no wrapping of a text can begin a line that looks like one of
these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement
    from rich.text import Text

BAR = "│ "
_LEAST_WIDTH = 8


class Continued:
    """A text with a bar before every line but the first one.

    Arguments:
        quoted: somebody else's words as a whole: the first line has a bar, too.
    """

    def __init__(self, text: Text, *, quoted: bool = False) -> None:
        self._text = text
        self._quoted = quoted

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, as wide as there is room."""
        from rich.text import Text

        room = options.max_width
        if not self._quoted and "\n" not in self._text.plain and self._text.cell_len <= room:
            yield self._text
            return
        lines = self._text.wrap(console, max(room - len(BAR), _LEAST_WIDTH), overflow="fold")
        for number, line in enumerate(lines):
            line.rstrip()
            yield Text.assemble((BAR, "dim"), line) if number or self._quoted else line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return how wide it may be: as wide as its longest line with a bar."""
        from rich.measure import Measurement

        found = Measurement.get(console, options, self._text)
        more = len(BAR) if self._quoted or "\n" in self._text.plain else 0
        return Measurement(found.minimum, found.maximum + more).with_maximum(options.max_width)
