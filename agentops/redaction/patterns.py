"""Secrets that are recognised by their own form, whatever stands around them.

Comes in: a text. Goes out: where credentials of the forms in ``formats`` stand,
also those that were broken over lines. One search for the fixed parts of all forms comes first; a form's own pattern is
tried only where its fixed part was found, in a window of bounded size.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from agentops.core.fast_search import FastSearch
from agentops.redaction.formats import ROWS
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan, is_marker
from agentops.redaction.wrapped import joined

# An escaped newline (``\\n``) and an escaped character of a URL (``%3D``) end in what looks like a part of a word.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtu])|(?<=%[0-9A-F][0-9A-F]))"
_END = r"(?![A-Za-z0-9_])"
_EDGE = r"(?:\b|\\[nrt]|%[0-9A-F]{2})"
_WINDOW = 9000
_MORE = re.compile(r"[A-Za-z0-9+/_=-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One form of one row: ``part`` is looked for, at most ``before`` characters of the credential stand before it."""

    kind: str
    part: str
    before: int
    pattern: str
    is_open: bool

    def at(self, text: str, place: int) -> tuple[int, int] | None:
        """Return where the credential around the fixed part at ``place`` begins and ends, or None."""
        compiled = _compiled(self.pattern)
        if self.before:
            found = compiled.search(text, max(place - self.before, 0), place + _WINDOW)
        else:
            found = compiled.match(text, place, place + _WINDOW)
        if found is None or not found.start() <= place < found.end():
            return None
        start = found.end(found.lastindex) if found.lastindex else found.start()
        end = found.end()
        if self.is_open and (more := _MORE.match(text, end)):  # longer than any that was seen: the rest goes as well
            end = more.end()
        return start, end


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _bounded(pattern: str, *, is_open: bool) -> str:
    """Return a row's pattern between word edges; what begins with a sign of its own needs none in front."""
    start = "" if pattern.startswith((r"\$", r"\{", "(?<", "(?:pbkdf2", "(/")) else _START
    return f"{start}(?:{pattern}){'' if is_open else _END}"


@cache
def _table() -> tuple[FastSearch, dict[str, tuple[Format, ...]]]:
    forms: dict[str, list[Format]] = defaultdict(list)
    looked_for: set[str] = set()
    for kind, parts, pattern in ROWS:
        is_open = "}+" in pattern
        for written in parts.split():
            number, part = written[1:].split(":", 1) if written.startswith("<") else ("0", written)
            part, _, more = part.partition("?=")
            edge = _EDGE if number == "0" and part[0].isalnum() else ""
            looked_for.add(edge + re.escape(part) + (f"(?:{more})" if more else ""))
            form = Format(
                kind=kind, part=part, before=int(number), pattern=_bounded(pattern, is_open=is_open), is_open=is_open
            )
            forms[part[0]].append(form)
    edged = sorted((one.removeprefix(_EDGE) for one in looked_for if one.startswith(_EDGE)), key=len, reverse=True)
    inside = sorted((one for one in looked_for if not one.startswith(_EDGE)), key=len, reverse=True)
    search = FastSearch(f"{_EDGE}(?:{'|'.join(edged)})|{'|'.join(inside)}")
    return search, {start: tuple(found) for start, found in forms.items()}


def formed_secrets(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield where secrets stand that their own form gives away."""
    text = scan.text
    search, forms = _table()
    done = 0
    for start, _end in scan.hits(search):
        place = start + {"\\": 2, "%": 3}.get(text[start], 0)
        if place < done or is_marker(text, place - 10):
            continue
        for form in forms.get(text[place : place + 1], ()):
            if not text.startswith(form.part, place):
                continue
            if found := form.at(text, place):
                yield SecretSpan(*found, form.kind)
                done = found[1]
                break
        else:
            yield from _broken(text, place, forms)


def _broken(text: str, place: int, forms: dict[str, tuple[Format, ...]]) -> Iterator[SecretSpan]:
    """Yield the pieces of a credential that was broken over lines."""
    whole = joined(text, place)
    if whole is None:
        return
    for form in forms.get(text[place : place + 1], ()):
        if text.startswith(form.part, place) and (found := form.at(whole.text, whole.place)):
            for start, end in whole.spans(*found):
                yield SecretSpan(start, end, form.kind, False)
            return
