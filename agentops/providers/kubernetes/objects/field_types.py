"""Which type each field of a built-in kind has, and what becomes of an object whose fields have others.

Comes in: objects as a server sends them. Goes out: the same objects when all fits, and otherwise copies without what
does not fit, each part that was left out named as a ``Flaw``. A kind that is not built in is held to its metadata
alone: its own server knows the rest. A missing field and a null always fit. Nothing here knows what a field means.
The table is ``field_types.json``; ``scripts/build_field_types.py`` makes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.paths import check_part

_FILE = Path(__file__).with_name("field_types.json")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}")
_WORDS = {"s": "a text", "i": "a whole number", "n": "a number", "b": "true or false", "q": "a text or a number"}
_MOST = 1 << 63
_PATH_CHARS = 120
_DROP = object()


@dataclass(frozen=True, slots=True)
class Flaw:
    """One part of an answer that was left out: of which object, which field of it (empty: all of it), and why."""

    where: str
    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} {self.field}: {self.why}" if self.field else f"{self.where}: {self.why}"


class _TypeTable(NamedTuple):
    kinds: Mapping[str, str]
    types: Mapping[str, Mapping[str, str]]


@cache
def _table() -> _TypeTable:
    document = json.loads(_FILE.read_bytes())
    return _TypeTable(document["kinds"], document["types"])


def type_of(kind: str) -> str:
    """Return the type of a kind's objects as the table writes it; of what is not built in, that of its metadata."""
    known = _table().kinds.get(kind)
    return f"@{known}" if known else "@"


def field_type(kind_type: str, field: str) -> str:
    """Return the type of a field of an object type; ``*`` where nothing is known of it."""
    return _fields(kind_type).get(field, "*")


def _fields(word: str) -> Mapping[str, str]:
    return _table().types[word[1:]] if len(word) > 1 else {"metadata": "@ObjectMeta"}


@cache
def checker_of(word: str) -> Any:
    """Return the msgspec type that accepts exactly what fits ``word``."""
    mark = word[0]
    if mark == "[":
        return _list_of(checker_of(word[1:]))
    if mark == "{":
        return _map_of(checker_of(word[1:]))
    if mark != "@":
        return {"s": str, "i": int, "n": float, "b": bool, "q": str | int | float, "*": Any}[mark]
    from msgspec import defstruct

    known = [(field, kind) for field, kind in _fields(word).items() if kind != "*"]
    # Fields such as `continue` are no names of Python's, so each has a number and its own name beside it.
    fields = [(f"f{number}", checker_of(kind) | None, None) for number, (_, kind) in enumerate(known)]
    return defstruct("Checked", fields, rename={f"f{n}": field for n, (field, _) in enumerate(known)}, gc=False)


def _list_of(item: Any) -> Any:
    return list[item]


def _map_of(item: Any) -> Any:
    return dict[str, item | None]


def fits(value: Any, word: str) -> bool:
    """Return whether a decoded value has the types that ``word`` says, to the last field."""
    import msgspec

    try:
        msgspec.convert(value, checker_of(word))
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def mended(value: Any, word: str, where: str, field: str = "") -> tuple[Any, list[Flaw]]:
    """Return a copy of ``value`` without what does not fit ``word``, and what was left out.

    Arguments:
        where: the object, for the flaws.
        field: where in the object ``value`` stands.
    """
    flaws: list[Flaw] = []
    found = _mended(value, word, field, lambda path, why: flaws.append(Flaw(where, path, why)))
    return (None if found is _DROP else found), flaws


def _mended(value: Any, word: str, path: str, tell: Any) -> Any:
    mark, inner = word[0], word[1:]
    if value is None or mark == "*":
        return value
    if mark == "@":
        fields = _fields(word)
        return _each(value, lambda key: fields.get(key, "*"), path, tell, "an object")
    if mark == "{":
        return _each(value, lambda _key: inner, path, tell, "a map")
    if mark == "[":
        if not isinstance(value, list):
            return _dropped(value, "a list", path, tell)
        items = [
            _dropped(one, "an entry", f"{path}[{n}]", tell)
            if one is None
            else _mended(one, inner, f"{path}[{n}]", tell)
            for n, one in enumerate(value)
        ]
        return [one for one in items if one is not _DROP]
    return value if _is_scalar(value, mark) else _dropped(value, _WORDS[mark], path, tell)


def _each(value: Any, type_of_key: Any, path: str, tell: Any, wanted: str) -> Any:
    if not isinstance(value, dict):
        return _dropped(value, wanted, path, tell)
    found = {key: _mended(one, type_of_key(key), f"{path}.{key}" if path else key, tell) for key, one in value.items()}
    return {key: one for key, one in found.items() if one is not _DROP}


def _is_scalar(value: Any, mark: str) -> bool:
    if isinstance(value, bool):
        return mark == "b"
    if isinstance(value, int):
        return mark in "inq" and -_MOST <= value < _MOST
    return isinstance(value, {"s": str, "n": float, "q": str | float}.get(mark, ()))


def _dropped(value: Any, wanted: str, path: str, tell: Any) -> Any:
    tell(one_line(path, _PATH_CHARS), f"{_said(value)} and not {wanted}")
    return _DROP


def _said(value: Any) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object", type(None): "empty"}
    return kinds.get(type(value), "a number")


def is_plain_name(name: Any) -> bool:
    """Return whether a name is one as nearly all are: letters, digits, and what joins them."""
    return type(name) is str and _PLAIN_NAME.fullmatch(name) is not None


def is_possible_name(name: Any) -> bool:
    """Return whether a name can stand in an API path, and hides nothing from who reads it."""
    if not isinstance(name, str):
        return False
    if is_plain_name(name):
        return True
    try:
        check_part(name, "name")
    except ToolInputError:
        return False
    return True


def identity_flaw(item: Any, kind: str, namespaced: bool, namespace: str) -> Flaw | None:
    """Return why an entry of a list cannot be taken for an object of it, or None.

    Arguments:
        namespace: of the list; empty when it is of all namespaces or the kind has none.
    """
    if not isinstance(item, dict):
        return Flaw(f"an entry of {kind}", "", f"{_said(item)} and not an object")
    metadata = item.get("metadata")
    if not isinstance(metadata, dict):
        return Flaw(f"an entry of {kind}", "metadata", f"{_said(metadata)} and not an object")
    name, home = metadata.get("name"), metadata.get("namespace")
    if not is_possible_name(name):
        said = one_line(repr(name), 60) if isinstance(name, str) else _said(name)
        return Flaw(f"an entry of {kind}", "metadata.name", f"{said} cannot be a name")
    where = f"{kind} {name}"
    if namespaced and not is_possible_name(home):
        said = one_line(repr(home), 60) if isinstance(home, str) else _said(home)
        return Flaw(where, "metadata.namespace", f"{said} cannot be a namespace")
    if namespaced and namespace and home != namespace:
        return Flaw(where, "metadata.namespace", f"{one_line(str(home), 60)} was not asked for")
    return None


def label_of(item: Mapping[str, Any], kind: str) -> str:
    """Return how a flaw names an object whose identity is in order: ``Pod shop/web-1``."""
    metadata = item["metadata"]
    home = metadata.get("namespace")
    return f"{kind} {home}/{metadata['name']}" if home else f"{kind} {metadata['name']}"
