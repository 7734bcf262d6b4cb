"""Secrets without a name right in front: what looks generated near a word that speaks of a secret, or by itself.

Comes in: a text and the places of such words. Goes out: where the values stand. What has a name of its own (a trace
id, a digest, the tag of an image, a uid) stays, and so does what a system generates for names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agentops.core.fast_search import FastSearch
from agentops.redaction.encoded import reads_as_text
from agentops.redaction.heuristics import entropy, is_harmless, is_one_case, looks_random, turns
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan, is_marker
from agentops.redaction.wrapped import further_lines

_BEFORE, _BEHIND = 100, 160
_TOKEN = re.compile(r"(?<![A-Za-z0-9+/_.~%@#-])[A-Za-z0-9+/_.~%-]{12,512}={0,2}")
# What is encoded and no secret: images, archives, public keys, certificates, hashes for the integrity of a page.
_PUBLIC = re.compile(
    r"iVBORw0KGgo|H4sI|UEsDB|AAAA[A-Z][23]|MI[IGH]|/9j/|R0lGOD|JVBERi|LS0tLS1CRUdJTiBDRVJU|(?:sha[0-9]{1,3}|nonce)-|"
    r"eJ[wxyz]|KLUv|Qlpo|/Td6|d09GM|AAEAAAA|T2dnUw|PHN2Zy|QSNM"
)
_LONGEST_BARE, _LONGEST_TOKEN = 128, 520
_RUNS = FastSearch(r"[a-z0-9+/_\-]*[A-Z][a-z0-9+/_\-]*[A-Z][a-z0-9+/_\-]*[A-Z][A-Za-z0-9+/_\-]*")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+$")
# What tells that the value after it is something else than a secret, with or without a sign between them.
_OWNERS = frozenset(
    [
        *("uid", "uuid", "guid", "id", "ids", "sha", "digest", "hash", "checksum", "commit", "revision", "version"),
        *(
            "rev",
            "ref",
            "trace",
            "span",
            "traceid",
            "spanid",
            "request",
            "req",
            "correlation",
            "build",
            "image",
            "tag",
            "etag",
        ),
        *("pod", "node", "container", "containerd", "layer", "manifest", "blob", "instance", "host", "hostname", "md"),
        *(
            "namespace",
            "name",
            "job",
            "task",
            "run",
            "session",
            "event",
            "index",
            "bucket",
            "path",
            "file",
            "generation",
        ),
        *(
            "resourceversion",
            "fingerprint",
            "thumbprint",
            "serial",
            "nonce",
            "cache",
            "lease",
            "volume",
            "pvc",
            "snapshot",
        ),
        *(
            "vpc",
            "subnet",
            "eni",
            "object",
            "replicaset",
            "deployment",
            "daemonset",
            "from",
            "branch",
            "git",
            "at",
            "class",
        ),
        *("package", "module", "function", "method", "docker", "https", "http"),
    ]
)
# A name with a sign was judged, but these say that a value of any name follows.
_SPEAKERS = frozenset(
    [
        *("token", "key", "secret", "password", "passwd", "pwd", "credential", "credentials", "auth", "value", "got"),
        *(
            "received",
            "used",
            "with",
            "is",
            "was",
            "error",
            "err",
            "msg",
            "message",
            "log",
            "reason",
            "rejected",
            "denied",
        ),
        *("invalid", "tokens", "keys", "secrets", "passwords"),
    ]
)
_SECRET_WORDS = frozenset(["token", "key", "secret", "password", "credential", "credentials"])
# An object of that name was looked for.
_ABSENT = re.compile(r"[\"'`]? (?:is |was |does |could )?not (?:found|exist|be found)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ANY_HEX, _SHORTEST_HEX = re.compile(r"[0-9a-fA-F]+"), 24
_HEX = re.compile(r"[0-9a-f]{24,}|[0-9A-F]{24,}")
# A reference to an object (``pr-8f3a2c/HorizontalPodAutoscaler/web``): names in small letters round a kind in capitals.
_REFERENCE = re.compile(r"(?:[a-z0-9][a-z0-9-]*/){0,4}(?:[A-Z]{1,4}[a-z]{2,})+(?:/[a-z0-9][a-z0-9-]*)*")
_OBJECT = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+|[\w.-]*/[\w./-]*|[A-Za-z_]+(?:[._/-][A-Za-z_]+)*[0-9]{0,2}")


class _Before(NamedTuple):
    """What stands before a value: the last part of the word, in small letters, and whether a sign joins them."""

    word: str
    is_joined: bool
    is_simple: bool


def _before(text: str, start: int) -> _Before:
    head = text[max(start - 40, 0) : start].rstrip(" \t\r\n\"'`(\\")
    is_joined = head.endswith((":", "=", "#", "/", "@"))
    if is_joined:
        head = head[:-1].rstrip(" \t\"'`]\\")
    whole = _last_word(head)
    if whole.isdigit() and len(whole) <= 2 and head[: -len(whole)].endswith(" "):  # `Unseal Key 1: x`
        whole = _last_word(head[: -len(whole) - 1])
    parts = _PARTS.findall(whole)
    word = next((part.lower() for part in reversed(parts) if not part.isdigit()), "")
    return _Before(word, is_joined, len(parts) <= 1)


def _last_word(head: str) -> str:
    at = len(head)
    while at and (head[at - 1].isalnum() or head[at - 1] in "_.-"):
        at -= 1
    return head[at:]


def told_secrets(scan: SearchedText, places: Iterable[tuple[int, int]]) -> Iterator[SecretSpan]:
    """Yield what looks generated on the line of a word that speaks of a secret, near it."""
    text, done = scan.text, 0
    for start, end in places:
        first = max(start - _BEFORE, done)
        if first < start:
            first = max(first, text.rfind("\n", first, start) + 1)
        stop = text.find("\n", end, end + _BEHIND)
        if stop < 0:
            stop = end + _BEHIND
        if stop <= done:
            continue  # all of it was looked at for the word before
        for token in _TOKEN.finditer(text, first, stop + _LONGEST_TOKEN):
            if token.start() >= stop:
                break
            if token.end() <= start or token.start() >= end:
                yield from _told(text, *token.span())
            done = max(done, token.end())
        done = max(done, stop)


def _told(text: str, start: int, end: int) -> Iterator[SecretSpan]:
    while end > start and text[end - 1] in ".:%":
        end -= 1
    if _ABSENT.match(text, end) or not _is_told(text, start, text[start:end]):
        return
    pieces = further_lines(text, end)
    yield SecretSpan(start, end, "token", not pieces)
    for piece in pieces:
        yield SecretSpan(*piece, "token", False)


def _is_told(text: str, start: int, value: str) -> bool:
    if is_marker(text, start - 10) or is_harmless(value):
        return False
    if _UUID.fullmatch(value):
        before = _before(text, start)
        word = before.word if before.word not in ("is", "was", "of") else _spoken_of(text, start)
        return word in _SECRET_WORDS and (before.is_simple or not before.is_joined)
    if _OBJECT.fullmatch(value) and not _is_mixed(value):
        return False
    if not (
        looks_random(value) or is_one_case(value) or _HEX.fullmatch(value) or _is_signed(value) or _is_mixed(value)
    ):
        return False
    if _PUBLIC.match(value) or (len(value) < _SHORTEST_HEX and _ANY_HEX.fullmatch(value)):
        return False  # an id, or there for everybody
    before = _before(text, start)
    return before.word not in _OWNERS and (not before.is_joined or before.word in _SPEAKERS)


_SPOKEN_OF = re.compile(r"([a-z]+) (?:is|was|of):?\s+[\"'`(]?$", re.IGNORECASE)


def _spoken_of(text: str, start: int) -> str:
    """Return the word that a sentence is about: ``the token is x``."""
    found = _SPOKEN_OF.search(text, max(start - 40, 0), start)
    return found.group(1).lower() if found else ""


def _is_mixed(value: str) -> bool:
    """Letters alone, of both cases, that turn too often for words that are written together."""
    return len(value) >= 20 and value.isalpha() and turns(value) >= 0.42 and entropy(value) >= 3.6


def _is_signed(value: str) -> bool:
    """Parts with signs between them, of which one looks generated: ``abc_live_8s7dh2...``, ``a.b8f7...``."""
    parts = re.split(r"[-_.~%/]", value)
    return any(len(part) >= 12 and (is_one_case(part) or looks_random(part)) for part in parts) or (
        len(value) >= 20
        and turns(value) >= 0.45
        and entropy(value) >= 3.3
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
    )


def bare_secrets(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield what looks generated by itself: long, of small letters, capitals and digits, and not named as
    something else.
    """
    text = scan.text
    for start, end in scan.hits(_RUNS):
        if not 20 <= end - start <= _LONGEST_BARE:
            continue
        value = text[start:end]
        if _PUBLIC.match(value) or _is_line_of_blob(text, start, end) or reads_as_text(value):
            continue
        if not _is_random(value) or is_marker(text, start - 10):
            continue
        before = _before(text, start)
        if before.word in _OWNERS or before.is_joined or text[start - 1 : start] in ("/", "%", "@", "|"):
            continue
        start, end = _whole_word(text, start, end)
        pieces = further_lines(text, end)
        yield SecretSpan(start, end, "token", not pieces)
        yield from (SecretSpan(*piece, "token", False) for piece in pieces)


_WORD_BEFORE = re.compile(r"(?:[A-Za-z0-9+/_~!$-]{1,64}[.!~$]){1,4}\Z")
_WORD_BEHIND = re.compile(r"(?:[.!~$%][A-Za-z0-9+/_~!$%-]{1,512}){0,8}={0,2}")


def _whole_word(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the word begins and ends of which a run is a part: ``a.b.c`` is one token."""
    before = _WORD_BEFORE.search(text, max(start - 200, 0), start)
    behind = _WORD_BEHIND.match(text, end)
    return before.start() if before else start, behind.end() if behind else end


def _is_line_of_blob(text: str, start: int, end: int) -> bool:
    """Return whether a run fills a line of 64 or 76 characters by itself: a part of something long that was encoded."""
    return (
        end - start in (64, 76)
        and text[start - 1 : start] in ("", "\n", " ")
        and text[end : end + 1] in ("", "\n", "\r")
    )


def _is_random(value: str) -> bool:
    if "/" in value and (value.count("/") > len(value) / 16 or _REFERENCE.fullmatch(value)):
        return False
    return any(map(str.isdigit, value)) and looks_random(value) and turns(value) >= 0.42 and entropy(value) >= 3.7
