"""Cron schedules as CronJobs have them: whether one can be read, when it runs next, how far apart its runs are.

Comes in: a schedule, and for the next run a moment. Goes out: a fault in words, a moment, a length of time. Kubernetes
reads schedules with the standard parser of robfig/cron v3 (https://pkg.go.dev/github.com/robfig/cron/v3#ParseStandard);
here ``cronsim`` reads them and counts the days, and this module writes a schedule so that the two agree:

- ``?`` is ``*``; Sunday is 0 and never 7; ``L``, ``LW``, ``#`` and a field of seconds are not known.
- ``*/2`` restricts a day field, so that either day field is enough; in crontab(5), and to cronsim, it does not.
- ``@hourly`` and the like, ``@every 90m``, and a time zone in front (``CRON_TZ=``, ``TZ=``).

Moments are in the zone of the moment that was given: a zone in the schedule is read over, and so is ``spec.timeZone``.

This is one of the few modules of ``core`` that use a library. It is imported by the first schedule; see
``docs/adr/0012-libraries-for-schemas-patterns-and-schedules.md``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple

_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"([*?]|\d{1,9}|[A-Za-z]{3})(?:-(\d{1,9}|[A-Za-z]{3}))?(?:/(\d{1,9}))?")
# Go's time.ParseDuration, without a sign: nothing runs every minus one hour.
_DURATION = re.compile(r"(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"([\d.]+)(ns|us|µs|ms|s|m|h)")
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
# Days of the week repeat themselves within two weeks, dates within four years: two 29ths of February are in here.
_FROM = datetime(2023, 12, 31, tzinfo=UTC)
_WEEKS_UNTIL, _YEARS_UNTIL = datetime(2024, 1, 15, tzinfo=UTC), datetime(2028, 3, 2, tzinfo=UTC)


class _Field(NamedTuple):
    name: str
    low: int
    high: int


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12),
    _Field("day of week", 0, 6),
)


class _Unreadable(ValueError):
    """The schedule cannot be read; the message says why."""


def schedule_fault(schedule: str) -> str:
    """Return what is wrong with ``schedule``, or the empty string when Kubernetes can read it."""
    try:
        _read(schedule)
    except _Unreadable as fault:
        return str(fault)
    return ""


def next_run(schedule: str, after: datetime) -> datetime | None:
    """Return the first moment after ``after`` at which the schedule fires; None when it never does, or is not one."""
    try:
        read = _read(schedule)
    except _Unreadable:
        return None
    if isinstance(read, timedelta):
        return after.replace(microsecond=0) + read
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(" ".join(read), after))
    # The 30th of February: it can be read, and never comes.
    except (CronSimError, StopIteration):
        return None


@lru_cache(maxsize=256)
def longest_gap(schedule: str) -> timedelta | None:
    """Return the longest time between two runs; None when it cannot be read or never runs."""
    try:
        read = _read(schedule)
    except _Unreadable:
        return None
    if isinstance(read, timedelta):
        return read
    from cronsim import CronSim, CronSimError

    minute, hour, *days = read
    until = _WEEKS_UNTIL if days[:2] == ["*", "*"] else _YEARS_UNTIL
    try:
        dates = list(takewhile(lambda day: day < until, CronSim(" ".join(["0", "0", *days]), _FROM)))
    except CronSimError:
        return None
    of_a_day = CronSim(f"{minute} {hour} * * *", _FROM)
    times = sorted(timedelta(hours=h, minutes=m) for h in of_a_day.hours for m in of_a_day.minutes)
    between_days = max(later - earlier for earlier, later in pairwise(dates))
    return max([times[0] + between_days - times[-1], *(later - earlier for earlier, later in pairwise(times))])


@lru_cache(maxsize=256)
def _read(schedule: str) -> tuple[str, ...] | timedelta:
    """Return the five fields as cronsim has them, or the time between runs of ``@every``."""
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        schedule = schedule.partition(" ")[2].strip()
    if schedule.startswith("@every "):
        return _every(schedule.removeprefix("@every "))
    words = _DESCRIPTORS.get(schedule, schedule).split()
    if len(words) != len(_FIELDS):
        raise _Unreadable(f"it has {len(words)} fields, a schedule has {len(_FIELDS)}")
    return tuple(_field(word, index) for index, word in enumerate(words))


def _every(duration: str) -> timedelta:
    if not _DURATION.fullmatch(duration):
        raise _Unreadable("the duration after @every cannot be read")
    length_s = sum(float(amount) * _UNITS_S[unit] for amount, unit in _DURATION_PART.findall(duration))
    try:
        return timedelta(seconds=max(1, int(length_s)))
    except OverflowError as error:
        raise _Unreadable("the duration after @every is too long") from error


def _field(word: str, index: int) -> str:
    """Return one field, every value or range of which cronsim takes."""
    parts = [_part(part, index) for part in word.split(",") if part]
    if not parts:
        raise _Unreadable(f"{word!r} is no {_FIELDS[index].name}")
    # A star that leaves nothing out makes the field free, whatever stands beside it.
    return "*" if "*" in parts else ",".join(parts)


def _part(part: str, index: int) -> str:
    name, low, high = _FIELDS[index]
    match = _PART.fullmatch(part)
    first, last, step = match.groups() if match else ("", None, None)
    every = int(step or 1)
    if first in ("*", "?"):
        written = f"{low}-{high}/{every}" if every != 1 else "*"
    elif step and first != last:
        written = f"{first}-{last or high}/{every}"
    else:
        written = first if last in (None, first) else f"{first}-{last}"
    above = any(value and value.isdecimal() and int(value) > high for value in (first, last))
    if not written or above or not every or not _taken(written, index):
        raise _Unreadable(f"{part!r} is no {name} ({low}-{high})")
    return written


def _taken(written: str, index: int) -> bool:
    from cronsim import CronSim, CronSimError

    fields = ["*"] * len(_FIELDS)
    fields[index] = written
    try:
        CronSim(" ".join(fields), _FROM)
    except CronSimError:
        return False
    return True
