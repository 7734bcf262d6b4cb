"""Our own patterns, searched in texts of any size in time that grows with the text and no faster.

Comes in: a pattern that we wrote, and a text. Goes out: where it is found, as positions in that text. It is what lets
one look for hundreds of words at once: Python's ``re`` tries them one after the other at each place, RE2
(https://github.com/google/re2) reads the text once. What RE2 cannot say (look-around) is for whoever looks at what
was found.

Must never: take a pattern that a person or a model wrote; those are for ``core.patterns``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

_MEMORY_BYTES = 64 * 1024 * 1024


def searchable(text: str) -> bytes:
    """Return a text in the form that is searched: one byte for each character, a question mark for what is not
    ASCII.
    """
    return text.encode("ascii", "replace")


class FastSearch:
    """One pattern in the syntax of RE2, over what ``searchable`` returns; compiled when it is first used."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where each match begins and ends, from left to right; matches do not overlap."""
        for found in self._compiled.finditer(data):
            yield found.span()

    def first(self, data: bytes) -> int:
        """Return where the first match begins, or -1."""
        found = self._compiled.search(data)
        return found.start() if found else -1

    @cached_property
    def _compiled(self) -> Any:
        import re2

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.never_capture = True
        options.max_mem = _MEMORY_BYTES
        return re2.compile(self._pattern.encode("latin-1"), options)
