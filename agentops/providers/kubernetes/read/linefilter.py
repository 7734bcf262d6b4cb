"""Regular expressions from a model, against lines from anywhere: neither may be able to hang the process.

Python's ``re`` backtracks and cannot be interrupted, so a pattern is checked before it is used: no repeat inside a
repeat, no alternation inside a repeat, no back-references, at most two unbounded repeats, and only the first part of a
line is searched. Within those limits the worst case is a low polynomial of a short line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import monotonic

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.text import one_line

_PATTERN_LIMIT = 200
_LINE_WINDOW = 1_000
_UNBOUNDED_LIMIT = 2
_BUDGET_S = 3.0
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[a-zA-Z<=!:>]*|\{\d*,?\d*\}|.", re.DOTALL)
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


class LineFilter:
    """Keeps lines that match ``include`` and do not match ``exclude``; empty patterns do nothing.

    Raises:
        ToolInputError: a pattern is not one, or could take too long.
    """

    def __init__(self, *, include: str = "", exclude: str = "") -> None:
        self._include = safe_pattern(include, "include") if include else None
        self._exclude = safe_pattern(exclude, "exclude") if exclude else None

    def keep(self, lines: Iterable[str]) -> list[str]:
        """Return the lines that pass, in order.

        Raises:
            ToolError: the patterns are too slow for these lines.
        """
        end = monotonic() + _BUDGET_S
        kept = []
        for line in lines:
            window = line[:_LINE_WINDOW]
            if (self._include is None or self._include.search(window)) and not (
                self._exclude is not None and self._exclude.search(window)
            ):
                kept.append(line)
            if monotonic() > end:
                raise ToolError("the patterns are too slow for this log", hint="Use a plain word, or a shorter tail.")
        return kept


def safe_pattern(pattern: str, what: str) -> re.Pattern[str]:
    """Compile a pattern that cannot take long, ignoring case.

    Raises:
        ToolInputError: it is too long, malformed, or could backtrack without end; ``what`` names the argument.
    """
    if len(pattern) > _PATTERN_LIMIT:
        raise ToolInputError(f"{what} is longer than {_PATTERN_LIMIT} characters", hint="Use a shorter pattern.")
    # At the ends of a search they change nothing but the time it takes.
    pattern = re.sub(r"^(?:\.\*\??)+|(?<!\\)(?:\.\*\??)+$", "", pattern)
    reason = _danger(pattern)
    if reason:
        raise ToolInputError(
            f"{what} {one_line(pattern, 80)!r} is not accepted: {reason}",
            hint="Use plain words joined by |, or one repeat at a time.",
        )
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ToolInputError(
            f"{what} {one_line(pattern, 80)!r} is not a regular expression: {one_line(str(error), 80)}"
        ) from error


def _danger(pattern: str) -> str:
    """Return why a pattern could take too long; empty when it could not."""
    if _BACK_REFERENCE.search(pattern):
        return "it refers back to a group"
    unbounded = 0
    # For each open group: whether it holds a repeat or an alternation so far.
    groups = [False]
    closed = False
    for piece in _PIECE.findall(pattern):
        repeats = piece in {"*", "+", "?"} or (piece.startswith("{") and piece != "{")
        if piece.startswith("("):
            groups.append(False)
        elif piece == ")" and len(groups) > 1:
            held = groups.pop()
            groups[-1] = groups[-1] or held
            closed = held
            continue
        elif piece == "|":
            groups[-1] = len(groups) > 1
        elif repeats and piece != "?":
            if closed:
                return "it repeats a group that holds a repeat or an alternative"
            groups[-1] = True
            unbounded += piece in {"*", "+"} or piece.endswith(",}")
        closed = False
    return f"it has more than {_UNBOUNDED_LIMIT} unbounded repeats" if unbounded > _UNBOUNDED_LIMIT else ""
