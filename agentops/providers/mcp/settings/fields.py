"""Reads fields of a JSON object that a person wrote: each with its type, and with the path of what is wrong.

Comes in: decoded JSON. Goes out: typed values, or a ``SettingFault`` whose path the caller turns into a line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from agentops.core.suggestions import closest
from agentops.core.text import is_plain, one_line

E = TypeVar("E", bound=StrEnum)
Steps = tuple[str | int, ...]
_TEXT_CHARS = 16_384
_ITEMS = 500


class SettingFault(Exception):
    """What is wrong with a setting: one sentence part, and the keys and indexes that lead to it.

    ``quotable``: the line may be shown; it holds no secret.
    """

    def __init__(self, path: Steps, what: str, hint: str = "", *, quotable: bool = True) -> None:
        self.path = path
        self.what = what
        self.hint = hint
        self.quotable = quotable
        super().__init__(f"{'.'.join(map(str, path))}: {what}")


def object_at(value: Any, path: Steps) -> Mapping[str, Any]:
    """Return an object.

    Raises:
        SettingFault: it is none, or holds more than anybody writes.
    """
    if not isinstance(value, dict):
        raise SettingFault(path, "it is no object: { ... }")
    if len(value) > _ITEMS:
        raise SettingFault(path, f"it has more than {_ITEMS} entries")
    return value


def require_known(found: Mapping[str, Any], known: Collection[str], path: Steps) -> None:
    """Raise where an object has a key that means nothing: what was meant would not hold.

    Raises:
        SettingFault: it has one; the hint names the nearest that there is.
    """
    for name in found:
        if name not in known:
            near = closest(name, known)
            hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(known))}"
            raise SettingFault((*path, name), "no setting is called so", hint)


def text_at(value: Any, path: Steps) -> str:
    """Return a text of one line, without control or hidden characters.

    Raises:
        SettingFault: it is none, or too long.
    """
    if not isinstance(value, str):
        raise SettingFault(path, "it is no text")
    if len(value) > _TEXT_CHARS:
        raise SettingFault(path, f"it is longer than {_TEXT_CHARS:,} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SettingFault(path, "it holds half a character") from error
    # A NUL ends an argument, a line break begins another header, and what is drawn as nothing deceives who looks.
    if not all(is_plain(character) and character not in "\n\t" for character in value):
        raise SettingFault(path, "it holds control or hidden characters")
    return value


def texts_at(value: Any, path: Steps) -> tuple[str, ...]:
    """Return a list of texts.

    Raises:
        SettingFault: it is none, or too long.
    """
    if not isinstance(value, list):
        raise SettingFault(path, "it is no list: [ ... ]")
    if len(value) > _ITEMS:
        raise SettingFault(path, f"it has more than {_ITEMS} entries")
    return tuple(text_at(item, (*path, index)) for index, item in enumerate(value))


def flag_at(value: Any, path: Steps) -> bool:
    """Return true or false.

    Raises:
        SettingFault: it is neither.
    """
    if not isinstance(value, bool):
        raise SettingFault(path, "it is neither true nor false")
    return value


def number_at(value: Any, path: Steps, least: float, most: float) -> float:
    """Return a number within its bounds.

    Raises:
        SettingFault: it is none, or beyond them.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingFault(path, "it is no number")
    if not least <= value <= most:
        raise SettingFault(path, f"it is not between {least:g} and {most:g}")
    return value


def choice_at(value: Any, path: Steps, kind: type[E]) -> E:
    """Return a member of an enumeration by its value.

    Raises:
        SettingFault: it is none.
    """
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(one.value for one in kind)
        raise SettingFault(path, f"{one_line(str(value), 40)} is none of: {known}") from error
