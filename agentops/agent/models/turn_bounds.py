"""``TurnBounds``: how many bytes an endpoint may send in one turn, and how long it may take, whatever it sends.

Comes in: the SDK's HTTP responses and connections, by the hooks that its transport offers. Goes out: the same bytes,
up to the bounds; past them the reading ends and ``why`` says so. A socket's own time-out begins anew with each byte and
each ping, so a timer shuts the connection down when the turn's time is over. Nothing here looks at what is sent.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MIB = 1 << 20


class OverBounds(OSError):
    """The endpoint sends more than a turn may have, or nothing that belongs to an answer."""


class TurnBounds:
    """The bounds of the turn that is under way; for one turn at a time.

    Arguments:
        size_bytes: of all that is sent in a turn, unpacked.
        turn_s: for the whole turn.
        idle_s: without an event of the answer; pings are none.
        monotonic: seconds.
    """

    def __init__(
        self, *, size_bytes: int, turn_s: float, idle_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._size_bytes, self._turn_s, self._idle_s, self._monotonic = size_bytes, turn_s, idle_s, monotonic
        self._sockets: list[Any] = []
        self._heard_at = 0.0
        self.why = ""

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Watch over one turn while it is entered."""
        self.why = ""
        self.heard()
        timer = threading.Timer(self._turn_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def heard(self) -> None:
        """Note that something of the answer came."""
        self._heard_at = self._monotonic()

    def hooks(self) -> Mapping[str, Any]:
        """Return the hooks for the HTTP client that the turn is asked through."""
        return {"request": [self._follow], "response": [self._bound]}

    def _follow(self, request: Any) -> None:
        """Learn the connections that are made, so that they can be shut down; see httpcore's trace extension."""

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                made = info["return_value"].get_extra_info("socket")
                if made is not None:
                    self._sockets.append(made)

        request.extensions["trace"] = trace

    def _bound(self, response: Any) -> None:
        whole = response.iter_bytes

        def bounded(chunk_size: int | None = None) -> Iterator[bytes]:
            size = 0
            for chunk in whole(chunk_size):
                size += len(chunk)
                if size > self._size_bytes:
                    raise self._over(f"sent more than {self._size_bytes // MIB} MiB in one turn")
                if self._monotonic() - self._heard_at > self._idle_s:
                    raise self._over(f"sent nothing of an answer for {self._idle_s:.0f} s")
                yield chunk

        # On this one response: whoever reads it, also the SDK itself of an error's body, reads within the bounds.
        response.iter_bytes = bounded

    def _over(self, why: str) -> OverBounds:
        self.why = why
        return OverBounds(why)

    def _cut(self) -> None:
        self.why = f"did not end its answer within {self._turn_s:.0f} s"
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()
