"""Secrets in base64: a text that was encoded whole, with names and values in it.

Comes in: a text. Goes out: where runs stand whose decoded text holds a secret.
A private key in base64 is recognised by its first line; certificates are public and stay.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from agentops.core.fast_search import FastSearch
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan, is_marker

_RUNS = FastSearch(r"[A-Za-z0-9+/_\-]*[A-Z][a-z0-9+/_\-]*[A-Z][A-Za-z0-9+/_\-]*=?=?")
_LEAST, _MOST = 20, 200_000
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e]+")
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


def encoded_secrets(scan: SearchedText, holds_secret: Callable[[str], bool]) -> Iterator[SecretSpan]:
    """Yield the runs of base64 in which ``holds_secret`` finds one once they are decoded."""
    text = scan.text
    for start, end in scan.hits(_RUNS):
        if not _LEAST <= end - start <= _MOST or is_marker(text, start - 10):
            continue
        decoded = _decoded(scan.data[start:end])
        if decoded and holds_secret(decoded):
            yield SecretSpan(start, end, "encoded", False)


def reads_as_text(value: str) -> bool:
    """Return whether a run is base64 of plain text."""
    return bool(_decoded(value.encode("ascii")))


def _decoded(run: bytes) -> str:
    """Return the text that a run encodes, empty when it is none."""
    head = _raw(run[:32])
    if head is None or not _PRINTABLE.fullmatch(head[:20]) or head.startswith(_CERTIFICATE[:20]):
        return ""
    whole = _raw(run)
    return whole.decode("ascii") if whole and _PRINTABLE.fullmatch(whole) else ""


def _raw(run: bytes) -> bytes | None:
    run = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    run = run[: len(run) - 1] if len(run) % 4 == 1 else run
    try:
        return base64.b64decode(run + b"=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return None
