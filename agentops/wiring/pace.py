"""``Pace``: the run's time. Real, or the embedded cluster's own, whose minutes pass in milliseconds.

Comes in: the world's clock, and the sandbox once there is one. Goes out: now, seconds, and a way to wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agentops.core.clock import Clock

if TYPE_CHECKING:
    from agentops.sandbox.cluster import Sandbox


class Pace:
    """One run's time. What the embedded cluster was sent ahead counts as passed."""

    def __init__(self, clock: Clock, sandbox: Callable[[], Sandbox | None]) -> None:
        self._clock = clock
        self._sandbox = sandbox
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Return the time in the cluster that the run looks at."""
        return self._clock() + timedelta(seconds=self._ahead_s)

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic() + self._ahead_s

    def pause(self, seconds: float) -> None:
        """Wait, or let the embedded cluster go through so many seconds."""
        sandbox = self._sandbox()
        if sandbox is None:
            time.sleep(seconds)
            return
        sandbox.advance(seconds)
        self._ahead_s += seconds
