"""Repeated lines of a log, told once with their number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.providers.kubernetes.read.folding import count_folded, folded, thinned


def _said(*lines: str) -> list[str]:
    return [str(line) for line in folded(lines)]


def test_equal_lines_are_one() -> None:
    """A run of equal lines is its first, with how often and until when; their times do not make them different."""
    lines = [f"2026-11-22T12:00:{second:02d}.5Z cannot reach redis:6379" for second in range(20)]
    assert _said("starting", *lines, "bye") == [
        "starting",
        "2026-11-22T12:00:00.5Z cannot reach redis:6379  [x20, until 2026-11-22T12:00:19.5Z]",
        "bye",
    ]


def test_a_block_that_repeats_is_one() -> None:
    """A retry that writes two lines each time folds as a block."""
    assert _said(*["dial redis", "refused"] * 5, "gave up") == ["dial redis", "refused  [these 2 lines x5]", "gave up"]


@pytest.mark.parametrize(
    "lines",
    [
        ("GET / 200", "GET / 500", "GET / 200", "GET / 200"),
        ("attempt 1", "attempt 2", "attempt 3", "attempt 4"),
        ("twice", "twice"),
        ("10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"),
        (),
    ],
)
def test_what_differs_stays(lines: tuple[str, ...]) -> None:
    """A number that is no time is never taken for the same, and two of a kind are no run."""
    assert _said(*lines) == list(lines)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22 12:00:0{} ",
        "2026/11/22 12:00:0{} ",
        "I1122 12:00:0{}.123 ",
        '1.2.3.4 - - [22/Nov/2026:12:00:0{} +0000] "GET /" ',
        "12:00:0{},123 ",
        'time="2026-11-22T12:00:0{}+01:00" level=error ',
    ],
)
def test_times_of_every_form(time: str) -> None:
    """However a program writes its time, that alone does not tell two lines apart."""
    found = folded([time.format(n) + "refused" for n in range(4)])
    assert [line.times for line in found] == [4]


def test_what_is_said_again_and_again_between_others_is_thinned() -> None:
    """Five times the same between lines that differ: its first and last stay, with the number, and all the others."""
    lines = [text for n in range(6) for text in ("refused", f"cart read session={n}")]
    assert [str(line) for line in thinned(folded(lines))] == [
        "refused",
        *(f"cart read session={n}" for n in range(5)),
        "refused  [x6 in all, between others]",
        "cart read session=5",
    ]
    few = [text for n in range(4) for text in ("refused", f"session={n}")]
    assert [str(line) for line in thinned(folded(few))] == few


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=40))
def test_nothing_is_lost(lines: list[str]) -> None:
    """Unfolding gives the lines again, and those that are not shown are counted."""
    found = folded(lines)
    again: list[str] = []
    for line in found:
        again.append(line.line)
        if line.times > 1:
            again += again[-line.block :] * (line.times - 1)
    assert (again, len(lines) - len(found)) == (lines, count_folded(found))
