"""``Rate``: how many calls a server may be sent in a minute."""

from __future__ import annotations

import threading
from collections import deque

from agentops.core.errors import ToolError
from agentops.core.threads import Monotonic

_MINUTE_S = 60.0


class Rate:
    """Counts the calls of the last minute; safe to use from several threads."""

    def __init__(self, server: str, per_minute: int, monotonic: Monotonic) -> None:
        self._server, self._most, self._monotonic = server, per_minute, monotonic
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Count one call.

        Raises:
            ToolError: there were as many as may be; the hint says how long to wait.
        """
        with self._lock:
            now = self._monotonic()
            while self._calls and now - self._calls[0] >= _MINUTE_S:
                self._calls.popleft()
            if len(self._calls) >= self._most:
                wait = _MINUTE_S - (now - self._calls[0]) if self._calls else _MINUTE_S
                raise ToolError(
                    f"MCP server {self._server} was called {self._most} times in a minute, and may not be called more",
                    hint=f"Wait {wait:.0f} s, or raise calls_per_minute of this server.",
                    code="mcp-rate",
                )
            self._calls.append(now)
