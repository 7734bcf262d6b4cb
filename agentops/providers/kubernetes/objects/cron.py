"""Cron schedules: whether one can be parsed, and how far apart its runs are.

Source: Kubernetes CronJob (robfig/cron standard parser): five fields or a macro, an optional ``CRON_TZ=``/``TZ=``.
"""

from __future__ import annotations

import re
from datetime import timedelta

_MACROS = {
    "@yearly": timedelta(days=366),
    "@annually": timedelta(days=366),
    "@monthly": timedelta(days=31),
    "@weekly": timedelta(days=7),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@hourly": timedelta(hours=1),
}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_PART = re.compile(r"(\*|\?|\w+)(?:-(\w+))?(?:/(\d{1,4}))?")
_EVERY = re.compile(r"@every ((?:\d+(?:\.\d+)?(?:h|m|s|ms))+)")


def schedule_fault(schedule: str) -> str:
    """Return what is wrong with ``schedule``, or the empty string when it can be parsed."""
    words = schedule.split()
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        words = words[1:]
    if len(words) == 1 and words[0] in _MACROS:
        return ""
    if words and words[0] == "@every":
        return "" if _EVERY.fullmatch(" ".join(words)) else "the duration after @every cannot be read"
    if len(words) != len(_FIELDS):
        return f"it has {len(words)} fields, a schedule has 5"
    for word, (name, low, high) in zip(words, _FIELDS, strict=True):
        for part in word.split(","):
            if _values(part, name, low, high) is None:
                return f"{part!r} is no {name} ({low}-{high})"
    return ""


def _number(word: str, name: str, low: int) -> int | None:
    if word.isdecimal() and len(word) < 5:
        return int(word)
    names = _NAMES.get(name, ())
    return names.index(word.lower()) + (1 if low == 1 else 0) if word.lower() in names else None


def _values(part: str, name: str, low: int, high: int) -> set[int] | None:
    match = _PART.fullmatch(part)
    if match is None:
        return None
    first, last, step = match.group(1), match.group(2), int(match.group(3) or 1)
    if step == 0:
        return None
    if first in ("*", "?"):
        return set(range(low, high + 1, step)) if last is None else None
    start = _number(first, name, low)
    end = _number(last, name, low) if last else (high if match.group(3) else start)
    if start is None or end is None or not low <= start <= end <= high:
        return None
    return set(range(start, end + 1, step))


def longest_gap(schedule: str) -> timedelta | None:
    """Return the longest time between two runs, rounded up to whole hours, days or months; None when unparsable."""
    words = [word for word in schedule.split() if not word.startswith(("TZ=", "CRON_TZ="))]
    if schedule_fault(schedule) or not words or words[0] == "@every":
        return None
    if words[0] in _MACROS:
        return _MACROS[words[0]]
    minute, hour, day, month, weekday = words
    if month not in ("*", "?"):
        return timedelta(days=366)
    if day not in ("*", "?"):
        return timedelta(days=31)
    if weekday not in ("*", "?"):
        return timedelta(days=7)
    return _within_a_day(minute, hour)


def _within_a_day(minute: str, hour: str) -> timedelta:
    minutes = sorted(set().union(*(_values(p, "minute", 0, 59) or set() for p in minute.split(","))))
    hours = sorted(set().union(*(_values(p, "hour", 0, 23) or set() for p in hour.split(","))))
    moments = [h * 60 + m for h in hours for m in minutes]
    if not moments:
        return timedelta(days=1)
    following = [*moments[1:], moments[0] + 1440]
    return timedelta(minutes=max(b - a for a, b in zip(moments, following, strict=True)))
