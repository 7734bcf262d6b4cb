"""``WholeDeadline``: a time-out for the whole of a connection's handshake and the whole of a response's head.

A socket's own time-out begins anew with every byte, so a server that sends one byte a second would hold a request for
hours before its body begins. Comes in: a class that makes connections as ``http.client`` does. Goes out: the same, that
shuts its socket down when the time is over. The body is whoever reads it to watch.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

_LONGEST_S = 60.0


class WholeDeadline:
    """Mixed into a connection class, before it; the time is that of the connection's own ``timeout``."""

    timeout: Any
    sock: Any
    _twin: socket.socket | None = None

    def connect(self) -> None:
        """Connect and shake hands, in the time of one time-out each."""
        with self._watched(2.0):
            super().connect()  # type: ignore[misc]

    def _new_conn(self) -> Any:
        made = super()._new_conn()  # type: ignore[misc]
        # TLS takes the socket over while it shakes hands; a second descriptor of it can still shut it down.
        self._twin = made.dup()
        return made

    def getresponse(self, *arguments: Any, **options: Any) -> Any:
        """Return the response once its head is there."""
        with self._watched(1.0):
            return super().getresponse(*arguments, **options)  # type: ignore[misc]

    def close(self) -> None:
        """Close the connection and what watches it."""
        super().close()  # type: ignore[misc]
        if self._twin is not None:
            self._twin.close()
            self._twin = None

    @contextlib.contextmanager
    def _watched(self, share: float) -> Iterator[None]:
        seconds = float(self.timeout) * share if isinstance(self.timeout, int | float) else _LONGEST_S
        over = threading.Event()

        def cut() -> None:
            over.set()
            for one in (self._twin, self.sock):
                if one is not None:
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if over.is_set():
                raise TimeoutError("timed out") from error
            raise
        finally:
            timer.cancel()
        if over.is_set():
            raise TimeoutError("timed out")
