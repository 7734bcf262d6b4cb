"""The sandbox's admission and the floor agree on what a schedule is: one says it in the server's words, one in ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.schedules import schedule_fault
from agentops.sandbox.admission.formats import wrongs

_VALUES = st.sampled_from(["*", "?", "0", "1", "5", "7", "12", "31", "32", "60", "mon", "JAN", "L", "x"])
_RANGES = st.one_of(_VALUES, st.tuples(_VALUES, _VALUES).map("-".join))
_PARTS = st.one_of(_RANGES, st.tuples(_RANGES, st.sampled_from(["0", "1", "2", "70"])).map("/".join))
_FIELDS = st.one_of(_PARTS, st.lists(_PARTS, min_size=2, max_size=3).map(",".join))


@given(st.lists(_FIELDS, min_size=4, max_size=6).map(" ".join))
def test_what_the_server_refuses_cannot_be_read_and_the_other_way_round(schedule: str) -> None:
    """Any five fields of values, ranges, steps and lists."""
    if "*-" in schedule or "?-" in schedule:
        return  # The server takes any text behind a star.
    assert bool(list(wrongs("schedule", schedule))) == bool(schedule_fault(schedule))


@pytest.mark.parametrize(
    "schedule", ["@hourly", "@every 5m", "@reboot", "@Hourly", "@every x", "1,,2 * * * *", "0 0 * * 7"]
)
def test_descriptors_and_bounds(schedule: str) -> None:
    """Descriptors in small letters only, Sunday as 0 only."""
    assert bool(list(wrongs("schedule", schedule))) == bool(schedule_fault(schedule))
