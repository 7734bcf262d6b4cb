"""Simulated time: the agenda, durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import UsageError
from agentops.sandbox.clock import Agenda, VirtualClock
from agentops.sandbox.programs import Memory, seconds

START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_the_clock_never_goes_back() -> None:
    """A move to an earlier moment changes nothing."""
    clock = VirtualClock(START)
    clock.move_to(START - timedelta(hours=1))

    assert clock.now() == START


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 100))), max_size=30))
def test_the_agenda_hands_out_the_last_due_of_each_item_in_order(entries: list[tuple[int, int | None]]) -> None:
    """Each item comes out once, at what was set last, the earliest first; None takes it off."""
    agenda: Agenda[int] = Agenda()
    last: dict[int, int] = {}
    for item, due in entries:
        agenda.put(item, None if due is None else START + timedelta(seconds=due))
        last.pop(item, None)
        if due is not None:
            last[item] = due

    taken = agenda.take_due(START + timedelta(seconds=100))

    assert sorted(taken) == sorted(last)
    assert [last[item] for item in taken] == sorted(last.values())
    assert agenda.next_due is None


@pytest.mark.parametrize(("text", "expected"), [("20s", 20), ("1h30m", 5400), ("-45m", -2700), ("400ms", 0.4), (7, 7)])
def test_durations_are_seconds(text: str | int, expected: float) -> None:
    """A duration is read in seconds, a bare number as it is."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5", "5 m", "m5", "1h-3m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Anything else is the author's mistake."""
    with pytest.raises(UsageError):
        seconds(text)


@given(st.floats(1, 1e3), st.floats(0, 1e3), st.floats(1, 1e4), st.floats(0.5, 2e3))
def test_memory_reaches_a_limit_when_it_says_so(start: float, growth: float, over_s: float, limit: float) -> None:
    """The moment at which the limit is reached is the first at which the working set is at it, or never."""
    memory = Memory(start=start, peak=start + growth, over_s=over_s)
    at = memory.reaches(limit)

    if at is None:
        assert memory.at(over_s * 2) <= limit
    else:
        assert memory.at(at) >= limit * (1 - 1e-9)
