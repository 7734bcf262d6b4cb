"""Splits a server's bytes into lines of a bounded size, and makes JSON of a line that was cut.

Comes in: chunks of bytes. Goes out: lines; of one that is too long the head and the last bytes, so that a result of any
size can still be shown in part and told by its id. Pure.

Must never: hold more than the cap, or take time that grows faster than the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentops.core.foreign_documents import read_json

_TAIL_BYTES = 512
_MOST_DEPTH = 64
# A list of empty lists takes thirty times its bytes once it is decoded.
_MOST_VALUES = 300_000
# Possessive, so that a string without an end is found out in one pass.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++|\s++', re.DOTALL)
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)\Z")
_LAST_ID = re.compile(rb'"id"\s*:\s*(\d{1,18}|"[^"\\]{1,64}")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')
_CLOSERS = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class WireLine:
    """One line without its end. ``dropped``: bytes that are not in ``head``; the last of them are ``tail``."""

    head: bytes
    tail: bytes = b""
    dropped: int = 0


class CappedLines:
    """Collects lines from chunks.

    Arguments:
        most: bytes that are kept of one line.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0
        self._dropped = 0
        self._tail = b""

    def feed(self, chunk: bytes) -> Iterator[WireLine]:
        """Yield the lines that end in ``chunk``."""
        first, *rest = chunk.split(b"\n")
        self._add(first)
        for piece in rest:
            yield self._taken()
            if piece:
                self._add(piece)

    def end(self) -> WireLine | None:
        """Return what stands after the last end of a line; None where nothing does."""
        return self._taken() if self._size or self._dropped else None

    def _add(self, piece: bytes) -> None:
        kept = piece[: max(self._most - self._size, 0)]
        if kept:
            self._parts.append(kept)
            self._size += len(kept)
        left = len(piece) - len(kept)
        if left:
            self._dropped += left
            self._tail = (self._tail + piece[len(kept) :][-_TAIL_BYTES:])[-_TAIL_BYTES:]

    def _taken(self) -> WireLine:
        line = WireLine(b"".join(self._parts), self._tail, self._dropped)
        self._parts, self._size, self._dropped, self._tail = [], 0, 0, b""
        return line


def message_of(line: WireLine) -> dict[str, Any] | None:
    """Return the JSON-RPC message on a line, cut where the line was; None where it holds none.

    What is no JSON is noise: servers print banners and warnings where only messages belong.
    """
    if not line.head.lstrip().startswith(b"{"):
        return None
    if line.head.count(b"[") + line.head.count(b"{") > _MOST_VALUES:
        return None
    text = line.head.decode("utf-8", "replace")
    try:
        found = read_json(closed(text) if line.dropped else text, odd_numbers_as_text=True, unique_names=False)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    if line.dropped:
        found.setdefault("jsonrpc", "2.0")
        if "id" not in found and "method" not in found and (last := _LAST_ID.search(line.tail)):
            found["id"] = read_json(last[1])
    return found


def closed(text: str) -> str:
    """Return the longest beginning of cut JSON that is a value once its brackets and its last string are closed.

    Raises:
        ValueError: no beginning of it is.
    """
    scan = _Scan()
    place = 0
    while place < len(text) and (token := _TOKEN.match(text, place)):
        # A number or word that reaches the cut may be half of one.
        scan.take(token[0], token.end(), is_last=token.end() == len(text))
        place = token.end()
    if place < len(text) and scan.expects_value:
        return text[:place] + _without_half_escape(text[place:]) + '"' + scan.closers()
    if not scan.safe:
        raise ValueError("nothing of it can be read")
    return text[: scan.safe] + scan.safe_closers


def _without_half_escape(string: str) -> str:
    """Return a string that was cut without the half of an escape that is left at its end."""
    half = _HALF_ESCAPE.search(string)
    return string[: half.start(1)] if half else string


class _Scan:
    """Where in a JSON text one is: the open brackets, and the last place at which they could be closed."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._awaits = "value"
        self.safe = 0
        self.safe_closers = ""

    @property
    def expects_value(self) -> bool:
        return self._awaits == "value"

    def closers(self) -> str:
        """Return what closes all that is open."""
        return "".join(_CLOSERS[one] for one in reversed(self._open))

    def take(self, word: str, end: int, *, is_last: bool) -> None:
        """Go over one token that ends at ``end``, an offset into the text.

        Raises:
            ValueError: it is nested too deep, or its brackets do not match.
        """
        if word.isspace():
            return
        if word in _CLOSERS:
            self._open.append(word)
            if len(self._open) > _MOST_DEPTH:
                raise ValueError("it is nested too deep")
            self._awaits = "key" if word == "{" else "value"
            self._mark(end)
        elif word in _CLOSERS.values():
            if not self._open or _CLOSERS[self._open.pop()] != word:
                raise ValueError("its brackets do not match")
            self._awaits = "end"
            self._mark(end)
        elif word == ",":
            self._awaits = "key" if self._open and self._open[-1] == "{" else "value"
        elif word == ":":
            self._awaits = "value"
        elif self._awaits == "value" and (word.startswith('"') or not is_last):
            self._awaits = "end"
            self._mark(end)

    def _mark(self, end: int) -> None:
        self.safe, self.safe_closers = end, self.closers()
