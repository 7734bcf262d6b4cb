"""Runs reads in a few threads at a time, each under its own time-out and all of them under a common deadline.

Comes in: callables that only read. Goes out: for each, what it returned or raised and how long it took, as they end or
in the order in which they were given. A thread cannot be stopped: one that outlives its time-out is left behind, and
whatever it says later is thrown away. The threads are daemons, so that a request that hangs holds up neither the answer
nor Ctrl-C nor the end of the program, as an executor of the standard library would.

Must never: run what has an effect. Nobody would know whether a job that was left behind had one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar, cast

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Value = TypeVar("Value")

Monotonic: TypeAlias = Callable[[], float]
"""Returns seconds from some fixed point that never go back."""

_FOREVER_S = threading.TIMEOUT_MAX
# A wait that is over a moment too early would find the deadline not reached yet, and wait again and again.
_GRACE_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[Key, Value]):
    """Something to call, a key to know it by, and how many seconds it has; no number is as long as it takes."""

    key: Key
    work: Callable[[], Value]
    timeout_s: float = _FOREVER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[Key, Value]):
    """What became of one job: ``value`` when it returned, ``error`` when it raised or ran out of time."""

    key: Key
    value: Value | None = None
    error: BaseException | None = None
    duration_ms: int = 0


def run_as_they_end(
    jobs: Sequence[Job[Key, Value]],
    *,
    threads: int,
    deadline_s: float = _FOREVER_S,
    monotonic: Monotonic = time.monotonic,
) -> Iterator[Done[Key, Value]]:
    """Yield jobs as they end; after ``deadline_s`` seconds none is begun or awaited any more, and no more are yielded.

    Arguments:
        threads: how many run at the same time, not counting those that were left behind.
    """
    team = _Team(jobs, monotonic)
    end = monotonic() + deadline_s
    for _ in range(min(threads, len(jobs))):
        team.start()
    try:
        for _ in jobs:
            done = team.next_done(end)
            if done is None:
                return
            yield done
    finally:
        team.stopped.set()


def run_in_order(
    jobs: Sequence[Job[Key, Value]], *, threads: int, monotonic: Monotonic = time.monotonic
) -> Iterator[Done[Key, Value]]:
    """Yield each job in the order of ``jobs``, as soon as those before it are there; keys must differ."""
    waiting = iter(jobs)
    awaited = next(waiting, None)
    early: dict[Key, Done[Key, Value]] = {}
    for done in run_as_they_end(jobs, threads=threads, monotonic=monotonic):
        early[done.key] = done
        while awaited is not None and awaited.key in early:
            yield early.pop(awaited.key)
            awaited = next(waiting, None)


def run_each(work: Callable[[Item], Value], items: Sequence[Item], *, threads: int) -> list[Value]:
    """Return ``work`` of each item, in the order of ``items``.

    Raises:
        Exception: what the call of the first item that failed has raised; those after it are not awaited.
    """
    found: list[Value] = []
    jobs = [Job(key=number, work=partial(work, item)) for number, item in enumerate(items)]
    for done in run_in_order(jobs, threads=threads):
        if done.error is not None:
            raise done.error
        found.append(cast(Value, done.value))
    return found


class _Team(Generic[Key, Value]):
    """The threads of one run, and what they say to the thread that waits for them."""

    def __init__(self, jobs: Sequence[Job[Key, Value]], monotonic: Monotonic) -> None:
        self.stopped = threading.Event()
        self._jobs = jobs
        self._monotonic = monotonic
        self._waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        # The position of a job, with the time when it began, and later with what became of it.
        self._said: queue.SimpleQueue[tuple[int, float | Done[Key, Value]]] = queue.SimpleQueue()
        self._deadlines: dict[int, float] = {}
        self._left_behind: set[int] = set()
        for position in range(len(jobs)):
            self._waiting.put(position)

    def start(self) -> None:
        """Start one more thread."""
        threading.Thread(target=self._work, name="agentops-read", daemon=True).start()

    def next_done(self, end: float) -> Done[Key, Value] | None:
        """Return the next job that ended or ran out of time; None when the common deadline passes first."""
        while True:
            wait_s = min([end, *self._deadlines.values()]) - self._monotonic()
            try:
                position, said = self._said.get(timeout=min(max(wait_s, 0.0) + _GRACE_S, _FOREVER_S))
            except queue.Empty:
                now = self._monotonic()
                if (late := self._too_late(now)) is not None:
                    return late
                if end <= now:
                    return None
                continue
            if not isinstance(said, Done):
                self._deadlines[position] = said + self._jobs[position].timeout_s
            elif position not in self._left_behind:
                self._deadlines.pop(position, None)
                return said

    def _too_late(self, now: float) -> Done[Key, Value] | None:
        for position, deadline in self._deadlines.items():
            if deadline <= now:
                job = self._jobs[position]
                del self._deadlines[position]
                self._left_behind.add(position)
                # Its thread is lost to it, and the jobs that wait must not be held up.
                self.start()
                error = TimeoutError(f"no answer in {job.timeout_s:g} seconds")
                return Done(key=job.key, error=error, duration_ms=round(job.timeout_s * 1000))
        return None

    def _work(self) -> None:
        while not self.stopped.is_set():
            try:
                position = self._waiting.get_nowait()
            except queue.Empty:
                return
            job = self._jobs[position]
            began = self._monotonic()
            self._said.put((position, began))
            value, error = None, None
            try:
                value = job.work()
            except BaseException as raised:  # noqa: BLE001 - carried to the caller's thread, who decides
                error = raised
            if position in self._left_behind:
                return
            duration_ms = round((self._monotonic() - began) * 1000)
            self._said.put((position, Done(key=job.key, value=value, error=error, duration_ms=duration_ms)))
