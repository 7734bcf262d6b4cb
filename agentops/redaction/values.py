"""How far a value runs, and whether it is a secret: what the forms of names have in common.

Comes in: a name that was found, and where its value begins. Goes out: spans of what is to be hidden: the value, the
lines that it goes on with, and the other value of a change (``"old" -> "new"``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from agentops.core.secret_names import NameKind
from agentops.redaction.heuristics import is_distinct_word, is_harmless, is_secret
from agentops.redaction.quotes import QUOTE, closing_quote, joined_literals
from agentops.redaction.spans import SecretSpan, is_marker
from agentops.redaction.wrapped import further_lines

# A longer value is judged by so much of it; only what is hidden is read to its end.
_LONG = 512
_LONGEST_LINE = 4096
# A backslash ends a value where it begins an escape of the text around it.
_ESCAPE = r"\\(?![nrtu\"'])"
_BARE = re.compile(rf"(?:[^\s\"'`,;&<>(){{}}\[\]|\\]{{1,512}}|{_ESCAPE}){{1,8}}")
_BARE_ARGUMENT = re.compile(rf"(?:[^\s\"'`,\]\\]{{1,512}}|{_ESCAPE}){{1,8}}")
_BARE_REST = re.compile(rf"(?:[^\s\"'`,;&<>(){{}}\[\]|\\]+|{_ESCAPE})*")
_MORE_PAIRS = re.compile(r"\s[\w.\-]{1,60}=|[ \t]+#[ \t]|\\n|&&|[ \t]\|\|?[ \t]|;[ \t]|[\"'],")
_ESCAPED_BREAK = re.compile(r"\\+[rn]")
_SCHEME = re.compile(
    r"(?:Bearer|Basic|Token|ApiKey|Digest|Negotiate|AWS4-HMAC-SHA256|Key|SharedKey|Bot|JWT|SSWS|OAuth|GenieKey|Splunk)"
    r"[ ]+(?:token=\"?)?",
    re.IGNORECASE,
)
_WITH_SCHEME = frozenset({"authorization", "key", "api-key", "token"})
_CHANGE_SIGNS = ("->", "=>", "→", "-&gt;")
_CHANGED = re.compile(rf"(?:{QUOTE})?[ \t]{{0,4}}(?:->|=>|→|-&gt;)[ \t]{{0,4}}({QUOTE})?")
_FIRST_WORD = re.compile(r"[^\s\"'`,;()]{6,512}(?=[ \t])")
_ITEM = re.compile(rf"\s{{0,80}}(?:({QUOTE})|([^\s\"'`,\]\[{{}}]{{1,4096}}))")
_NEXT_ITEM = re.compile(r"(?:\\{0,32}[\"'`])?\s{0,80},")
_MOST_ITEMS = 200
_LITERAL = re.compile(r"([\"'])([^\"'\n]{6,256})\1")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_LONGEST_TEXT = 8192


class Reach(Enum):
    """How far an unquoted value runs."""

    WORD = "to the next space or separator"
    PAIR = "to the next pair or the end of the line"
    LINE = "to the end of the line"


@dataclass(slots=True)
class Line:
    """The line of the last name, so that a long one is measured once."""

    text: str
    start: int = 0
    end: int = -1

    def at(self, place: int) -> tuple[int, int]:
        """Return where the line around ``place`` begins and ends."""
        if not self.start <= place <= self.end:
            self.start = self.text.rfind("\n", 0, place) + 1
            end = self.text.find("\n", place)
            self.end = len(self.text) if end < 0 else end
        return self.start, self.end


@dataclass(slots=True)
class SecretName:
    """One name that speaks of a secret, where it stands in a text."""

    text: str
    start: int
    end: int
    kind: NameKind
    line: Line

    def quoted(self, at: int, opening: str) -> Iterator[SecretSpan]:
        """Yield the value that a quote opened right before ``at``."""
        _begin, stop = self.line.at(at)
        end = closing_quote(self.text, at, opening, stop)
        if pieces := joined_literals(self.text, end):
            yield from self._joined([(at, end), *pieces])
            return
        yield from self.judged(at, end, bare=False)
        yield from self._changed_to(end, stop)

    def _joined(self, pieces: list[tuple[int, int]]) -> Iterator[SecretSpan]:
        """Yield the literals that source code joins to one value, when that is a secret."""
        whole = "".join(self.text[start:end] for start, end in pieces)
        if is_secret(self.kind, whole, bare=False):
            for start, end in pieces:
                if not is_marker(self.text, start):
                    yield SecretSpan(start, end, self.kind.kind, False)

    def literals(self, at: int, stop: int) -> Iterator[SecretSpan]:
        """Yield the literals in a call that show themselves to be chosen: ``concat("a", "b")``, ``env('X', 'x')``."""
        for found in _LITERAL.finditer(self.text, at, min(stop, at + 400)):
            value = found.group(2)
            if is_distinct_word(value) and not _VARIABLE.fullmatch(value) and not is_marker(self.text, found.start(2)):
                yield SecretSpan(*found.span(2), self.kind.kind)

    def triple(self, at: int, opening: str) -> Iterator[SecretSpan]:
        """Yield the lines between three quotes, the first of which end right before ``at``."""
        end = self.text.find(opening * 3, at, at + _LONGEST_TEXT)
        if end < 0:
            return
        places, start = list[tuple[int, int]](), at
        for line in self.text[at:end].split("\n"):
            bare = line.strip().rstrip("\\").rstrip()
            if bare:
                first = start + line.index(bare[0])
                places.append((first, first + len(bare)))
            start += len(line) + 1
        whole = "".join(self.text[first:last] for first, last in places)
        if is_secret(self.kind, whole, bare=False):
            for first, last in places:
                yield SecretSpan(first, last, self.kind.kind, len(places) == 1)

    def argument(self, at: int, opening: str | None) -> Iterator[SecretSpan]:
        """Yield the argument of a command at ``at``, quoted or not."""
        if opening:
            yield from self.quoted(at, opening)
        elif bare := _BARE_ARGUMENT.match(self.text, at):
            yield from self.judged(*bare.span(), bare=True)

    def bare(self, at: int, reach: Reach) -> Iterator[SecretSpan]:
        """Yield the unquoted value at ``at``; of a sentence its first word, where that is the value and the rest a
        remark.
        """
        text = self.text
        last = self._bare_end(at, reach)
        if last <= at:
            return
        signs = [place for sign in _CHANGE_SIGNS if (place := text.find(sign, at, min(last, at + 512))) >= 0]
        if signs:
            last = at + len(text[at : min(signs)].rstrip(" \t\"'\\"))
        found = list(self.judged(at, last, bare=True))
        if not found and not self.kind.is_weak and (word := _FIRST_WORD.match(text, at, last)):
            found = list(self.judged(*word.span(), bare=True)) if is_distinct_word(word.group()) else []
        yield from found
        if signs:
            yield from self._changed_to(last, self.line.at(at)[1])

    def items(self, at: int) -> Iterator[SecretSpan]:
        """Yield the items of a list whose bracket stands right before ``at``: ``tokens: ["a", "b"]``."""
        for _item in range(_MOST_ITEMS):
            item = _ITEM.match(self.text, at)
            if item is None:
                return
            end = item.end()
            if item.group(1):
                end = closing_quote(self.text, end, item.group(1), self.line.at(end)[1])
            yield from self.judged(item.end() if item.group(1) else item.start(2), end, bare=not item.group(1))
            following = _NEXT_ITEM.match(self.text, end)
            if following is None:
                return
            at = following.end()

    def each(self, places: Iterable[tuple[int, int]]) -> Iterator[SecretSpan]:
        """Yield those of some places that hold a secret."""
        for start, end in places:
            if not is_marker(self.text, start) and is_secret(self.kind, self.text[start:end], bare=True):
                yield SecretSpan(start, end, self.kind.kind)

    def block(self, places: list[tuple[int, int]]) -> Iterator[SecretSpan]:
        """Yield the lines of a block, whatever they hold."""
        if all(is_harmless(self.text[start:end]) for start, end in places):
            return
        for start, end in places:
            yield SecretSpan(start, end, self.kind.kind, len(places) == 1)

    def judged(self, start: int, end: int, *, bare: bool) -> Iterator[SecretSpan]:
        """Yield a value when it is a secret, and the lines that it goes on with."""
        text, kind = self.text, self.kind
        if kind.kind in _WITH_SCHEME and (scheme := _SCHEME.match(text, start, end)):
            start = scheme.end()
        value = text[start:end]
        if not value or is_marker(text, start):
            return
        if not is_secret(kind, value, bare=bare):
            # Half a value may look like nothing.
            rest = further_lines(text, end) if text[end : end + 2] in ("\\\n", "\\\r") else []
            if not rest or not is_secret(kind, value + "".join(text[a:b] for a, b in rest), bare=bare):
                return
        end = start + len(value.rstrip())
        if bare and len(value) >= _LONG and (more := _BARE_REST.match(text, end)):
            end = more.end()
        pieces = further_lines(text, end)
        yield SecretSpan(start, end, kind.kind, not pieces)
        for piece in pieces:
            yield SecretSpan(*piece, kind.kind, False)

    def _changed_to(self, end: int, stop: int) -> Iterator[SecretSpan]:
        """``password = "old" -> "new"``: the other value of a change."""
        changed = _CHANGED.match(self.text, end)
        if changed is None or changed.end() > stop:
            return
        at, opening = changed.end(), changed.group(1)
        if opening:
            yield from self.judged(at, closing_quote(self.text, at, opening, stop), bare=False)
        elif bare := _BARE.match(self.text, at):
            yield from self.judged(*bare.span(), bare=True)

    def _bare_end(self, start: int, reach: Reach) -> int:
        text = self.text
        if is_marker(text, start):
            return start
        if reach is Reach.WORD:
            bare = _BARE.match(text, start)
            return bare.end() if bare else start
        # After a colon these begin a structure, a block or an alias; after an equals sign they are the secret's own.
        if text[start] in "{[|>&*" and text[max(start - 8, 0) : start].rstrip().endswith(":"):
            return start
        begin, stop = self.line.at(start)
        stop = min(stop, start + _LONGEST_LINE)
        if reach is Reach.PAIR and (more := _MORE_PAIRS.search(text, start, stop)):
            stop = more.start()
        for quote in "\"'":
            at = text.find(quote, start, stop)
            if at > start and text.count(quote, max(begin, start - _LONGEST_LINE), start) % 2:
                stop = at  # the whole line stood in quotes: curl -H 'Authorization: ...'
        if reach is Reach.LINE and (escaped := _ESCAPED_BREAK.search(text, start, stop)):
            stop = escaped.start()
        while stop > start and text[stop - 1] in " \t\r\\":
            stop -= 1
        return stop
