"""``Background``: the one thread in which asyncio runs, for all MCP servers of this process.

Comes in: coroutines, from any thread. Goes out: what they return, or a time-out. Everything else in agentops is
synchronous; only this folder knows that there is a loop.

Must never: start before a server is used, hold up the end of the program, or let a caller wait without an end.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")

_START_S = 10.0
# Their messages may hold what a server wrote or was sent, and without a handler they would reach the terminal.
_TALKATIVE = ("mcp", "client", "httpx2", "httpcore2", "asyncio")


class Background:
    """A daemon thread with one event loop; made by ``background()``, never stopped while the process lives."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._turn, name="agentops-mcp", daemon=True)
        self._thread.start()
        self._ready.wait(_START_S)

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()

    def start(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Have a coroutine run on the loop; nobody hears what becomes of it."""
        asyncio.run_coroutine_threadsafe(make(), self._loop)

    def run(self, make: Callable[[], Coroutine[Any, Any, Value]], *, timeout_s: float) -> Value:
        """Run a coroutine on the loop and return what it returns; Ctrl-C cancels it.

        Raises:
            TimeoutError: it did not end in ``timeout_s`` seconds; it was told to.
            BaseException: what it raised.
        """
        future = asyncio.run_coroutine_threadsafe(make(), self._loop)
        try:
            return future.result(timeout_s)
        except concurrent.futures.CancelledError as error:
            raise TimeoutError("it was given up") from error
        except BaseException:
            future.cancel()
            raise


_lock = threading.Lock()
_current: Background | None = None


def background() -> Background:
    """Return the thread of this process, started if it is not running yet; a forked child gets one of its own."""
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _hush()
            _current = Background()
        return _current


def _hush() -> None:
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


async def in_thread(work: Callable[[], Value]) -> Value:
    """Run what blocks in a thread that holds up neither the loop nor the end of the program, and return its value.

    Raises:
        BaseException: what it raised.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Value] = loop.create_future()

    def settle(settled: Callable[[], None]) -> None:
        if not future.done():
            settled()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            raised = error
            loop.call_soon_threadsafe(settle, lambda: future.set_exception(raised))
        else:
            loop.call_soon_threadsafe(settle, lambda: future.set_result(value))

    threading.Thread(target=run, name="agentops-mcp-work", daemon=True).start()
    return await future


async def quietly(wait: Coroutine[Any, Any, Any], within_s: float) -> None:
    """Await something whose failure does not matter any more, for at most so many seconds."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(wait, within_s)
