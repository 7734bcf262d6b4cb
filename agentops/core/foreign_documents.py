"""Reads JSON and TOML that somebody else wrote: with limits, and with one meaning.

Comes in: text. Goes out: plain values, or a ``ValueError`` of one line that says what is wrong. The grammar of JSON
allows more than a program can rest on (RFC 8259, sections 4, 6 and 9): any depth, numbers of any size, a name twice.
What decides something (a plan, an approval, a proof) takes none of it; what is only looked at (an alert) keeps an odd
number as the text that it is.

Must never: raise anything else, recurse with the depth of the text, or give a number that is not finite.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from typing import Any, NoReturn

MOST_DEPTH = 100
"""Levels of nesting; no document of ours, of Kubernetes or of an alert's sender comes near."""
_INT_DIGITS = 19
_INT_MOST = 2**64
_TOO_DEEP = "it is nested deeper than {} levels"


class OddNumber(ValueError):
    """A number that is not finite, or an integer of more than 64 bits."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:24]}{'...' if len(text) > 24 else ''} is no number that can be used")


def read_json(
    text: str | bytes, *, odd_numbers_as_text: bool = False, unique_names: bool = True, most_depth: int = MOST_DEPTH
) -> Any:
    """Return the one JSON value that ``text`` is.

    Arguments:
        odd_numbers_as_text: keep ``NaN``, ``1e999`` and integers beyond 64 bits as text instead of refusing them.
        unique_names: refuse an object that has a name twice; of two values a reader may take either.
        most_depth: levels of nesting.

    Raises:
        ValueError: it is none, or one that cannot be used; ``json.JSONDecodeError`` where the grammar says so.
    """
    try:
        found = json.loads(text, **_hooks(odd_numbers_as_text, unique_names))
    except RecursionError as error:
        raise ValueError(_TOO_DEEP.format(most_depth)) from error
    require_depth(found, most_depth)
    return found


def json_decoder(*, odd_numbers_as_text: bool = False, unique_names: bool = False) -> json.JSONDecoder:
    """Return a decoder of the same rules, for text that holds several values; depth is for the caller to require."""
    return json.JSONDecoder(**_hooks(odd_numbers_as_text, unique_names))


def read_toml(text: str, *, most_depth: int = 32) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises:
        ValueError: it is none, or one that cannot be used; ``tomllib.TOMLDecodeError`` where the grammar says so.
    """
    try:
        found = tomllib.loads(text, parse_float=finite)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP.format(most_depth)) from error
    require_depth(found, most_depth)
    _require_small_integers(found)
    return found


def require_depth(value: Any, most: int) -> None:
    """Raise unless a value is nested at most so deep; a list in a list is two levels.

    Raises:
        ValueError: it is nested deeper.
    """
    level = [value]
    for _ in range(most + 1):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP.format(most))


def integer_of(text: str) -> int:
    """Return the integer that a decimal text is.

    Raises:
        OddNumber: it has more than 64 bits: no sender that we know counts so far, and what computes with it fails.
    """
    # The length first: the time to convert grows with its square.
    if len(text) > _INT_DIGITS + 2 or not -_INT_MOST < (found := int(text)) < _INT_MOST:
        raise OddNumber(text)
    return found


def finite(text: str) -> float:
    """Return the finite number that a text is.

    Raises:
        OddNumber: it is none: ``1e999`` is read as infinite.
    """
    found = float(text)
    if not math.isfinite(found):
        raise OddNumber(text)
    return found


def _hooks(odd_numbers_as_text: bool, unique_names: bool) -> dict[str, Any]:
    hooks: dict[str, Any] = {"parse_int": integer_of, "parse_float": finite, "parse_constant": _refuse}
    if odd_numbers_as_text:
        hooks = {"parse_int": _or_text(integer_of), "parse_float": _or_text(finite), "parse_constant": str}
    if unique_names:
        hooks["object_pairs_hook"] = _once
    return hooks


def _or_text(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def converted(text: str) -> Any:
        try:
            return convert(text)
        except OddNumber:
            return text

    return converted


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _require_small_integers(value: Any) -> None:
    """Raise where an integer has more than 64 bits: TOML's parser has no hook for integers."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, int) and not -_INT_MOST < item < _INT_MOST:
            raise OddNumber(f"an integer of {item.bit_length()} bits")
