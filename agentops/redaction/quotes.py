r"""Quotes, at any depth of JSON inside JSON, and as HTML, URLs and Unicode escapes write them.

Comes in: a text and the quote that opened a value. Goes out: where the value ends.
"""

from __future__ import annotations

import re

QUOTE = r"\\{0,32}[\"'`]|&quot;|&#3[49];|%22|\\{1,32}u0022"
"""An opening quote, for use in a pattern."""


# `"abc" + "def"`, `'abc' . 'def'`, `"abc" "def"`, also on the next line.
_JOINT = re.compile(
    r"[\"'`](?P<sign>[ \t]{0,8}(?:\+|\.{1,2}|&|\|\||<>)?[ \t]{0,8}\\?\\?[ \t]{0,8}(?:\r?\n[ \t]{0,200}(?:(?:\+|"
    r"\.|&)[ \t]{1,8})?)?)"
    r"(?:[rbfuNE@L])?(?P<quote>[\"'`])"
)
_A_NAME = re.compile(r"[\"'`]\s{0,4}[:=]")
_MOST_JOINED = 40


def joined_literals(text: str, end: int) -> list[tuple[int, int]]:
    """Return where the further literals stand that source code joins to the one which is closed at ``end``."""
    found: list[tuple[int, int]] = []
    for _literal in range(_MOST_JOINED):
        joint = _JOINT.match(text, end)
        if joint is None or (not joint["sign"] and joint["quote"] == text[end]):
            break
        start = joint.end()
        line = text.find("\n", start, start + 4096)
        end = closing_quote(text, start, joint["quote"], line if line >= 0 else min(len(text), start + 4096))
        is_bare_joint = not joint["sign"].strip(" \t\r\n")
        if not text.startswith(joint["quote"], end) or _A_NAME.match(text, end):
            break
        if is_bare_joint and (not text[start:end].isalnum() or end - start < 4):
            break  # two arguments of a command
        found.append((start, end))
    return found


def closing_quote(text: str, start: int, opening: str, stop: int) -> int:
    r"""Return where a quoted value ends, at ``stop`` when it is not closed before.

    At depth *n* of JSON inside JSON a quote that delimits carries 2^n - 1 backslashes (``opening`` shows how many), a
    quote inside the value 2^n more, and a backslash of the value is 2^(n+1) of them.
    """
    if opening[-1] not in "\"'`":
        at = text.find(opening, start, stop)
        return at if at >= 0 else stop
    own = len(opening) - 1
    at = text.find(opening[-1], start, stop)
    while at >= 0:
        before = at
        while before > start and text[before - 1] == "\\":
            before -= 1
        if (at - before) % (2 * own + 2) == own:
            return at - own
        at = text.find(opening[-1], at + 1, stop)
    return stop
