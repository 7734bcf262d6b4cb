"""Runs jobs in threads, a few at a time, each under its own time-out, and yields their outcomes in order.

Comes in: callables that only read. Goes out: for each, what it returned or raised, and how long it took. A thread
cannot be stopped: one that outlives its time-out is left behind as a daemon, its outcome is the time-out, and whatever
it says later is thrown away. An executor from the standard library would wait for it when the program ends.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.agent.budget import Monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to call, and how many seconds it has."""

    work: Callable[[], Any]
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``value`` when it returned, ``error`` when it raised or ran out of time; exactly one of the two."""

    value: Any = None
    error: BaseException | None = None
    duration_ms: int = 0


def run_all(jobs: Sequence[Job], *, max_parallel: int, monotonic: Monotonic) -> Iterator[Outcome]:
    """Yield the outcome of each job in the order of ``jobs``, each as soon as those before it are there."""
    arrived: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
    outcomes: dict[int, Outcome] = {}
    deadlines: dict[int, float] = {}
    waiting = iter(enumerate(jobs))
    for position in range(len(jobs)):
        while position not in outcomes:
            for index, job in _next(waiting, max_parallel - len(deadlines)):
                deadlines[index] = monotonic() + job.timeout_s
                _start(index, job, arrived, monotonic)
            try:
                index, outcome = arrived.get(timeout=max(min(deadlines.values()) - monotonic(), 0.0) + 0.001)
            except queue.Empty:
                _expire(jobs, deadlines, outcomes, monotonic())
                continue
            if deadlines.pop(index, None) is not None:
                outcomes[index] = outcome
        yield outcomes.pop(position)


def _next(waiting: Iterator[tuple[int, Job]], count: int) -> list[tuple[int, Job]]:
    taken = []
    for _ in range(count):
        item = next(waiting, None)
        if item is None:
            break
        taken.append(item)
    return taken


def _start(index: int, job: Job, arrived: queue.SimpleQueue[tuple[int, Outcome]], monotonic: Monotonic) -> None:
    def work() -> None:
        began = monotonic()
        try:
            value, error = job.work(), None
        except BaseException as raised:  # noqa: BLE001 - carried to the caller's thread, who decides
            value, error = None, raised
        arrived.put((index, Outcome(value=value, error=error, duration_ms=round((monotonic() - began) * 1000))))

    threading.Thread(target=work, name=f"tool-{index}", daemon=True).start()


def _expire(jobs: Sequence[Job], deadlines: dict[int, float], outcomes: dict[int, Outcome], now: float) -> None:
    for index in [index for index, deadline in deadlines.items() if deadline <= now]:
        del deadlines[index]
        timeout_s = jobs[index].timeout_s
        outcomes[index] = Outcome(
            error=TimeoutError(f"no answer in {timeout_s:g} seconds"), duration_ms=round(timeout_s * 1000)
        )
