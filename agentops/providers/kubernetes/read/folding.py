"""Folds repeated lines: a log that says one thing a hundred times says it once, with how often and until when.

Comes in: lines of a log. Goes out: the same lines in order, a run of equal ones as its first, marked ``x20``. Lines are
equal when they differ in nothing but their times of day; a number that is no time is never taken for the same, because
``status=500`` among ``status=200`` is what was looked for. A block of up to four lines that repeats folds like a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

_LONGEST_BLOCK = 4
_LEAST_REPEATS = 3
_OFTEN = 5
# ISO 8601 and its relatives, klog's month and day, a time of day, the access log's date: what moves in each line.
_TIME = re.compile(
    r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\b[IWEF]\d{4} \d{2}:\d{2}:\d{2}(?:\.\d+)?"
    r"|\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?"
    r"|(?<![\d.:])\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?![\d:])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedLine:
    """One line, and how often it, or the block of ``block`` lines that ends with it, was there in a row.

    ``text`` is the line without its times, for comparing; ``until`` the time of the last, where lines carry one.
    ``in_all`` counts a line that stands for others further up, see ``thinned``; 0 for any other.
    """

    line: str
    text: str
    times: int = 1
    block: int = 1
    until: str = ""
    in_all: int = 0

    def __str__(self) -> str:
        if self.in_all:
            return f"{self.line}  [x{self.in_all} in all, between others]"
        if self.times == 1:
            return self.line
        what = f"x{self.times}" if self.block == 1 else f"these {self.block} lines x{self.times}"
        return f"{self.line}  [{what}{f', until {self.until}' if self.until else ''}]"


def folded(lines: Sequence[str]) -> tuple[FoldedLine, ...]:
    """Return ``lines`` with what repeats in a row folded."""
    texts = [_TIME.sub("", line) for line in lines]
    kept: list[FoldedLine] = []
    at = 0
    while at < len(lines):
        block, times = _repeat_at(texts, at)
        last = at + block * times - 1
        for offset in range(block):
            place = at + offset
            ends = offset == block - 1 and times > 1
            kept.append(
                FoldedLine(
                    line=lines[place],
                    text=texts[place],
                    times=times if ends else 1,
                    block=block if ends else 1,
                    until=_time_of(lines[last]) if ends else "",
                )
            )
        at = last + 1
    return tuple(kept)


def thinned(lines: Sequence[FoldedLine]) -> tuple[FoldedLine, ...]:
    """Return folded lines without what is said five times or more between others: its first and its last stay.

    What comes between stays in its order; the last of them carries the number.
    """
    single = [line for line in lines if line.block == 1]
    total = Counter[str]()
    for line in single:
        total[line.text] += line.times
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if line.block == 1 and total[line.text] >= _OFTEN:
            places.setdefault(line.text, []).append(at)
    dropped = {at for found in places.values() for at in found[1:-1]}
    last = {found[-1] for found in places.values() if len(found) > 2}
    return tuple(
        replace(line, in_all=total[line.text]) if at in last else line
        for at, line in enumerate(lines)
        if at not in dropped
    )


def distinct(lines: Sequence[str]) -> tuple[str, ...]:
    """Return each line once, where it was last, marked with how often it was there: the gist of a short tail."""
    times: Counter[str] = Counter()
    newest: dict[str, str] = {}
    for line in lines:
        text = _TIME.sub("", line)
        times[text] += 1
        newest.pop(text, None)  # so that it moves to the end
        newest[text] = line
    return tuple(f"{line}  [x{times[text]}]" if times[text] > 1 else line for text, line in newest.items())


def count_folded(lines: Sequence[FoldedLine]) -> int:
    """Return how many lines of folded ones, which are not thinned yet, are not shown because they repeat."""
    return sum((line.times - 1) * line.block for line in lines)


def _repeat_at(texts: Sequence[str], at: int) -> tuple[int, int]:
    """Return the block that begins here and repeats over the most lines, as its length and its number of times."""
    best = (1, 1)
    for block in range(1, _LONGEST_BLOCK + 1):
        times = 1
        first = texts[at : at + block]
        while texts[at + times * block : at + (times + 1) * block] == first:
            times += 1
        if times >= _LEAST_REPEATS and block * times > best[0] * best[1]:
            best = (block, times)
    return best


def _time_of(line: str) -> str:
    found = _TIME.search(line)
    return found.group() if found else ""
