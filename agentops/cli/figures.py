"""Renders a diff and a tree, for a terminal and as Markdown.

Comes in: ``Diff`` and ``Tree`` blocks whose text may be foreign. Goes out: lines on a rich console, or Markdown text.
A wrapped line stays in its own column, so no text can look like a line of the diff that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from agentops.cli.continuing import Continued
from agentops.cli.report import Branch, Diff, DiffLine, Mark, Tone, Tree
from agentops.core.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree as Drawn

STYLE = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}
_LINE_STYLE = {Mark.SAME: "", Mark.OLD: "red", Mark.NEW: "green", Mark.FOLD: "dim cyan"}
_TWO_COLUMNS_FROM = 110
_ALIKE_CHARS = 3


def diff_to_terminal(diff: Diff, console: Console) -> None:
    """Print ``diff``: two columns when that is wished for and fits, else one."""
    if diff.side_by_side and console.width >= _TWO_COLUMNS_FROM:
        _two_columns(diff, console)
        return
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, width=3, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(Text("---", style="bold red"), Text(visible(diff.before), style="bold"))
    grid.add_row(Text("+++", style="bold green"), Text(visible(diff.after), style="bold"))
    for old, new in _places(diff.lines):
        for line, other in (*_opposite(old, new), *(() if new is old else _opposite(new, old))):
            mark = "@@" if line.mark is Mark.FOLD else line.mark.value
            grid.add_row(Text(mark, style=_LINE_STYLE[line.mark]), Continued(_styled(line, other)))
    console.print(grid)


def _two_columns(diff: Diff, console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    half = (console.width - 9) // 2
    grid = Grid.grid(padding=(0, 1, 0, 0))
    for width in (3, half, 1, half):
        grid.add_column(overflow="fold", width=width)
    bar = Text("│", style="dim")
    grid.add_row("", Text(visible(diff.before), style="bold red"), bar, Text(visible(diff.after), style="bold green"))
    for old, new in _places(diff.lines):
        for left, right in zip_longest(old, new):
            texts = [Continued(_styled(a, b)) if a is not None else Text() for a, b in ((left, right), (right, left))]
            once = left is not None and left is right and left.mark is Mark.FOLD
            grid.add_row(_side_mark(left, right), texts[0], bar, Text() if once else texts[1])
    console.print(grid)


def _side_mark(left: DiffLine | None, right: DiffLine | None) -> str:
    if left is not None and left is right:
        return " @@" if left.mark is Mark.FOLD else ""
    return "  ~" if left and right else "  -" if left else "  +"


def _places(lines: tuple[DiffLine, ...]) -> Iterator[tuple[list[DiffLine], list[DiffLine]]]:
    """Yield what stands in one place: a line and itself, or a run of old lines and the new ones instead."""
    old: list[DiffLine] = []
    new: list[DiffLine] = []
    for line in lines:
        if line.mark is Mark.NEW:
            new.append(line)
            continue
        if new or line.mark is not Mark.OLD:
            yield old, new
            old, new = [], []
        if line.mark is Mark.OLD:
            old.append(line)
        else:
            both = [line]
            yield both, both
    yield old, new


def _opposite(lines: list[DiffLine], others: list[DiffLine]) -> list[tuple[DiffLine, DiffLine | None]]:
    return [(line, others[at] if at < len(others) else None) for at, line in enumerate(lines)]


def _styled(line: DiffLine, other: DiffLine | None) -> Text:
    """Return the line in its colour; where it differs from ``other`` inside the line, that part stands out."""
    from rich.text import Text

    text = Text(visible(line.text), style=_LINE_STYLE[line.mark])
    if other is None or other is line:
        return text
    mine, theirs = visible(line.text), visible(other.text)
    start = _common(mine, theirs)
    end = _common(mine[start:][::-1], theirs[start:][::-1])
    indent = len(mine) - len(mine.lstrip())
    if start - indent + end >= _ALIKE_CHARS:
        text.stylize("reverse", start, len(mine) - end)
    return text


def _common(one: str, two: str) -> int:
    """Return how many characters the two begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def diff_to_markdown(diff: Diff) -> str:
    """Return a unified diff as the text of a fenced block; the caller fences and escapes it."""
    body = "\n".join(f"@@ {line.text} @@" if line.mark is Mark.FOLD else line.mark + line.text for line in diff.lines)
    return f"--- {diff.before}\n+++ {diff.after}\n{body}"


def tree_to_terminal(tree: Tree, console: Console) -> None:
    """Print ``tree`` with its branches drawn."""
    from rich.padding import Padding

    console.print(Padding(_drawn(tree.root), (0, 0, 0, 2), expand=False))


def _drawn(branch: Branch) -> Drawn:
    from rich.text import Text
    from rich.tree import Tree as Drawn

    drawn = Drawn(Continued(Text(visible(branch.text), style=STYLE[branch.tone])), guide_style="dim")
    for child in branch.children:
        drawn.children.append(_drawn(child))
    return drawn


def tree_to_markdown(tree: Tree, plain: Callable[[str], str]) -> str:
    """Return nested bullets; ``plain`` escapes Markdown's own characters."""
    return "\n".join(_bullets(tree.root, 0, plain)) + "\n"


def _bullets(branch: Branch, depth: int, plain: Callable[[str], str]) -> Iterator[str]:
    yield "  " * depth + "- " + plain(" ".join(branch.text.split()))
    for child in branch.children:
        yield from _bullets(child, depth + 1, plain)
