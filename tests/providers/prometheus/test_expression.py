"""The measured side of an alert's expression."""

from __future__ import annotations

import pytest

from agentops.providers.prometheus.objects.expression import MeasuredSide, measured_side


@pytest.mark.parametrize(
    ("expression", "side", "fires"),
    [
        ("up == 0", "up", "at 0"),
        ("rate(x[5m]) > 0.5", "rate(x[5m])", "above 0.5"),
        ('sum by (pod) (x{path=~"a>b", y!="("}) >= 1e3', 'sum by (pod) (x{path=~"a>b", y!="("})', "at or above 1e3"),
        ("a / (b > 0) < -1", "a / (b > 0)", "below -1"),
        ("x # more > less\n > 5", "x # more > less", "above 5"),
    ],
)
def test_a_comparison_with_a_number_is_taken_apart(expression: str, side: str, fires: str) -> None:
    """Quotations, brackets and comments are no comparison of the whole."""
    assert measured_side(expression) == MeasuredSide(side=side, fires=fires)


@pytest.mark.parametrize(
    "expression",
    [
        "up",
        "x > y",
        "x > 1 and y > 2",
        "absent(up)",
        "x > 1 > 0",
        "> 5",
        "x > bool 5",
        "x > 1 OR y",
        "a == on(b) c",
        "",
    ],
)
def test_whatever_else_is_left_as_it_is(expression: str) -> None:
    """Nothing is guessed."""
    assert measured_side(expression) is None
