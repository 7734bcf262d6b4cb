"""How large and how deep a policy's text may be, judged before the engine sees it.

Comes in: the text of a layer. Goes out: nothing, or what is too much and where. The engine reads nested text by
recursion and ends the whole process when its stack runs out, without a word. Measured with an 8 MiB stack: 400 nested
brackets are read and 800 are the end; of one chain of operators 12,800 are read. What takes a policy apart for an
explanation allows about 60 on top of one another. The limits stand far below, so that a smaller stack holds them too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agentops.policy.positions import Statement, statements

MOST_BYTES = 512 * 1024
"""Of one layer's text. The shipped policy has 10 KB."""
MOST_BRACKETS = 24
"""Brackets of any kind within one another. The shipped policies have 4."""
MOST_DEPTH = 60
"""Operators that stand on one another in one policy, brackets included; ``&&`` and ``||`` count each time."""
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_JOINING = frozenset({"&&", "||", "if", "then", "else"})
_APART = frozenset({",", ";", "when", "unless"})
_BINDING = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "has", "like", "is", "+", "-", "*", "!", "."})


@dataclass(frozen=True, slots=True)
class Excess:
    """What of a text is too much, in words, and the offset at which it is."""

    said: str
    offset: int | None = None


@dataclass(slots=True)
class _Group:
    """What stands in one pair of brackets: how often it is joined, and the deepest and the present operand."""

    joined: int = 0
    deepest: int = 0
    present: int = 0
    whole: int = field(default=0)

    def bind(self, depth: int) -> None:
        self.present += depth
        self.deepest = max(self.deepest, self.present)

    def join(self) -> None:
        self.joined += 1
        self.present = 0

    def separate(self) -> None:
        """End one of several that stand beside one another: they do not add up."""
        self.whole = self.depth
        self.joined = self.deepest = self.present = 0

    @property
    def depth(self) -> int:
        return max(self.whole, self.joined + self.deepest)


def excess(text: str) -> Excess | None:
    """Return what of a layer's text is too much for the engine, or None."""
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        return Excess(f"it has {size:,} bytes; at most {MOST_BYTES:,} are read")
    return next((found for statement in statements(text) if (found := _too_deep(statement))), None)


def _too_deep(statement: Statement) -> Excess | None:
    """Return where a policy goes too deep, by its tokens alone; never less deep than the engine finds it."""
    open_groups = [_Group()]
    for token in statement:
        group, text = open_groups[-1], token.text
        if text == '"':
            # The engine ends a text elsewhere than we would, or not at all: nothing behind it can be counted.
            return Excess("not valid Cedar: a text in quotation marks does not end", token.start)
        if text in _OPENING:
            open_groups.append(_Group())
            if len(open_groups) > MOST_BRACKETS + 1:
                return Excess(f"more than {MOST_BRACKETS} brackets are nested here", token.start)
        elif text in _CLOSING and len(open_groups) > 1:
            inner = open_groups.pop()
            open_groups[-1].bind(inner.depth + 1)
        elif text in _JOINING:
            group.join()
        elif text in _APART:
            group.separate()
        elif text in _BINDING:
            group.bind(1)
        around = sum(one.joined + one.present for one in open_groups[:-1])
        if around + open_groups[-1].depth > MOST_DEPTH:
            return Excess(f"more than {MOST_DEPTH} operators stand on one another here", token.start)
    return None
