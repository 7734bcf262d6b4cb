"""``Clock``: time as a parameter, given to every part that needs the present moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time as an aware UTC datetime."""


class SimulatedTime(Protocol):
    """Time that passes as fast as it is asked to: that of a simulated cluster."""

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; all that would happen within them has happened when this returns."""
        ...


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds: ``2026-11-22T15:59:33.568Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Parse RFC 3339, any fraction length, ``Z`` or an offset; a time without offset is taken as UTC.

    Raises:
        ValueError: not a time.
    """
    head, fraction = text.strip(), ""
    if "." in head:
        head, _, tail = head.partition(".")
        digits = len(tail) - len(tail.lstrip("0123456789"))
        fraction, rest = tail[:digits], tail[digits:]
        head += "." + fraction[:6].ljust(6, "0") + rest
    moment = datetime.fromisoformat(head.replace("Z", "+00:00"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def age(then: datetime, now: datetime) -> str:
    """Return a short age such as ``45s``, ``12m``, ``3h12m`` or ``4d``; never negative."""
    seconds = max(int((now - then) / timedelta(seconds=1)), 0)
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 7200:
        return f"{seconds // 60}m"
    if seconds < 172800:
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    return f"{seconds // 86400}d"
