"""Waits between attempts: bounded, visible, and as the endpoint asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.agent.model import Overloaded, RateLimited
from agentops.agent.models.retry import Retries, pause, retry_after_s, wait_s


def _retries(jitter=0.0, sleep=lambda _: None):
    return Retries(attempts=5, longest_wait_s=60.0, sleep=sleep, jitter=lambda: jitter)


@given(st.integers(1, 50), st.none() | st.floats(0, 1e9), st.floats(0, 1))
def test_no_wait_is_longer_than_allowed(attempt, asked, jitter):
    """Whatever the endpoint asks for, the wait has a bound."""
    assert 0 <= wait_s(RateLimited("", retry_after_s=asked), attempt, _retries(jitter)) <= 60.0


def test_waits_double():
    """Without a wish of the endpoint the waits double."""
    assert [wait_s(Overloaded(""), n, _retries(1.0)) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_long_wait_counts_down():
    """Every ten seconds the user sees what is left and why."""
    said, slept = [], []
    pause(RateLimited("the endpoint limits the rate", retry_after_s=25.0), 1, _retries(sleep=slept.append), said.append)
    assert slept == [10.0, 10.0, 5.0]
    assert [(step.text, step.key, step.done) for step in said] == [
        ("the endpoint limits the rate; attempt 2 of 5 in 25 s", "model-retry", False),
        ("the endpoint limits the rate; attempt 2 of 5 in 15 s", "model-retry", False),
        ("the endpoint limits the rate; attempt 2 of 5 in 5 s", "model-retry", False),
        ("", "model-retry", True),
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-3"}, None),
    ],
)
def test_retry_after(headers, seconds):
    """Seconds, milliseconds and dates are understood; nonsense is not a wish."""
    assert retry_after_s(headers) == seconds
