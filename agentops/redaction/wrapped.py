"""Secrets that were broken over lines: the text as it was before the break, and which further lines belong to a value.

Comes in: a text and a place in it. Goes out: the joined text with the way back to the places, or the pieces of further
lines. At most ``_MOST_LINES`` lines and a bounded number of characters are looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentops.redaction.heuristics import is_jumbled

_MOST_LINES = 12
_RUN = re.compile(r"[A-Za-z0-9+/=_.~%:$-]{1,4096}")
# A line may end in a backslash or a closing quote, and the next may begin with an opening one or a mark of a block.
_BREAK = re.compile(r"[\"'\\+]{0,2}[ \t]{0,8}\r?\n[ \t]{0,200}(?:[|>+][ \t]{1,4})?[\"'+]{0,2}")
_BACK = re.compile(r"[A-Za-z0-9+/=_.~%:$-]{1,200}\Z")
# A further piece of a value: a letter and a digit, or both cases, and no name, time, path or word of its own.
_PIECE = re.compile(
    r"(?:-(?=[A-Za-z0-9]{4}[A-Za-z0-9-]{4})|[A-Za-z0-9+/_~%!@#$^&*=])(?:[A-Za-z0-9+/=_.~%!@#$^&*-]|:(?=[0-9a-f]{8})){2,4096}"
)
_AFTER_PIECE = re.compile(r"(?=[\s\"',;)\]}]|\\|\Z)(?![ \t]*[:=](?:[^=]|\Z))")
# No word of a language that is as long stands in a line by itself.
_LONG_WORD = re.compile(r"[A-Za-z]{16,512}[\"'\\;,)]{0,3}[ \t]*\r?(?:\n|\Z)")
_NO_PIECE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}:[0-9]{2}.*|[0-9.,%]+[A-Za-z]{0,3}|[A-Z]?[a-z]+[.!]?|[A-Z]+|[a-z]{2,}[0-9]*(?:-[a-z0-9]+)+|"
    r"[a-z]+[A-Z][a-z]+(?:[A-Z][a-z]+)*|/[\w./-]*|[A-Z][0-9]{4} ?.*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+[0-9]{1,2}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Joined:
    """``text`` is the run around a place without its breaks; ``pieces`` are (where in it, where in the original)."""

    text: str
    place: int
    pieces: tuple[tuple[int, int], ...]

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return where the part from ``start`` to ``end`` of the joined text stands in the original, line by line."""
        found = []
        for number, (at, original) in enumerate(self.pieces):
            stop = self.pieces[number + 1][0] if number + 1 < len(self.pieces) else len(self.text)
            first, last = max(start, at), min(end, stop)
            if first < last:
                found.append((original + first - at, original + last - at))
        return found


def joined(text: str, place: int) -> Joined | None:
    """Return the run of characters around ``place`` as it was before it was broken; None if it was not."""
    run = _RUN.match(text, place)
    if run is None or (after := _BREAK.match(text, run.end())) is None:
        return None
    before = _BACK.search(text, max(place - 200, 0), place)
    start = before.start() if before else place
    pieces, parts, size = [(0, start)], [text[start : run.end()]], run.end() - start
    for _line in range(_MOST_LINES):
        run = _RUN.match(text, after.end())
        if run is None:
            break
        pieces.append((size, run.start()))
        parts.append(run.group())
        size += len(run.group())
        if (following := _BREAK.match(text, run.end())) is None:
            break
        after = following
    return Joined("".join(parts), place - start, tuple(pieces)) if len(parts) > 1 else None


def further_lines(text: str, end: int) -> list[tuple[int, int]]:
    """Return the pieces of the next lines that go on with a value which runs to the end of its line at ``end``."""
    found: list[tuple[int, int]] = []
    for _line in range(_MOST_LINES):
        after = _BREAK.match(text, end)
        piece = _PIECE.match(text, after.end()) if after else None
        if piece is None or not _AFTER_PIECE.match(text, piece.end()):
            break
        if not _is_rest(piece.group()) and not _LONG_WORD.match(text, piece.start()):
            break
        end = piece.end()
        found.append(piece.span())
    return found


def _is_rest(piece: str) -> bool:
    if is_jumbled(piece):
        return True
    if _NO_PIECE.fullmatch(piece):
        return False
    has_digit = any(map(str.isdigit, piece))
    return (
        (has_digit and any(map(str.isalpha, piece))) or (piece.lower() != piece != piece.upper()) or piece.endswith("=")
    )


def unbroken(text: str, start: int, end: int) -> Joined | None:
    """Return a part of a text without the breaks in it; None if there are none."""
    pieces, parts, at, size = [(0, start)], [], start, 0
    for found in _BREAK.finditer(text, start, end):
        parts.append(text[at : found.start()])
        size += len(parts[-1])
        at = found.end()
        pieces.append((size, at))
    if not parts:
        return None
    parts.append(text[at:end])
    return Joined("".join(parts), 0, tuple(pieces))
