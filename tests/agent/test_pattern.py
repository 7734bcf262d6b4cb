"""Patterns from a model: what is taken, what is refused, and that nothing taken runs away."""

from __future__ import annotations

import pytest

from agentops.agent.pattern import line_matcher
from agentops.core.errors import ToolInputError


@pytest.mark.parametrize(
    "pattern",
    [
        "OOM",
        "timeout|refused",
        r"level=(error|fatal)",
        r"\b5\d\d\b",
        r"(?:abc)+",
        r"[^]a+*]+x",
        r"a{3}b{2,4}",
        r".*?error.*",
        r"\(.*\)",
        r"(?i)x(y|z)?",
        r"[\]+]+",
    ],
)
def test_ordinary_patterns_are_taken(pattern):
    """What people and models search logs with works."""
    matches, _seen = line_matcher(pattern)
    assert isinstance(matches("nothing here"), bool)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|a)*b", r"((a)*)*", r"(a*){5,}", r"(?:x|xx)+y", r"([ab]+c?)+", r"((a+))+"]
)
def test_nested_repeats_are_refused(pattern):
    """A repeat of what repeats or branches can take exponential time."""
    with pytest.raises(ToolInputError, match="repeats a group"):
        line_matcher(pattern)


@pytest.mark.parametrize("pattern", [".*.*.*.*x", "a?" * 7 + "a" * 7, "a{1,30}" * 4])
def test_too_many_repeats_are_refused(pattern):
    """Several repeats in a row multiply."""
    with pytest.raises(ToolInputError, match="has more than 3 repeats"):
        line_matcher(pattern)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("(", "is not a regular expression"), (r"(a)\1", "refer back"), ("x" * 301, "longer than 300")],
)
def test_unusable_patterns_are_refused(pattern, said):
    """The message says what is wrong."""
    with pytest.raises(ToolInputError, match=said):
        line_matcher(pattern)


def test_the_worst_pattern_taken_sees_little_of_a_line():
    """The more repeats, the shorter the part of a line that is matched, so the work stays bounded."""
    assert [line_matcher(pattern)[1] for pattern in ("x", "x*y", "x*y*z", "x*y*z*")] == [20_000, 4_000, 600, 120]
