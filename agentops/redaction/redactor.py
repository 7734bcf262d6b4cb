"""``SecretRedactor``: takes secrets out of text and JSON before the model, the disk or the screen sees it.

Comes in: any text or JSON value that a system, a person or a model wrote. Goes out: the same with each recognised
secret replaced by ``[redacted:KIND]``. Recognised are: values that are known in this run (``dictionary``), in the
forms they travel in; forms that issuers publish (``patterns``, ``pem``); what stands beside a name that speaks of a
secret (``key_values``, ``multiline``); addresses and command lines (``urls``); what looks generated near such a word
or by itself (``prose``); and all of these in base64 (``encoded``). What is found beside a name is known from then on.
Terminal colour codes are taken out first, since they split words.

It never raises and never looks anything up. Work grows with the text; should it take longer than the budget all the
same, the text is withheld whole, with a note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from time import monotonic
from typing import Any

from agentops.core.secret_names import judged_name
from agentops.redaction.dictionary import Dictionary
from agentops.redaction.encoded import encoded_secrets
from agentops.redaction.heuristics import is_secret
from agentops.redaction.key_values import Names, named_secrets
from agentops.redaction.multiline import secret_objects
from agentops.redaction.patterns import formed_secrets
from agentops.redaction.pem import private_keys
from agentops.redaction.prose import bare_secrets, told_secrets
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import MARKER, SecretSpan, is_marker, merged, neighbourhood, without
from agentops.redaction.urls import address_secrets, hook_secrets, spoken_secrets

BUDGET_S = 20.0
"""How long one text may take, in seconds; ordinary texts take a fifth of a second a megabyte."""
_MAX_PASSES = 6
_MAX_DEPTH = 3
_SHORTEST_TEXT = 4
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")


class _OutOfTime(Exception):
    """The budget of a text is spent."""


class SecretRedactor:
    """The ``Redactor``. One object serves a whole run; it may be used from several threads.

    Arguments:
        budget_s: how long one text may take, in seconds.
        clock: seconds that only grow.
    """

    def __init__(self, *, budget_s: float = BUDGET_S, clock: Callable[[], float] = monotonic) -> None:
        self._budget_s = budget_s
        self._clock = clock
        self._known = Dictionary()

    def learn(self, value: str) -> None:
        """Hide this exact value from now on, in its raw, base64, URL and JSON forms; too short a value is ignored."""
        self._known.learn(value, "known", given=True)

    def text(self, text: str) -> str:
        """Return ``text`` with every recognised secret replaced by a marker that names its kind."""
        if len(text) < _SHORTEST_TEXT:
            return text
        end = self._clock() + self._budget_s

        def check() -> None:
            if self._clock() > end:
                raise _OutOfTime

        if "\x1b" in text:
            text = _ANSI.sub("", text)
        try:
            text, places = without(text, self._spans(SearchedText(text, check)))
            for _pass in range(_MAX_PASSES):
                if not places:
                    break
                # What was hidden may have stood in front of what can be seen now, a few lines away.
                view = neighbourhood(text, places)
                text, places = without(text, view.back(self._spans(SearchedText(view.text, check))))
        except _OutOfTime:
            return f"[redacted:withheld] {len(text):,} characters: they could not be searched in {self._budget_s:g} s"
        return text

    def _spans(self, scan: SearchedText) -> list[SecretSpan]:
        known = list(self._known.spans(scan))
        found = merged(chain(known, (span for span in _detected(scan) if not _is_hidden(scan.text, span))))
        new = [span for span in found if span.is_whole and not span.is_known]
        learned = [self._known.learn(scan.text[span.start : span.end], span.kind) for span in new]
        if any(learned):
            found = merged(chain(found, self._known.spans(scan)))
        return found

    def value(self, value: Any) -> Any:
        """Return a JSON value with secrets replaced, keys included in the judgement (``password: ...``)."""
        known = len(self._known)
        hidden = self._value(value)
        # What was found at the end of a value may stand at its beginning too.
        return self._value(hidden) if len(self._known) > known else hidden

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return self._list(value)
        return value

    def _list(self, items: Sequence[Any]) -> list[Any]:
        """Return a list without secrets; in the arguments of a command, a flag judges the item after it."""
        if any(isinstance(item, str) and item.startswith("-") for item in items):
            strings = [item for item in items if isinstance(item, str)]
            found = self.text(json.dumps(strings, ensure_ascii=False))
            hidden = _read_back(found, len(strings))
            if hidden is not None:
                left = iter(hidden)
                return [self.text(next(left)) if isinstance(item, str) else self._value(item) for item in items]
        return [self._value(item) for item in items]

    def _mapping(self, found: Mapping[str, Any]) -> dict[str, Any]:
        hidden = {self.text(str(key)): self._beside(str(key), item) for key, item in found.items()}
        for name, value in (("name", "value"), ("key", "value"), ("Name", "Value"), ("Key", "Value")):
            if isinstance(found.get(name), str) and isinstance(found.get(value), str):
                hidden[value] = self._beside(found[name], found[value])
        if found.get("kind") == "Secret":
            for part in ("data", "stringData"):
                if isinstance(found.get(part), Mapping):
                    hidden[part] = {self.text(str(key)): self._blanked(item) for key, item in found[part].items()}
        return hidden

    def _blanked(self, item: Any) -> str:
        if isinstance(item, str):
            self._known.learn(item, "secret")
        return "[redacted:secret]"

    def _beside(self, name: str, value: Any) -> Any:
        # A private key as the name of a field is no name.
        kind = judged_name(MARKER.sub("", name)) if "-----BEGIN" not in name else None
        if kind and isinstance(value, list | tuple):
            return [self._beside(name, item) for item in value]
        if kind and kind.kind == "code" and isinstance(value, int) and 1000 <= value <= 99_999_999:
            return "[redacted:code]"
        if (
            kind
            and isinstance(value, int)
            and not isinstance(value, bool)
            and kind.kind == "password"
            and not kind.is_weak
        ):
            return "[redacted:password]"
        if (
            not kind
            or not isinstance(value, str)
            or value.startswith("[redacted:")
            or not is_secret(kind, value, bare=False)
        ):
            return self._value(value)
        self._known.learn(value, kind.kind)
        return f"[redacted:{self._known.kind_of(value, kind.kind)}]"


def _detected(scan: SearchedText, depth: int = 1) -> Iterator[SecretSpan]:
    """Yield what every finder finds in a text; of base64, what they find in the text that it encodes."""
    text, names = scan.text, Names()
    yield from formed_secrets(scan)
    yield from private_keys(scan)
    yield from named_secrets(scan, names)
    if names.holds_secret_object:
        yield from secret_objects(text)
    if "://" in text and "@" in text:
        yield from address_secrets(scan)
    if "://" in text:
        yield from hook_secrets(scan)
    yield from spoken_secrets(scan)
    if names.spoken:
        yield from told_secrets(scan, names.spoken)
    yield from bare_secrets(scan)
    if depth < _MAX_DEPTH:
        yield from encoded_secrets(
            scan, lambda decoded: any(True for _ in _detected(SearchedText(decoded, scan.check), depth + 1))
        )


def _is_hidden(text: str, span: SecretSpan) -> bool:
    """Return whether nothing but a marker stands there already."""
    return is_marker(text, span.start) and MARKER.fullmatch(text, span.start, span.end) is not None


def _read_back(text: str, count: int) -> list[str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return (
        found
        if isinstance(found, list) and len(found) == count and all(isinstance(one, str) for one in found)
        else None
    )
