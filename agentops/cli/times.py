"""Lengths of time and moments as people write and read them: ``90s``, ``15m``, ``2h``; RFC 3339; local time in lists.

JSON, plans and the audit log have UTC; only what people look at is turned into the time of the machine's own zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from agentops.core.clock import age, from_iso, utc_now
from agentops.core.errors import UsageError
from agentops.core.text import one_line

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration_s(text: str, option: str = "--ttl") -> int:
    """Return ``90s``, ``15m`` or ``2h`` in seconds; ``option`` is what it was given with.

    Raises:
        UsageError: it is none of these, or nothing.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if match is None:
        raise UsageError(f"{option} {one_line(text, 40)!r} is not a time", hint="Write 90s, 15m or 2h.")
    return int(match[1]) * _SECONDS[match[2]]


def old_s(text: str, option: str) -> int:
    """Return an age of at least an hour in seconds: ``12h``, ``30d``.

    Raises:
        UsageError: it is none, or less than an hour.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", text)
    if match is None:
        raise UsageError(f"{option} {one_line(text, 40)!r} is not an age", hint="Write 12h or 30d; an hour at least.")
    return int(match[1]) * _SECONDS[match[2]]


def waiting_s(text: str | None) -> float:
    """Return how long to wait for another run, from ``--wait``; seconds.

    Raises:
        UsageError: it is no time.
    """
    return 0.0 if text is None else float(duration_s(text, "--wait"))


def moment(option: str, text: str) -> datetime | None:
    """Return the moment that ``text`` names, or how long ago it was; None for an empty text.

    Raises:
        UsageError: it is neither.
    """
    if not text:
        return None
    if text[:-1].isdecimal() and text[-1] in _UNITS and len(text) < 8:
        return utc_now() - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    try:
        return from_iso(text)
    except ValueError as error:
        hint = "Write 2026-11-22T15:00:00Z, or how long ago: 15m, 2h, 3d."
        raise UsageError(f"{option} {text!r} is not a time", hint=hint) from error


def local_time(written: str, now: datetime) -> str:
    """Return a written moment in local time: ``11-22 16:03:07``, of another year ``2025-11-22 16:03``.

    What is no moment comes back as it is: a log is shown, not judged.
    """
    try:
        found = from_iso(written).astimezone()
    except ValueError:
        return written
    return f"{found:%m-%d %H:%M:%S}" if found.year == now.astimezone().year else f"{found:%Y-%m-%d %H:%M}"


def local_clock(written: str) -> str:
    """Return the hour, minute and second of a written moment in local time; what is no moment as it is."""
    try:
        return f"{from_iso(written).astimezone():%H:%M:%S}"
    except ValueError:
        return written


def age_of(written: str, now: datetime) -> str:
    """Return how long ago a written moment was: ``45s``, ``3h12m``, ``4d``; a dash where it is none."""
    try:
        return age(from_iso(written), now)
    except ValueError:
        return "-"
