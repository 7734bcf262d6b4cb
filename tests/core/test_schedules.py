"""Cron schedules, read as Kubernetes reads them (robfig/cron v3, ``ParseStandard``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.schedules import longest_gap, next_run, schedule_fault

START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/5 * * * *", datetime(2026, 11, 22, 16, 5, tzinfo=UTC)),
        ("17,47 * * * *", datetime(2026, 11, 22, 16, 17, tzinfo=UTC)),
        ("@daily", datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        ("@annually", datetime(2027, 1, 1, 0, 0, tzinfo=UTC)),
        ("@every 1h30m", datetime(2026, 11, 22, 17, 30, tzinfo=UTC)),
        ("@every 1ms", datetime(2026, 11, 22, 16, 0, 1, tzinfo=UTC)),
        ("30 9-17/4 * * 1-5", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("0 0 ? dec MON", datetime(2026, 12, 7, 0, 0, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, 0, 0, tzinfo=UTC)),
        ("CRON_TZ=UTC 0 9 * * *", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("0 0 31 2 *", None),
        ("60 * * * *", None),
        ("every day", None),
    ],
)
def test_the_next_run(schedule: str, expected: datetime | None) -> None:
    """Steps, lists, ranges, names and descriptors; what is no schedule never runs, nor does the 31st of February."""
    assert next_run(schedule, START) == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # Both day fields restrict: either one is enough.
        ("0 0 1 * 3", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        # A step above 1 restricts too, which it does not in crontab(5): Monday the 23rd is no day but a Monday.
        ("0 0 2-31/2 * 1", datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        ("0 0 */2 * 3", datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        # A star that leaves nothing out, alone or in a list, makes the field free: only the other one counts.
        ("0 0 */1 * 3", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        ("0 0 1,* * 3", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        ("0 0 25 * 1,?", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        # N/step goes on to the end of the field, and the end of the week is Saturday; N-N/step is N.
        ("0 0 * * 1/3", datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        ("0 0 * * 4/3", datetime(2026, 11, 26, 0, 0, tzinfo=UTC)),
        ("5-5/10 * * * *", datetime(2026, 11, 22, 16, 5, tzinfo=UTC)),
    ],
)
def test_where_kubernetes_and_crontab_differ(schedule: str, expected: datetime) -> None:
    """The star bit and the bounds are those of robfig/cron (parser.go, ``getRange``; spec.go, ``dayMatches``)."""
    assert next_run(schedule, START) == expected


def test_one_run_in_a_list_step_of_one_value() -> None:
    """``5-5/10`` is minute 5 and no other."""
    assert longest_gap("5-5/10 * * * *") == timedelta(hours=1)


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ("0 0 * * 6", ""),
        ("1,,2 * * * *", ""),
        ("*-5 * * * *", ""),
        ("0 0 30 2 *", ""),
        ("TZ=Europe/Berlin 0 9 * * *", ""),
        ("@every 1.5h", ""),
        ("0 0 * * 7", "'7' is no day of week (0-6)"),
        ("0 0 * * 5-7", "'5-7' is no day of week (0-6)"),
        ("0 0 * * fri-mon", "'fri-mon' is no day of week (0-6)"),
        ("0 0 L * *", "'L' is no day of month (1-31)"),
        ("0 0 * * 5#2", "'5#2' is no day of week (0-6)"),
        ("0 0 0 * *", "'0' is no day of month (1-31)"),
        ("0 0 1 jam *", "'jam' is no month (1-12)"),
        ("*/0 * * * *", "'*/0' is no minute (0-59)"),
        ("10-5 * * * *", "'10-5' is no minute (0-59)"),
        ("0 24 * * *", "'24' is no hour (0-23)"),
        (", * * * *", "',' is no minute"),
        ("0 0 0 1 1 *", "it has 6 fields, a schedule has 5"),
        ("@Hourly", "it has 1 fields, a schedule has 5"),
        ("CRON_TZ=UTC", "it has 0 fields, a schedule has 5"),
        ("", "it has 0 fields, a schedule has 5"),
        ("@every soon", "the duration after @every cannot be read"),
        ("@every " + "9" * 40 + "h", "the duration after @every is too long"),
    ],
)
def test_what_is_no_schedule_is_said(schedule: str, fault: str) -> None:
    """The part that cannot be read is named, with the bounds of its field."""
    assert schedule_fault(schedule) == fault


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("*/5 * * * *", timedelta(minutes=5)),
        ("10/20 * * * *", timedelta(minutes=20)),
        ("0 9-17 * * *", timedelta(hours=16)),
        ("@hourly", timedelta(hours=1)),
        ("0 9-17 * * 1-5", timedelta(days=2, hours=16)),
        ("@weekly", timedelta(days=7)),
        ("0 0 1 * *", timedelta(days=31)),
        ("0 0 1 * 1", timedelta(days=7)),
        ("@yearly", timedelta(days=366)),
        ("0 0 29 2 *", timedelta(days=1461)),
        ("@every 90m", timedelta(minutes=90)),
        ("0 0 30 2 *", None),
        ("soon", None),
    ],
)
def test_the_longest_time_between_two_runs(schedule: str, gap: timedelta | None) -> None:
    """Nights, weekends and months are counted; what never runs has none."""
    assert longest_gap(schedule) == gap


_PARTS = st.one_of(st.just("*"), st.integers(0, 59).map(str), st.integers(1, 30).map("*/{}".format))


@given(_PARTS, st.one_of(st.just("*"), st.integers(0, 23).map(str)), st.sampled_from(["*", "1", "*/2", "1-5"]))
def test_no_two_runs_are_farther_apart_than_the_longest_gap(minute: str, hour: str, weekday: str) -> None:
    """The gap is found in what ``next_run`` says, too."""
    schedule = f"{minute} {hour} * * {weekday}"
    first = next_run(schedule, START)
    assert first is not None
    second, gap = next_run(schedule, first), longest_gap(schedule)
    assert second is not None
    assert gap is not None
    assert second - first <= gap


@given(st.text(max_size=30))
def test_any_text_is_a_schedule_or_has_a_fault(text: str) -> None:
    """Nothing that stands in a manifest raises."""
    fault, run, gap = schedule_fault(text), next_run(text, START), longest_gap(text)
    assert not fault or (run, gap) == (None, None)
