"""``SecretSpan``: where a secret stands in a text; and a text without its spans.

Comes in: spans in any order, which may overlap. Goes out: the text with a marker in the place of each.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MARKER = re.compile(r"\[redacted:[a-z0-9-]{1,40}\]")
_OPENING = "[redacted:"


class SecretSpan(NamedTuple):
    """From ``start`` up to ``end`` (excluded) of a text; ``is_whole``: it is a value by itself, which can be learned.

    ``is_known``: its value was known before, so that the marker keeps its kind.
    """

    start: int
    end: int
    kind: str
    is_whole: bool = True
    is_known: bool = False


def merged(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Return the spans in order, those that overlap as one of the first's kind."""
    result: list[SecretSpan] = []
    for span in sorted(spans):
        if result and span.start < result[-1].end:
            last = result[-1]
            kind = span.kind if span.is_known and not last.is_known else last.kind
            if span.end > last.end or kind != last.kind:
                is_known = last.is_known or span.is_known
                result[-1] = SecretSpan(last.start, max(last.end, span.end), kind, span.end <= last.end, is_known)
            continue
        result.append(span)
    return result


def is_marker(text: str, start: int) -> bool:
    """Return whether a marker begins at ``start``."""
    return text.startswith(_OPENING, start)


def without(text: str, spans: Sequence[SecretSpan]) -> tuple[str, list[int]]:
    """Return a text with a marker in the place of each span, and where the markers stand in it."""
    pieces: list[str] = []
    places: list[int] = []
    done = size = 0
    for span in spans:
        marker = f"[redacted:{span.kind}]"
        size += span.start - done
        places.append(size)
        size += len(marker)
        pieces += (text[done : span.start], marker)
        done = span.end
    return ("".join([*pieces, text[done:]]) if pieces else text), places


@dataclass(frozen=True, slots=True)
class View:
    """Some lines of a text: ``starts`` are where its parts begin in ``text``, ``origins`` where they stand in the
    whole.
    """

    text: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def back(self, spans: Iterable[SecretSpan]) -> list[SecretSpan]:
        """Return the spans as they stand in the whole text; one that runs over the end of a part is cut there."""
        found = []
        for span in spans:
            part = bisect_right(self.starts, span.start) - 1
            stop = self.starts[part + 1] - 1 if part + 1 < len(self.starts) else len(self.text)
            shift = self.origins[part] - self.starts[part]
            found.append(span._replace(start=span.start + shift, end=min(span.end, stop) + shift))
        return found


_LINES_BEFORE, _LINES_BEHIND, _MOST_CHARS = 3, 13, 4096


def neighbourhood(text: str, places: Sequence[int]) -> View:
    """Return the lines around some places; the whole text where its lines are long or most of them are around one."""
    parts: list[list[int]] = []
    for place in places:
        if parts and place < parts[-1][2]:
            continue  # its lines are there already
        start, end = place, place
        for _line in range(_LINES_BEFORE + 1):
            start = max(text.rfind("\n", 0, start), 0) if start > 0 else 0
        for number in range(_LINES_BEHIND + 1):
            at = text.find("\n", end + (1 if number else 0))
            end = len(text) if at < 0 else at
        if end - start > _MOST_CHARS:
            return View(text, (0,), (0,))
        middle = text.find("\n", place)
        if parts and start <= parts[-1][1]:
            parts[-1][1:] = [end, middle if middle >= 0 else end]
        else:
            parts.append([start, end, middle if middle >= 0 else end])
    if sum(end - start for start, end, _middle in parts) > len(text) * 0.7:
        return View(text, (0,), (0,))
    starts, size = [], 0
    for start, end, _middle in parts:
        starts.append(size)
        size += end - start + 1
    chosen = "\n".join(text[start:end] for start, end, _middle in parts)
    return View(chosen, tuple(starts), tuple(start for start, _end, _middle in parts))
