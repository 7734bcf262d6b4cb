"""Runs reads in a fixed number of threads that nobody waits for.

Comes in: callables. Goes out: each with what it returned or raised, in the order in which they end, until a deadline.
The threads are daemons: a request that hangs holds up neither the answer nor Ctrl-C nor the end of the program, as an
executor of the standard library would.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[_Key, _Value]):
    """What became of one job: exactly one of ``value`` and ``error`` is set."""

    key: _Key
    value: _Value | None = None
    error: BaseException | None = None


def run_until(
    jobs: Sequence[tuple[_Key, Callable[[], _Value]]], *, threads: int, deadline_s: float
) -> Iterator[Done[_Key, _Value]]:
    """Yield jobs as they end; after ``deadline_s`` seconds none is begun or awaited any more.

    Arguments:
        jobs: a key to know each by, and what to call.
        threads: how many run at the same time.
        deadline_s: for all of them together.
    """
    waiting: queue.SimpleQueue[tuple[_Key, Callable[[], _Value]]] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Done[_Key, _Value]] = queue.SimpleQueue()
    stopped = threading.Event()
    for job in jobs:
        waiting.put(job)

    def work() -> None:
        while not stopped.is_set():
            try:
                key, call = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done: Done[_Key, _Value] = Done(key=key, value=call())
            except BaseException as raised:  # noqa: BLE001 - carried to the caller's thread, who decides
                done = Done(key=key, error=raised)
            ended.put(done)

    for number in range(min(threads, len(jobs))):
        threading.Thread(target=work, name=f"read-{number}", daemon=True).start()
    end = monotonic() + deadline_s
    try:
        for _ in jobs:
            yield ended.get(timeout=max(end - monotonic(), 0.001))
    except queue.Empty:
        return
    finally:
        stopped.set()
