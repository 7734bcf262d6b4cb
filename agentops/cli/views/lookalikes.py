"""Names on the pages of a plan that are not what they look like: marked where they stand, and called out.

Comes in: the blocks of a page that a person decides on, and the plan. Goes out: the same blocks with every character
beyond ASCII marked outside of quotations, and a line for each word that looks like something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentops.cli.report import (
    Block,
    Branch,
    Bullets,
    Diff,
    Item,
    Pairs,
    Paragraph,
    Quote,
    Table,
    Tone,
    Tree,
)
from agentops.core.homographs import marked, odd_words, said_of
from agentops.core.plan import ChangePlan
from agentops.core.text import plural

_PROSE = ("objection", "next steps", "not checked", "approval")
"""Rows that hold sentences."""
_FREE_TEXT = re.compile(r"(^|\.)(annotations|data|stringData|description|message)(\[|\.|$)")
"""Fields whose values are anybody's words."""
_SHOWN = 3


def marked_blocks(blocks: Iterable[Block]) -> list[Block]:
    """Return blocks with what is beyond ASCII marked; a quotation is somebody's words in their own language."""
    return [_marked(block) for block in blocks]


def lookalike_blocks(plan: ChangePlan) -> Iterator[Block]:
    """Say which names of a plan look like other names, the first few one by one."""
    words = tuple(dict.fromkeys(word for text in _technical(plan) for word in odd_words(text)))
    for word in words[:_SHOWN]:
        yield Paragraph(f"LOOKALIKE: {said_of(word)}.", Tone.BAD)
    if len(words) > _SHOWN:
        yield Paragraph(f"and {plural(len(words) - _SHOWN, 'more such name')}, marked ⟨ ⟩.", Tone.BAD)


def _technical(plan: ChangePlan) -> Iterator[str]:
    """Yield the texts of a plan in which a name stands."""
    yield from (plan.places, plan.servers, plan.requester)
    for step in plan.steps:
        yield from (step.change.target.short, step.change.target.place)
        for one in step.preview.objects:
            yield one.ref.short
            for edit in one.edits:
                yield edit.path
                if not _FREE_TEXT.search(edit.path):
                    yield from _texts(edit.new)
            if one.before is None and one.after is not None:
                yield from _texts(one.after)


def _texts(value: Any, path: str = "") -> Iterator[str]:
    """Yield the keys and texts of a value, but what is anybody's words."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            inner = f"{path}.{key}"
            if not _FREE_TEXT.search(inner):
                yield from _texts(item, inner)
            elif isinstance(item, Mapping):
                yield from map(str, item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, path)


def _marked(block: Block) -> Block:
    if isinstance(block, Quote):
        return replace(block, lead=marked(block.lead))
    if isinstance(block, Bullets):
        return replace(block, items=tuple(map(_marked_item, block.items)))
    if isinstance(block, Pairs):
        return Pairs(tuple((name, value if name in _PROSE else marked(value)) for name, value in block.rows))
    if isinstance(block, Table):
        return replace(block, rows=tuple(tuple(map(marked, row)) for row in block.rows))
    if isinstance(block, Diff):
        lines = tuple(replace(line, text=marked(line.text)) for line in block.lines)
        return replace(block, before=marked(block.before), after=marked(block.after), lines=lines)
    if isinstance(block, Tree):
        return Tree(_marked_branch(block.root))
    return replace(block, text=marked(block.text))


def _marked_item(item: Item) -> Item:
    return replace(item, text=marked(item.text), label=marked(item.label), note=marked(item.note))


def _marked_branch(branch: Branch) -> Branch:
    return replace(branch, text=marked(branch.text), children=tuple(map(_marked_branch, branch.children)))
