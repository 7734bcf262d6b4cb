"""Private keys in PEM, whole, cut off, quoted, in JSON, or with other text before and between their lines.

Comes in: a text. Goes out: where their bodies stand. Certificates and public keys stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan

_BEGIN = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----|"
    r"PuTTY-User-Key-File-[23]:"
)
_END = re.compile(
    r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|---- END SSH2 ENCRYPTED PRIVATE KEY ----|"
    r"Private-MAC: [0-9a-f]{40,64}"
)
# One line of a body; the newline may be written as \n, at any depth of escaping.
_BODY = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_LAST = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}(?=[\"'\s\\,]{0,8}(?:\\+[rnt]|[\"'\s,])*$)")
_TOGETHER = re.compile(r"(?:(?:\\+[nrt]|[\s\"'|+,>])*[A-Za-z0-9+/=]{4,76}(?![A-Za-z0-9+/=:]))*")
_PRIVATE_LINES = re.compile(r"Private-Lines: ([0-9]{1,4})")
_PRIVATE_LINE = re.compile(r"(?:\\{1,16}[nr]|[\s\"'|+,>]){1,80}(?!Private-)([A-Za-z0-9+/]{2,76}={0,2})(?![\w:-])")
_PRIVATE_MAC = re.compile(r"(?:\\{1,16}[nr]|[\s\"'|+,>]){1,80}Private-(?:MAC|Hash): ([0-9a-f]{40,64})")
_MOST_PRIVATE_LINES = 400
_MOST_CHARS, _MOST_IDLE = 60_000, 12


def private_keys(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield the private keys of a text: from the first line to the last one where they are whole, else the body's
    lines.
    """
    text = scan.text
    if "Private-Lines: " in text:
        yield from _putty_lines(scan)
    if "PRIVATE KEY" not in text and "PuTTY-User-Key" not in text:
        return
    begin, end = _BEGIN.search(text), _END.search(text)
    while begin:
        scan.check()
        if end and end.start() < begin.end():
            end = _END.search(text, begin.end())
        following = _BEGIN.search(text, begin.end())
        stop = min(begin.end() + _MOST_CHARS, following.start() if following else len(text))
        if end and end.start() <= stop:
            if _is_body(text[begin.end() : end.start()]):
                yield SecretSpan(begin.start(), end.end(), "private-key")
            else:
                yield SecretSpan(*begin.span(), "private-key", False)
                yield from _lines(text, begin.end(), end.start())
                yield SecretSpan(*end.span(), "private-key", False)
        else:
            yield SecretSpan(*begin.span(), "private-key", False)
            yield from _lines(text, begin.end(), stop)
        begin = following


def _putty_lines(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield the private lines of PuTTY's keys, of which each says how many there are, and what authenticates them."""
    for found in _PRIVATE_LINES.finditer(scan.text):
        scan.check()
        at = found.end()
        for _line in range(min(int(found.group(1)), _MOST_PRIVATE_LINES)):
            line = _PRIVATE_LINE.match(scan.text, at)
            if line is None:
                break
            yield SecretSpan(*line.span(1), "private-key", False)
            at = line.end()
        if mac := _PRIVATE_MAC.match(scan.text, at):
            yield SecretSpan(*mac.span(1), "private-key", False)


def _is_body(between: str) -> bool:
    """Return whether nothing but the key stands between its ends: no other words, times or names."""
    rest = re.sub(r"\\+[nrt]|[\s\"'|+,>\\]|[A-Za-z0-9+/]{16,}=*|[A-Za-z0-9+/]{1,76}=*(?=\\|\s|$)", "", between)
    return len(rest) <= 160


def _lines(text: str, start: int, stop: int) -> Iterator[SecretSpan]:
    """Yield the body of a key that was cut off or has other text between its lines, up to lines without any of it."""
    idle, at = 0, start
    stop = min(stop, len(text))
    while at < stop and idle < _MOST_IDLE:
        end = text.find("\n", at, stop)
        end = stop if end < 0 else end
        found = [piece.span() for piece in _BODY.finditer(text, at, min(end, at + 20_000))]
        idle = 0 if found else idle + 1
        if not found and idle == 1 and (last := _LAST.search(text, at, end)) and at > start:
            found = [last.span()] if any(map(str.isupper, last.group())) or "=" in last.group() else []
        for first, last_place in found:
            yield SecretSpan(first, last_place, "private-key", False)
        at = end + 1
