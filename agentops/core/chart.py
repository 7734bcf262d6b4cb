"""Numbers as a line of small bars, and as short text: what a terminal, a report and a model can all read.

Comes in: values in the order of time. Goes out: text of a given width at most. A terminal without these signs gets
ASCII ones from ``cli/streams.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))


def sparkline(
    values: Sequence[float | None], width: int, *, low: float | None = None, high: float | None = None
) -> str:
    """Return one bar for each value; several share a bar where there are more than ``width``, the highest is shown.

    Arguments:
        values: None, or no finite number, leaves a gap.
        low, high: what the lowest and the highest bar stand for; the least and the greatest value where they are not
            given.
    """
    columns = _columns(values, width)
    numbers = [one for one in columns if one is not None]
    if not numbers:
        return ""
    bottom = min(numbers) if low is None else low
    top = max(numbers) if high is None else high
    return "".join(" " if one is None else _bar(one, bottom, top) for one in columns)


def number_text(value: float) -> str:
    """Return a number in at most four digits: ``0.0312``, ``1.5``, ``12.3M``, ``NaN``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    for unit, sign in _UNITS:
        if abs(value) >= unit:
            # What counts from 10,000 on is told in thousands.
            factor = 1e3 if sign == "k" else unit
            return f"{value / factor:.3g}{sign}" if abs(value) < 1000 * factor else f"{value / factor:.0f}{sign}"
    return f"{value:.4g}"


def _columns(values: Sequence[float | None], width: int) -> list[float | None]:
    finite = [one if one is not None and math.isfinite(one) else None for one in values]
    if len(finite) <= width:
        return finite
    edges = [round(column * len(finite) / width) for column in range(width + 1)]
    found: list[float | None] = []
    for start, end in pairwise(edges):
        shared = [one for one in finite[start:end] if one is not None]
        found.append(max(shared) if shared else None)
    return found


def _bar(value: float, low: float, high: float) -> str:
    if high <= low:
        return BARS[0]
    share = (value - low) / (high - low)
    return BARS[min(max(int(share * len(BARS)), 0), len(BARS) - 1)]
