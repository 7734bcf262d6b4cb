"""Decides whether to ask a model's endpoint again, and how long to wait before that.

Comes in: a failure and how often it was tried. Goes out: a wait that is bounded, whatever the endpoint asks for, and
that the user can see. A turn is only ever asked again as a whole, and nothing of a failed turn was executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from math import isfinite

from agentops.agent.model import ModelFailure
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How persistent to be.

    Arguments:
        attempts: how often a turn is asked for in all.
        longest_wait_s: no wait is longer, even when the endpoint asks for more.
        sleep: waits for seconds.
        jitter: returns a number from 0 to 1; keeps many clients from coming back at the same moment.
    """

    attempts: int
    longest_wait_s: float
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


_TICK_S = 10.0


def wait_s(failure: ModelFailure, attempt: int, retries: Retries) -> float:
    """Return how long to wait after the ``attempt``-th failure: as asked for, else 1, 2, 4 ... seconds."""
    if failure.retry_after_s is not None:
        wanted = failure.retry_after_s + retries.jitter()
    else:
        wanted = 2.0 ** (attempt - 1) * (0.5 + retries.jitter() / 2)
    return min(wanted, retries.longest_wait_s)


def pause(failure: ModelFailure, attempt: int, retries: Retries, progress: Progress) -> None:
    """Wait, telling ``progress`` why, how long is left, and which attempt comes next."""
    left = wait_s(failure, attempt, retries)
    next_attempt = f"attempt {attempt + 1} of {retries.attempts}"
    while left > 0:
        said = f"{one_line(failure.message, 120)}; {next_attempt} in {left:.0f} s" if left >= 1 else next_attempt
        progress(Step(stage=Stage.RETRY, text=said, key="model-retry", detail={"left_ms": round(left * 1000)}))
        step = min(left, _TICK_S)
        retries.sleep(step)
        left -= step
    progress(Step(stage=Stage.RETRY, text="", key="model-retry", done=True))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a response asks for, from ``retry-after-ms`` or ``retry-after`` (seconds or a date).

    Source: RFC 9110 section 10.2.3. A date is read against the response's own ``date``, so our clock does not matter.
    """
    try:
        if headers.get("retry-after-ms"):
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            seconds = _seconds(headers.get("retry-after", ""), headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _seconds(value: str, date: str) -> float:
    if ":" not in value:
        return float(value)
    return (parsedate_to_datetime(value) - parsedate_to_datetime(date)) / timedelta(seconds=1)
