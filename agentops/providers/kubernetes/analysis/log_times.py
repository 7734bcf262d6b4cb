"""When a log line was written, by its own words.

Comes in: a foreign line. Goes out: an aware time, or None where it does not say. A time without a zone is read as UTC,
as containers run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})? ?(Z|[+-]\d\d:?\d\d)?",
)
_KLOG = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.")
_HEAD = 200
_WORKS = re.compile(
    r"(?i)\b(?:connected to|connection (?:established|restored)|reconnected|now (?:ready|listening|serving)"
    r"|listening on|started successfully|startup complete|server (?:is )?(?:started|ready|running)"
    r"|ready to (?:accept|serve))\b"
)
RECENT = timedelta(minutes=15)
"""A line that is older says how it was, not how it is."""


def written_at(line: str, now: datetime) -> datetime | None:
    """Return when the line was written; a klog line says no year, so the last such day before ``now`` is meant."""
    match = _ISO.search(line[:_HEAD])
    try:
        if match is not None:
            year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _offset(match.group(7))
        match = _KLOG.match(line)
        if match is None:
            return None
        month, day, hour, minute, second = (int(part) for part in match.groups())
        found = datetime(now.year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return found if found <= now + timedelta(days=1) else found.replace(year=now.year - 1)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)


def recent_lines(lines: Sequence[str], now: datetime) -> list[str]:
    """Return the lines of the last minutes; a line without a time is as old as the one before it that has one."""
    found: list[str] = []
    stamp: datetime | None = None
    for line in lines:
        stamp = written_at(line, now) or stamp
        if stamp is None or now - stamp <= RECENT:
            found.append(line)
    return found


def present_lines(lines: Sequence[str], now: datetime) -> list[str]:
    """Return the recent lines after the last one that says that it works: what came before was the start."""
    recent = recent_lines(lines, now)
    return recent[_last_works(recent) + 1 :]


def without_start(lines: Sequence[str], now: datetime, is_start: Callable[[str], bool]) -> list[str]:
    """Return the recent lines, and of those before the last one that says that it works none that ``is_start``."""
    recent = recent_lines(lines, now)
    works = _last_works(recent)
    return [line for index, line in enumerate(recent) if index > works or not is_start(line)]


def _last_works(lines: Sequence[str]) -> int:
    return max((index for index, line in enumerate(lines) if _WORKS.search(line[:400])), default=-1)
