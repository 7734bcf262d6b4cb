"""Times and digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.clock import age, from_iso, to_iso, utc_now
from agentops.core.digest import canonical, digest

_MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))


@given(_MOMENTS)
def test_a_time_round_trips_to_the_millisecond(moment: datetime) -> None:
    """What is printed reads back as the same millisecond."""
    assert from_iso(to_iso(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T15:59:30.568674523Z", datetime(2026, 11, 22, 15, 59, 30, 568674, tzinfo=UTC)),
        ("2026-11-22T16:59:30+01:00", datetime(2026, 11, 22, 15, 59, 30, tzinfo=UTC)),
        ("2026-11-22T15:59:30", datetime(2026, 11, 22, 15, 59, 30, tzinfo=UTC)),
        ("2026-11-22T15:59:30.5+00:00", datetime(2026, 11, 22, 15, 59, 30, 500000, tzinfo=UTC)),
    ],
)
def test_times_of_all_senders_are_read(text: str, expected: datetime) -> None:
    """Nanoseconds, offsets and times without an offset are understood."""
    assert from_iso(text) == expected


def test_what_is_no_time_is_refused() -> None:
    """A word is a ValueError."""
    with pytest.raises(ValueError, match="Invalid isoformat"):
        from_iso("yesterday")


def test_now_is_aware() -> None:
    """The clock speaks UTC."""
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (45, "45s"),
        (119, "119s"),
        (120, "2m"),
        (7199, "119m"),
        (7200, "2h"),
        (11520, "3h12m"),
        (172800, "2d"),
    ],
)
def test_ages_are_short(seconds: int, text: str) -> None:
    """Seconds, minutes, hours and days, never negative."""
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert age(then, then + timedelta(seconds=seconds)) == text


def test_a_digest_does_not_depend_on_key_order() -> None:
    """Canonical JSON sorts keys and keeps text as UTF-8."""
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_what_json_does_not_have_is_refused() -> None:
    """NaN has no canonical form."""
    with pytest.raises(ValueError, match="Out of range"):
        digest(float("nan"))
