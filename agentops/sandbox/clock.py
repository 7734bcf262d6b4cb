"""Simulated time: a clock that jumps, and an agenda of what wants to be looked at when.

Comes in: moments to jump to, items with the moment at which they are due. Goes out: the current simulated time and
the items in due order. Must never read the machine's own clock; whoever drives the simulation does that.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable
from datetime import datetime
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class VirtualClock:
    """A clock that stands still until it is told to move, and never moves back."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the simulated time, aware UTC."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move forward to ``moment``; an earlier moment changes nothing."""
        self._now = max(self._now, moment)


class Agenda(Generic[Item]):
    """At most one due moment per item; the earliest comes out first, ties in the order in which they were put in."""

    def __init__(self) -> None:
        self._due: dict[Item, datetime] = {}
        self._heap: list[tuple[datetime, int, Item]] = []
        self._order = itertools.count()

    def put(self, item: Item, due: datetime | None) -> None:
        """Set when ``item`` is due, in place of what was set before; None takes it off."""
        if due is None:
            self._due.pop(item, None)
        elif self._due.get(item) != due:
            self._due[item] = due
            heapq.heappush(self._heap, (due, next(self._order), item))

    @property
    def next_due(self) -> datetime | None:
        """The earliest due moment; None when nothing is due."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, moment: datetime) -> list[Item]:
        """Remove and return the items that are due at ``moment`` or before."""
        items: list[Item] = []
        while (due := self.next_due) is not None and due <= moment:
            item = heapq.heappop(self._heap)[2]
            del self._due[item]
            items.append(item)
        return items
