"""The threads that read: every outcome once, a hung job left behind, and never longer than the deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from agentops.core.threads import Done, Job, run_as_they_end, run_each, run_in_order


def _squares(count: int) -> list[Job[int, int]]:
    return [Job(key=n, work=lambda n=n: n * n) for n in range(count)]


def _timeless(done: Done[int, int]) -> Done[int, int]:
    return replace(done, duration_ms=0)


@pytest.fixture
def hang():
    """Return an event that nobody sets before the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_every_job_comes_back_once() -> None:
    """Values and errors come back under their keys."""
    trouble = ValueError("no")

    def fail() -> int:
        raise trouble

    jobs = [*_squares(20), Job(key=99, work=fail)]
    done = sorted(map(_timeless, run_as_they_end(jobs, threads=3, deadline_s=10.0)), key=lambda d: d.key)
    assert done == [Done(key=n, value=n * n) for n in range(20)] + [Done(key=99, error=trouble)]


def test_the_deadline_ends_the_wait(hang: threading.Event) -> None:
    """A job that hangs is left behind, and those after it are not begun."""
    begun: list[str] = []
    jobs: list[Job[str, object]] = [
        Job(key="quick", work=lambda: begun.append("quick")),
        Job(key="hangs", work=hang.wait),
        Job(key="never", work=lambda: begun.append("never")),
    ]
    assert [done.key for done in run_as_they_end(jobs, threads=1, deadline_s=0.1)] == ["quick"]
    hang.set()
    assert begun[:1] == ["quick"]


def test_a_job_that_hangs_does_not_hold_up_the_next(hang: threading.Event) -> None:
    """When its time is over it is an error, and with one thread another one takes its place."""
    jobs: list[Job[str, object]] = [
        Job(key="hangs", work=hang.wait, timeout_s=0.05),
        Job(key="next", work=lambda: "x", timeout_s=10.0),
    ]
    first, second = run_in_order(jobs, threads=1)
    assert (first.key, str(first.error), first.duration_ms, second.key, second.value) == (
        "hangs",
        "no answer in 0.05 seconds",
        50,
        "next",
        "x",
    )


def test_what_is_said_too_late_is_thrown_away(hang: threading.Event) -> None:
    """A job that returns after its time-out was answered already, and comes back once."""

    def late() -> str:
        hang.wait()
        return "late"

    def meanwhile() -> str:
        hang.set()
        return "done"

    jobs = [Job(key=1, work=late, timeout_s=0.05), Job(key=2, work=meanwhile), Job(key=3, work=lambda: "last")]
    assert [(done.key, done.value) for done in run_in_order(jobs, threads=1)] == [(1, None), (2, "done"), (3, "last")]


def test_the_order_is_that_of_the_jobs() -> None:
    """One that ends first waits for those before it."""
    second_ended = threading.Event()

    def first() -> str:
        second_ended.wait(10)
        return "first"

    jobs: list[Job[int, object]] = [Job(key=1, work=first), Job(key=2, work=second_ended.set)]
    assert [done.value for done in run_in_order(jobs, threads=2)] == ["first", None]


def test_whoever_stops_listening_stops_the_work() -> None:
    """No job is begun after the caller went away with an error or an answer."""
    begun: list[int] = []
    listened = threading.Event()

    def work(number: int) -> Callable[[], None]:
        def call() -> None:
            begun.append(number)
            if number:
                listened.wait(10)

        return call

    jobs = [Job(key=number, work=work(number)) for number in range(9)]
    for done in run_as_they_end(jobs, threads=1):
        assert done.key == 0
        break
    listened.set()
    assert len(begun) <= 2


@pytest.mark.parametrize("run", [run_as_they_end, run_in_order])
def test_no_jobs_is_no_wait(run: Callable[..., object]) -> None:
    """Nothing to do ends at once."""
    assert list(run([], threads=8)) == []  # type: ignore[call-overload]


def test_each_item_in_its_place_or_the_first_error() -> None:
    """A function of each item gives a list in their order; what one call raises, the caller gets."""

    def check(number: int) -> int:
        if number > 2:
            raise ValueError(f"no {number}")
        return number

    assert (run_each(check, [2, 1, 0], threads=2), run_each(check, [], threads=2)) == ([2, 1, 0], [])
    with pytest.raises(ValueError, match="no 3"):
        run_each(check, [0, 3, 4], threads=3)
