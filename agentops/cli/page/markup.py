"""Blocks as HTML: the same report that a terminal shows, for the page on which a person approves.

Comes in: blocks whose text may be foreign. Goes out: HTML in which foreign text is text: every character that a
terminal would not show as itself is written out, and what HTML reads is escaped. No colour carries a meaning alone: a
line of a diff begins with its sign, and a warning has a border and its own words.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from agentops.cli.report import (
    Block,
    Branch,
    Bullets,
    Code,
    Diff,
    DiffLine,
    Heading,
    Mark,
    Pairs,
    Paragraph,
    Quote,
    Table,
    Tone,
    Tree,
)
from agentops.core.text import visible

_ELEMENT = {Mark.OLD: "del", Mark.NEW: "ins", Mark.SAME: "span", Mark.FOLD: "span"}
_SPOKEN = {Mark.OLD: "removed", Mark.NEW: "added"}


def text(words: str) -> str:
    """Return a text that HTML shows as a terminal does, on as many lines as it had."""
    return html.escape(visible(words), quote=True)


def blocks_to_html(blocks: Iterable[Block], *, level: int = 2) -> str:
    """Return a report as HTML.

    Arguments:
        level: the rank of its headings, 2 to 6.
    """
    return "\n".join(_block(block, level) for block in blocks)


def _block(block: Block, level: int) -> str:
    if isinstance(block, Heading):
        return f"<h{level}{_tone(block.tone)}>{text(block.text)}</h{level}>"
    if isinstance(block, Paragraph):
        return f"<p{_tone(block.tone)}>{text(block.text)}</p>"
    if isinstance(block, Quote):
        return f"<blockquote><p{_tone(block.tone)}>{text(block.lead + block.text.strip())}</p></blockquote>"
    if isinstance(block, Bullets):
        return "<ul>" + "".join(_items(block)) + "</ul>"
    return _figure(block)


def _figure(block: Pairs | Table | Diff | Tree | Code) -> str:
    if isinstance(block, Pairs):
        return "<dl>" + "".join(_pairs(block)) + "</dl>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Diff):
        return _diff(block)
    if isinstance(block, Tree):
        return f"<ul>{_branch(block.root)}</ul>"
    return f"<pre tabindex=0><code>{text(block.text)}</code></pre>"


def _tone(tone: Tone) -> str:
    return "" if tone is Tone.PLAIN else f' class="{tone.value}"'


def _items(block: Bullets) -> Iterator[str]:
    for item in block.items:
        label = f"<b>{text(item.label)}</b> " if item.label else ""
        note = f"<small>{text(item.note)}</small>" if item.note else ""
        yield f"<li{_tone(item.tone)}>{label}{text(item.text)}{note}</li>"


def _pairs(block: Pairs) -> Iterator[str]:
    for name, value in block.rows:
        # A row without a name goes on with the one before.
        yield (f"<dt>{text(name)}</dt>" if name else "") + f"<dd>{text(value)}</dd>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _diff(diff: Diff) -> str:
    caption = f"−&nbsp;{text(diff.before)}<br>+&nbsp;{text(diff.after)}"
    lines = "".join(map(_diff_line, diff.lines))
    return f'<figure><figcaption>{caption}</figcaption><pre class="diff" tabindex=0>{lines}</pre></figure>'


def _diff_line(line: DiffLine) -> str:
    """Return a line of a diff: its sign is part of the text, and said to who cannot see it."""
    name = _ELEMENT[line.mark]
    sign = "@@" if line.mark is Mark.FOLD else line.mark.value
    spoken = f'<span class="spoken">{_SPOKEN[line.mark]}: </span>' if line.mark in _SPOKEN else ""
    quiet = ' class="fold"' if line.mark is Mark.FOLD else ""
    # A line break inside the text would begin a line without a sign.
    shown = text(line.text.replace("\n", " "))
    return f'<{name}{quiet}>{spoken}<span class="sign">{sign}</span> {shown}</{name}>\n'


def _branch(branch: Branch) -> str:
    below = f"<ul>{''.join(map(_branch, branch.children))}</ul>" if branch.children else ""
    return f"<li><span{_tone(branch.tone)}>{text(branch.text)}</span>{below}</li>"
