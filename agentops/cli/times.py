"""Lengths of time and moments as they are written on the command line: ``90s``, ``15m``, ``2h``; RFC 3339."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from agentops.core.clock import from_iso, utc_now
from agentops.core.errors import UsageError
from agentops.core.text import one_line

_SECONDS = {"s": 1, "m": 60, "h": 3600}
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
