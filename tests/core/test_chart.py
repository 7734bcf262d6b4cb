"""Small bars and short numbers."""

from __future__ import annotations

import math

import pytest

from agentops.core.chart import number_text, sparkline


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"),
        ([5, 5, 5], 8, "▁▁▁"),
        ([0, None, 7, math.nan], 8, "▁ █ "),
        ([0, 0, 9, 0, 0, 0], 3, "▁█▁"),
        ([None, math.inf], 8, ""),
        ([], 8, ""),
    ],
)
def test_a_line_of_bars(values: list[float | None], width: int, drawn: str) -> None:
    """Gaps stay gaps, and a peak is never averaged away."""
    assert sparkline(values, width) == drawn


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"), (0.03125, "0.03125"), (1.5, "1.5"), (9999, "9999"), (12_345, "12.3k"), (999_999, "1e+03k"),
        (1.234e9, "1.23G"), (-2.5e6, "-2.5M"), (math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"),
    ],
)  # fmt: skip
def test_a_number_in_a_few_digits(value: float, said: str) -> None:
    """Large ones have a unit, and what is no number says so."""
    assert number_text(value) == said
