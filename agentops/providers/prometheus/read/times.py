"""The times of a query: the moment, the span and the step, from the few arguments that a model gives.

Comes in: checked arguments and the present moment. Goes out: moments and a step in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agentops.core.clock import from_iso, to_iso
from agentops.core.errors import ToolInputError
from agentops.core.text import one_line

POINTS = 60
"""How many points a series is asked for at: as many as a chart has columns."""
_LEAST_STEP_S = 5


def moment(arguments: Mapping[str, Any], name: str, now: datetime) -> datetime:
    """Return the time that an argument says, or the present one.

    Raises:
        ToolInputError: it is no time.
    """
    said = str(arguments.get(name, ""))
    if not said:
        return now
    try:
        return from_iso(said)
    except ValueError as error:
        raise ToolInputError(f"{name} {one_line(said, 40)!r} is no time; the form is {to_iso(now)}") from error


def step_for(start: datetime, end: datetime) -> int:
    """Return the step in seconds at which a span has about ``POINTS`` points."""
    return max(round((end - start) / timedelta(seconds=1) / POINTS), _LEAST_STEP_S)


def clock_text(when: datetime) -> str:
    """Return a time to the second, in UTC: ``2026-11-29T11:40:00Z``."""
    return to_iso(when.replace(microsecond=0)).replace(".000Z", "Z")
