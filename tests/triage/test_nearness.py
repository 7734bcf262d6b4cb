"""Edit distance and near misses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.triage.nearness import distance, is_near, nearest, only_nearest

_words = st.text(alphabet="abc-", max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("web", "web", 0), ("web", "wbe", 1), ("checkout", "chekout", 1), ("api", "db", 3), ("abc", "xyzuvw", 4)],
)
def test_distance_counts_edits_up_to_the_limit(left, right, expected):
    """A swap of neighbours is one edit; beyond the limit the answer is limit + 1."""
    assert distance(left, right) == expected


@given(_words, _words)
def test_distance_is_symmetric_and_zero_only_for_equals(left, right):
    """It is the same from both sides, and nothing else is at distance 0."""
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("DATABASE_URL", "DATABASE_ULR", True),
        ("databaseUrl", "DATABASE_URL", True),
        ("api", "app", True),
        ("db", "tb", False),
        ("checkout", "catalog", False),
        ("web", "web", False),
    ],
)
def test_is_near_asks_what_a_person_could_have_meant(left, right, expected):
    """Short names must agree almost entirely; case and separators do not count."""
    assert is_near(left, right) is expected


def test_only_nearest_refuses_a_choice():
    """Two candidates at the same distance are no candidate."""
    assert (nearest("orders", ["order", "orderz"]), only_nearest("orders", ["order", "orderz"])) == (
        ("order", "orderz"),
        "",
    )
