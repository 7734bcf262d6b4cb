"""``RunClock``: the time of one run. Real time, or the time of a simulated cluster, whose minutes pass in milliseconds.

Comes in: the machine's clock, and the simulated cluster if there is one. Goes out: now, seconds, and a way to wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from agentops.core.clock import Clock, SimulatedTime


class RunClock:
    """The time of one run. What a simulated cluster was sent ahead counts as passed.

    Arguments:
        clock: the machine's clock.
        simulated: returns the cluster whose time can be sent ahead; None where waiting takes real seconds.
    """

    def __init__(self, clock: Clock, simulated: Callable[[], SimulatedTime | None]) -> None:
        self._clock = clock
        self._simulated = simulated
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Return the time in the cluster that the run looks at."""
        return self._clock() + timedelta(seconds=self._ahead_s)

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic() + self._ahead_s

    def pause(self, seconds: float) -> None:
        """Wait, or let the simulated cluster go through so many seconds."""
        simulated = self._simulated()
        if simulated is None:
            time.sleep(seconds)
            return
        simulated.advance(seconds)
        self._ahead_s += seconds
