"""Regular expressions from a model, kept from running away.

``re`` holds the interpreter's lock while it matches, so no time-out of ours could stop an expression that backtracks
for hours; logs are written by strangers and patterns by a model. Therefore an expression is looked at first: repeats
of a group that itself repeats or branches are refused (exponential), back references too, and the more unbounded
repeats it has, the fewer characters of a line it gets to see (polynomial).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line

MAX_PATTERN_CHARS = 300
_MAX_REPEATS = 3
_MAX_OPTIONALS = 6
_LINE_CHARS = {0: 20_000, 1: 4_000, 2: 600, 3: 120}
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


def line_matcher(pattern: str) -> tuple[Callable[[str], bool], int]:
    """Return a function that tells whether a line matches, ignoring case, and how many characters of it that sees.

    Raises:
        ToolInputError: not a regular expression, or one that could run away; the message says what to write instead.
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        raise ToolInputError(f"`pattern` is longer than {MAX_PATTERN_CHARS} characters")
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ToolInputError(
            f"`pattern` {one_line(pattern, 80)!r} is not a regular expression: {one_line(str(error))}",
            hint="Escape special characters with a backslash.",
        ) from error
    if _BACK_REFERENCE.search(pattern):
        raise ToolInputError("`pattern` must not refer back to a group", hint="Search for the text itself.")
    seen = _LINE_CHARS[_count_repeats(pattern)]
    return lambda line: compiled.search(line, 0, seen) is not None, seen


def _count_repeats(pattern: str) -> int:
    """Count the open-ended repeats; refuse nested ones, and more than a line of any length could bear."""
    repeats = optionals = 0
    fragile = [False]  # for each open group: does it hold a repeat or a branch?
    before = ""  # what the item just read was: "group" (a fragile one), "repeat" or nothing of interest
    for item in _items(pattern):
        kind = ""
        if item == "(":
            fragile.append(False)
        elif item == ")" and len(fragile) > 1:
            kind = "group" if fragile.pop() else ""
            fragile[-1] = fragile[-1] or kind == "group"
        elif item == "|":
            fragile[-1] = True
        elif (width := _width(item)) > 0 and not (before == "repeat" and item in "?+"):
            if before == "group" and width > 1:
                raise ToolInputError(
                    "`pattern` repeats a group that itself repeats or branches, which can take for ever",
                    hint="Repeat a single character or class, or search for a shorter part of the line.",
                )
            kind, fragile[-1] = "repeat", True
            repeats, optionals = repeats + (width > 1), optionals + (width == 1)
        before = kind
    if repeats > _MAX_REPEATS or optionals > _MAX_OPTIONALS:
        raise ToolInputError(
            f"`pattern` has more than {_MAX_REPEATS} repeats or {_MAX_OPTIONALS} optional parts",
            hint="Search for a shorter part of the line.",
        )
    return repeats


def _items(pattern: str) -> Iterator[str]:
    """Split into escapes, classes, counted repeats and single characters; the ``?`` of ``(?:`` goes unseen."""
    index = 0
    while index < len(pattern):
        item = _item(pattern, index)
        yield item
        index += len(item)
        if item == "(" and pattern[index : index + 1] == "?":
            index += 1


def _item(pattern: str, index: int) -> str:
    if pattern[index] == "\\":
        return pattern[index : index + 2]
    if pattern[index] == "[":
        end = index + (2 if pattern[index + 1 : index + 2] == "^" else 1)
        end += pattern[end : end + 1] == "]"
        while end < len(pattern) and pattern[end] != "]":
            end += 2 if pattern[end] == "\\" else 1
        return pattern[index : end + 1]
    counted = _COUNTED.match(pattern, index)
    return counted.group() if counted else pattern[index]


def _width(item: str) -> int:
    """Return 0 for what has one length only, 1 for an optional part, 2 for any other repeat."""
    if item in ("*", "+"):
        return 2
    if item == "?":
        return 1
    counted = _COUNTED.fullmatch(item)
    if counted is None or not counted.group(2):
        return 0
    low, high = counted.group(1), counted.group(3)
    return 2 if not high else min(int(high) - int(low or 0), 2)
