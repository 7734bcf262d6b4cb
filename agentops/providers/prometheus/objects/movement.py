"""``Movement``: how one series moved over a time: its least, greatest and last value, and which way it went.

Comes in: a series. Goes out: numbers and words. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agentops.core.chart import number_text
from agentops.providers.prometheus.objects.series import Series

_LITTLE = 0.1
"""A change of less than this share of the greatest value counts as none."""
_MUCH = 0.5
"""A series whose means are level swings where its values lie further apart than this share of the greatest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """How a series moved: ``before`` and ``after`` are the means of its first and last part."""

    series: Series
    least: float
    greatest: float
    last: float
    before: float
    after: float

    @property
    def change(self) -> float:
        """By how much it moved; negative where it fell."""
        return self.after - self.before

    @property
    def trend(self) -> str:
        """Which way it went, in words: ``rose 4.2x``, ``fell from 10 to 0``, ``level``, ``swings``."""
        scale = max(abs(self.least), abs(self.greatest))
        if not scale or abs(self.change) < _LITTLE * scale:
            return "swings" if self.greatest - self.least > _MUCH * scale else "level"
        way = "rose" if self.change > 0 else "fell"
        if self.change > 0 and self.before > 0:
            return f"{way} {number_text(float(f'{self.after / self.before:.3g}'))}x"
        return f"{way} from {number_text(self.before)} to {number_text(self.after)}"


def movement_of(series: Series, since: float | None = None) -> Movement | None:
    """Return how a series moved; None where none of its values is a number.

    Arguments:
        since: seconds since 1970 that part what was before from what came after; without it, or where one side has no
            value, the first and the last quarter are held against each other.
    """
    values = series.values
    if not values:
        return None
    before, after = _parts(series, since)
    return Movement(
        series=series,
        least=min(values),
        greatest=max(values),
        last=values[-1],
        before=sum(before) / len(before),
        after=sum(after) / len(after),
    )


def _parts(series: Series, since: float | None) -> tuple[Sequence[float], Sequence[float]]:
    values = series.values
    if since is not None:
        finite = [(moment, value) for moment, value in series.points if math.isfinite(value)]
        before = [value for moment, value in finite if moment < since]
        after = [value for moment, value in finite if moment >= since]
        if before and after:
            return before, after
    quarter = max(len(values) // 4, 1)
    return values[:quarter], values[-quarter:]
