"""Cron schedules, as far as CronJobs use them: five fields with ``*``, lists, ranges and steps, and the ``@`` names.

Comes in: a schedule and a moment. Goes out: the next moment at which it fires, in UTC. Time zones are not simulated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from agentops.sandbox.data import data

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_FARTHEST_DAYS = 366 * 4


@lru_cache(maxsize=64)
def fields(schedule: str) -> tuple[frozenset[int], ...] | None:
    """Return the five sets of a schedule; None when it is not one."""
    parts = data("values.yaml")["schedules"].get(schedule.strip(), schedule).split()
    if len(parts) != len(_RANGES):
        return None
    found = [_field(part, low, high) for part, (low, high) in zip(parts, _RANGES, strict=True)]
    if any(one is None for one in found):
        return None
    return tuple(one or frozenset() for one in found)


def _field(text: str, low: int, high: int) -> frozenset[int] | None:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first == "*":
            begin, end = low, high
        elif first.isdigit() and (not dash or last.isdigit()):
            begin = int(first)
            end = int(last) if dash else (high if slash else begin)
        else:
            return None
        if (slash and not (step.isdigit() and int(step))) or begin < low or end > high or begin > end:
            return None
        values.update(range(begin, end + 1, int(step) if slash else 1))
    return frozenset(values)


def next_run(schedule: str, after: datetime) -> datetime | None:
    """Return the first moment after ``after`` at which the schedule fires; None when it never does, or is not one."""
    found = fields(schedule)
    if found is None:
        return None
    minutes, hours, days, months, weekdays = found
    restricted = len(days) < 31, len({day % 7 for day in weekdays}) < 7
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(_FARTHEST_DAYS):
        by_month_day, by_week_day = day.day in days, (day.isoweekday() % 7) in {one % 7 for one in weekdays}
        # When both day fields are restricted, either one is enough (crontab(5)).
        fits = by_month_day or by_week_day if all(restricted) else by_month_day and by_week_day
        if day.month in months and fits:
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    at = day.replace(hour=hour, minute=minute)
                    if at > after:
                        return at
        day += timedelta(days=1)
    return None
