"""``Dictionary``: the exact values that were found to be secrets in this run, hidden wherever they turn up.

Comes in: values, with the kind of secret that each is. Goes out: where they stand in a text: raw, in base64 (also
inside of a longer text that was encoded), escaped for URLs and JSON, broken over lines. Everything is kept in memory
only.

A value is taken up only where it could hardly be anything else: a password like ``changeme`` or ``shop`` is hidden
beside its name, but learning it would tear holes into ordinary text.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from agentops.core.fast_search import FastSearch, searchable
from agentops.redaction.heuristics import entropy
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import MARKER, SecretSpan
from agentops.redaction.wrapped import unbroken

_SHORTEST_GIVEN, _SHORTEST_FOUND = 6, 8
_LONGEST = 4_096
_ANCHOR = 8
_SHORTEST_BROKEN = 12
# How many values are taken up beside the credentials of agentops itself, and how many wait before all are compiled
# anew.
MOST_VALUES = 2_000
_FRESH = 40
_MARKER_WORDS = frozenset({"redacted", "redacted:", "[redacted", "[redacted:"})
_WORDS = re.compile(
    r"[A-Za-z]+(?:[ _.\-/:@][A-Za-z]+)*[0-9]{0,2}|[a-z][a-z0-9]*(?:[-.][a-z][a-z0-9]*)+|[0-9.,:/-]{1,15}|[a-z][a-z0-9]*(?:-[a-z0-9]+)+|\S*://[^@]*"
)
_ALNUM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def is_distinct(value: str) -> bool:
    """Return whether a value that was found beside a secret name can hardly be anything else, wherever it stands.

    It has at least eight characters, is no word, name, number or address, and is varied: six characters that differ,
    two bits each, and a digit or a sign among letters.
    """
    if not _SHORTEST_FOUND <= len(value) <= _LONGEST or MARKER.search(value) or _WORDS.fullmatch(value):
        return False
    if len(set(value[:200])) < 6 or entropy(value) < 2.5:
        return False
    return any(c.isdigit() or not c.isalnum() for c in value) and any(map(str.isalnum, value))


@dataclass(slots=True)
class _Generation:
    """Some forms, and a search for their first and last characters."""

    forms: dict[str, str] = field(default_factory=dict)
    by_anchor: dict[bytes, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))
    # The values themselves: what was encoded is found by how it begins alone.
    whole: set[str] = field(default_factory=set)
    search: FastSearch | None = None

    def add(self, forms: dict[str, str], whole: Iterable[str]) -> None:
        self.forms.update(forms)
        self.whole.update(whole)
        self.search = None

    def compiled(self) -> FastSearch:
        if self.search is None:
            by_anchor: dict[bytes, list[tuple[str, bool]]] = defaultdict(list)
            for form in sorted(self.forms, key=lambda form: (-len(form), form)):
                data = searchable(form)
                by_anchor[data[:_ANCHOR]].append((form, True))
                if len(data) >= 2 * _ANCHOR and form in self.whole:
                    by_anchor[data[-_ANCHOR:]].append((form, False))
            self.by_anchor = by_anchor
            anchors = sorted(by_anchor, key=lambda anchor: (-len(anchor), anchor))
            self.search = FastSearch("|".join(re.escape(anchor.decode("ascii")) for anchor in anchors))
        return self.search


class Dictionary:
    """The values of one run; it may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[str, str] = {}
        self._old, self._fresh = _Generation(), _Generation()

    def __len__(self) -> int:
        return len(self._kinds)

    def kind_of(self, value: str, otherwise: str) -> str:
        """Return the kind under which a value was taken up first, so that it has one marker throughout."""
        return self._kinds.get(value, otherwise)

    def learn(self, value: str, kind: str, *, given: bool = False) -> bool:
        """Take up a value, and return whether it is new.

        Arguments:
            given: it is known to be a credential and was not merely found beside a name.
        """
        if value in self._kinds or not _may_be_learned(value, given=given):
            return False
        with self._lock:
            if not given and len(self._kinds) >= MOST_VALUES:
                return False
            self._kinds[value] = kind
            forms = {form: kind for form in forms_of(value) if form not in self._old.forms}
            self._fresh.add({**forms, **self._fresh.forms}, (value,))
            if len(self._fresh.forms) > _FRESH * 12:
                merged = _Generation()
                merged.add({**self._fresh.forms, **self._old.forms}, self._fresh.whole | self._old.whole)
                self._old, self._fresh = merged, _Generation()
        return True

    def spans(self, scan: SearchedText) -> Iterator[SecretSpan]:
        """Yield where known values stand in a text."""
        if not self._kinds:
            return
        with self._lock:
            generations = [(one.compiled(), one.by_anchor, one.forms) for one in (self._old, self._fresh) if one.forms]
        for search, by_anchor, forms in generations:
            done = 0
            for start, end in scan.hits(search):
                for form, is_first in by_anchor[scan.data[start:end]]:
                    found = _placed(scan.text, start, end, form, is_first=is_first)
                    if found and found[0][0] >= done:
                        yield from (SecretSpan(*piece, forms[form], False, True) for piece in found)
                        done = found[-1][1]
                        break


def _may_be_learned(value: str, *, given: bool) -> bool:
    if given:
        return len(value) >= _SHORTEST_GIVEN and value.lower() not in _MARKER_WORDS
    return is_distinct(value)


def _placed(text: str, start: int, end: int, form: str, *, is_first: bool) -> list[tuple[int, int]]:
    """Return where ``form`` stands around its first or last characters, in pieces where it was broken over lines."""
    first = start if is_first else end - len(form)
    if first >= 0 and text.startswith(form, first):
        last = first + len(form)
        if len(form) < 12 and (text[first - 1 : first] in _ALNUM or text[last : last + 1] in _ALNUM):
            return []
        return [(first, last)]
    if len(form) < _SHORTEST_BROKEN or "\n" not in text[max(first, start - len(form), 0) : max(end, start + len(form))]:
        return []
    size = len(form) + 40 * (3 + len(form) // 30)
    if is_first:
        whole = unbroken(text, start, min(start + size, len(text)))
        return whole.spans(0, len(form)) if whole and whole.text.startswith(form) else []
    whole = unbroken(text, max(end - size, 0), end)
    return whole.spans(len(whole.text) - len(form), len(whole.text)) if whole and whole.text.endswith(form) else []


def forms_of(value: str) -> set[str]:
    """Return the forms in which a value travels: raw, base64 at each alignment, escaped for URLs and for JSON."""
    raw = value.encode("utf-8", "surrogatepass")
    escaped = json.dumps(value)[1:-1]
    forms = {value, escaped, json.dumps(escaped)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(raw, safe=""), quote_plus(raw), quote(raw), value.replace("&", "&amp;").replace("<", "&lt;")}
    forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    forms |= {base64.b64encode(raw + b"\n").decode()}  # echo secret | base64
    forms |= {form.rstrip("=") for form in forms if form.endswith("=")}
    # Inside a longer base64 text (user:secret) the value starts at any of three offsets; its middle is the same.
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        cut = inner[(shift * 8 + 5) // 6 : len(inner) - (1 if (shift + len(raw)) % 3 else 0)]
        if len(cut) >= 10:
            forms |= {cut, cut.translate(str.maketrans("+/", "-_"))}
    return {form for form in forms if len(form) >= _SHORTEST_GIVEN}
