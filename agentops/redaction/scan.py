"""``SearchedText``: one text being searched, with the time that may be spent on it.

Comes in: a text and a check that raises when the time is over. Goes out: where a search finds something. Every finder
goes through here, so that none can run on after the end of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.core.fast_search import FastSearch, searchable

_HITS_BETWEEN_CHECKS = 200


class SearchedText:
    """One text: ``text`` as it is, ``data`` as it is searched; a position is the same in both."""

    __slots__ = ("check", "data", "text")

    def __init__(self, text: str, check: Callable[[], None]) -> None:
        self.text = text
        self.data = searchable(text)
        self.check = check

    def hits(self, search: FastSearch) -> Iterator[tuple[int, int]]:
        """Yield where ``search`` finds something.

        Raises:
            whatever ``check`` raises, when the time is over.
        """
        self.check()
        for number, span in enumerate(search.spans(self.data), 1):
            if number % _HITS_BETWEEN_CHECKS == 0:
                self.check()
            yield span
