"""Finds where a value stands in a JSON text that a person wrote, so that an error can point at its line.

Comes in: a text that has been read as JSON, and the keys and indexes that lead to a value. Goes out: the offset of that
value, or of the last one on the way that is there. Pure; it never judges the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def offset_of(text: str, path: Sequence[str | int]) -> int:
    """Return the offset of the value that ``path`` leads to; of what is nearest to it where a step is missing."""
    at = _skip(text, 0)
    for step in path:
        found = _child(text, at, step)
        if found < 0:
            return at
        at = found
    return at


def _child(text: str, at: int, step: str | int) -> int:
    """Return the offset of the child of the object or list at ``at``; -1 where there is none."""
    opened = text[at : at + 1]
    if opened not in ("{", "[") or (opened == "{") != isinstance(step, str):
        return -1
    decoder, index = json.JSONDecoder(), 0
    at = _skip(text, at + 1)
    while at < len(text) and text[at] not in "}]":
        key: str | int = index
        if opened == "{":
            written = _STRING.match(text, at)
            if written is None:
                return -1
            key = json.loads(written.group(), strict=False)
            at = _skip(text, _skip(text, written.end()) + 1)
        if key == step:
            return at
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
        index += 1
    return -1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
