"""What an alert's expression measures, and from which value on it fires: ``rate(x[5m]) > 0.5`` is both.

Comes in: PromQL. Goes out: the side that can be charted while the comparison does not hold, and the limit. It is no
parser: brackets and quotations are skipped, and whatever is not plainly ``SIDE OP NUMBER`` is left as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|[()\[\]{}]|[<>=!]=?~?|[A-Za-z_:][\w:.]*")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_SETS = ("and", "or", "unless")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSide:
    """What an expression measures: ``side`` of the comparison, and the comparison in words: ``above 0.5``."""

    side: str
    fires: str


_WORDS = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below", "==": "at", "!=": "at other than"}


def measured_side(expression: str) -> MeasuredSide | None:
    """Return the measured side; None where the whole is no comparison of one thing with a number."""
    found: list[tuple[str, int, int]] = []
    depth = 0
    for token in _TOKEN.finditer(expression):
        word = token.group()
        if word in ("(", "[", "{"):
            depth += 1
        elif word in (")", "]", "}"):
            depth -= 1
        elif depth == 0 and word.lower() in _SETS:
            return None
        elif depth == 0 and word in _COMPARISONS:
            found.append((word, token.start(), token.end()))
    if len(found) != 1:
        return None
    sign, start, end = found[0]
    side, limit = expression[:start].strip(), expression[end:].strip()
    if not side or not _NUMBER.fullmatch(limit):
        return None
    return MeasuredSide(side=side, fires=f"{_WORDS[sign]} {limit}")
