"""The threads of the sweep: all answers, in the order in which they come, and never longer than the deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agentops.providers.kubernetes.api.crew import Done, run_until


def test_every_job_comes_back_once() -> None:
    """Values and errors come back under their keys."""
    trouble = ValueError("no")

    def fail() -> int:
        raise trouble

    jobs: list[tuple[int, Callable[[], int]]] = [(n, lambda n=n: n * n) for n in range(20)]  # type: ignore[misc]
    done = sorted(run_until([*jobs, (99, fail)], threads=3, deadline_s=10.0), key=lambda d: d.key)
    assert done == [Done(key=n, value=n * n) for n in range(20)] + [Done(key=99, error=trouble)]


def test_the_deadline_ends_the_wait() -> None:
    """A job that hangs is left behind, and those after it are not begun."""
    hang = threading.Event()
    begun: list[str] = []
    jobs = [("quick", lambda: begun.append("quick")), ("hangs", hang.wait), ("never", lambda: begun.append("never"))]
    assert [done.key for done in run_until(jobs, threads=1, deadline_s=0.1)] == ["quick"]
    hang.set()
    assert begun[:1] == ["quick"]


def test_no_jobs_is_no_wait() -> None:
    """Nothing to do ends at once."""
    assert list(run_until([], threads=8, deadline_s=10.0)) == []
