"""Regular expressions that a model or a person wrote, against text that anybody wrote: neither may hang the process.

Comes in: a pattern, and lines or a value. Goes out: whether the pattern is found: in a line case is ignored, in a value
it counts. Python's ``re`` backtracks and cannot be interrupted; RE2 (https://github.com/google/re2) takes time in
proportion to the line, and what it cannot do in that time (look-around, references back to a group) is refused. The
syntax is RE2's: ``\\w``, ``\\d`` and ``\\b`` know ASCII only, and the end of the text is ``\\z``.

This is one of the few modules of ``core`` that use a library. It is imported by the first pattern, so that whoever has
none does not pay for it; see ``docs/adr/0012-libraries-for-schemas-patterns-and-schedules.md``.

Must never: match with ``re``, or write to standard error, which the library does where nobody tells it not to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.text import one_line

MAX_PATTERN_CHARS = 300
# How much of a line is searched.
LINE_CHARS = 20_000
# A counted repeat is compiled to copies, and a search may take time in proportion to them: this many make two seconds
# for a line that is searched whole, after which the budget ends it. `.{0,500}` has 4,000.
_MAX_INSTRUCTIONS = 10_000
_MEMORY_BYTES = 8 * 1024 * 1024
_BUDGET_S = 3.0
_HINTS = {
    "invalid perl operator": "Look-around and back references are not supported; search for the text itself.",
    "invalid escape sequence: \\": "Back references are not supported; the end of a text is \\z, a backslash \\\\.",
}


@dataclass(frozen=True, slots=True)
class LinePattern:
    """A pattern that was taken; ``argument`` names it in messages."""

    argument: str
    _compiled: Any

    def marks(self, lines: Iterable[str], clock: Callable[[], float] = monotonic) -> list[bool]:
        """Return for each line whether the pattern is found in its first ``LINE_CHARS`` characters.

        Raises:
            ToolError: it takes too long for so much text.
        """
        end = clock() + _BUDGET_S
        marks = []
        for line in lines:
            # As bytes, so that half a character in a foreign line is searched as a question mark and does not raise.
            marks.append(self._compiled.search(line[:LINE_CHARS].encode("utf-8", "replace")) is not None)
            if clock() > end:
                raise ToolError(
                    f"`{self.argument}` takes too long for so many lines", hint="Use a plain word, or fewer lines."
                )
        return marks


def line_pattern(text: str, argument: str) -> LinePattern:
    """Return the pattern ``text``, to be found anywhere in a line, ignoring case; ``argument`` is its name for people.

    Raises:
        ToolInputError: it is too long or too large, or no regular expression as RE2 has it.
    """
    too_long = "Search for a shorter part of the line."
    return LinePattern(argument, _compiled(text, argument, _MAX_INSTRUCTIONS, ignoring_case=True, too_long=too_long))


@lru_cache(maxsize=256)
def text_pattern(text: str) -> Callable[[str], bool]:
    """Return a function that says whether the pattern ``text`` is found in a value; case counts, as in JSON Schema.

    Raises:
        ToolInputError: it is too long or too large, or no regular expression as RE2 has it.
    """
    # A value is searched whole, so the search itself must be quick.
    compiled = _compiled(text, "pattern", _MAX_INSTRUCTIONS // 10)
    return lambda value: compiled.search(value.encode("utf-8", "replace")) is not None


def _compiled(text: str, argument: str, most: int, *, ignoring_case: bool = False, too_long: str = "") -> Any:
    """Return RE2's pattern of at most ``most`` instructions; ``too_long`` is the hint for one of too many characters.

    Raises:
        ToolInputError: as ``line_pattern``.
    """
    import re2

    if len(text) > MAX_PATTERN_CHARS:
        raise ToolInputError(f"`{argument}` is longer than {MAX_PATTERN_CHARS} characters", hint=too_long)
    options = re2.Options()
    options.case_sensitive = not ignoring_case
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        compiled = re2.compile(text.encode("utf-8"), options)
    except UnicodeEncodeError as error:
        raise ToolInputError(f"`{argument}` {one_line(text, 80)!r} holds half a character") from error
    except re2.error as error:
        raise _refusal(text, argument, error) from error
    if compiled.programsize > most:
        raise _too_large(text, argument)
    return compiled


def _refusal(text: str, argument: str, error: Exception) -> ToolInputError:
    reason = error.args[0].decode("utf-8", "replace") if error.args else ""
    if "too large" in reason:
        return _too_large(text, argument)
    hint = next((words for start, words in _HINTS.items() if reason.startswith(start)), "")
    return ToolInputError(
        f"`{argument}` {one_line(text, 80)!r} is not a regular expression: {one_line(reason, 80)}",
        hint=hint or "Escape special characters with a backslash.",
    )


def _too_large(text: str, argument: str) -> ToolInputError:
    return ToolInputError(
        f"`{argument}` {one_line(text, 80)!r} is too large once its counted repeats are written out",
        hint="Repeat fewer times, or search for a shorter part of the line.",
    )
