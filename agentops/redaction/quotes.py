r"""Quotes, at any depth of JSON inside JSON, and as HTML, URLs and Unicode escapes write them.

Comes in: a text and the quote that opened a value. Goes out: where the value ends.
"""

from __future__ import annotations

QUOTE = r"\\{0,32}[\"'`]|&quot;|&#3[49];|%22|\\{1,32}u0022"
"""An opening quote, for use in a pattern."""


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
