"""What changed between two plain objects, field by field.

Comes in: two JSON values. Goes out: (path, old, new) triples with a path that a person can read. Lists are compared by
``name`` (or another natural key) where their items have one, so inserting an environment variable is one change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.text import one_line

_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
_VALUE_LIMIT = 200
_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs; None stands for absent."""

    path: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.path}: added {self.new}"
        if self.new is None:
            return f"{self.path}: removed (was {self.old})"
        return f"{self.path}: {self.old} -> {self.new}"


def field_changes(old: Any, new: Any, path: str = "") -> tuple[FieldChange, ...]:
    """Return the leaves that differ, in the order of the new object, removed ones last in each place."""
    return tuple(_changes(old, new, path))


def _changes(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    if old is _ABSENT or new is _ABSENT:
        yield FieldChange(path=path, old=_shown(old), new=_shown(new))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*new, *(key for key in old if key not in new)]:
            step = f"{path}.{key}" if path else str(key)
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), step)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    elif old != new:
        yield FieldChange(path=path, old=_shown(old), new=_shown(new))


def _list_changes(old: list[Any], new: list[Any], path: str) -> Iterator[FieldChange]:
    key = _natural_key(old, new)
    if key is None:
        if old != new:
            yield FieldChange(path=path, old=_shown(old), new=_shown(new))
        return
    before = {str(item[key]): item for item in old}
    after = {str(item[key]): item for item in new}
    for name in [*after, *(name for name in before if name not in after)]:
        yield from _changes(before.get(name, _ABSENT), after.get(name, _ABSENT), f"{path}[{name}]")


def _natural_key(old: Sequence[Any], new: Sequence[Any]) -> str | None:
    """Return the key that every item has and that tells the items of each list apart; None when there is none."""
    for key in _KEYS:
        if all(isinstance(item, Mapping) and key in item for item in (*old, *new)) and all(
            len({str(item[key]) for item in items}) == len(items) for items in (old, new)
        ):
            return key
    return None


def _shown(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return one_line(text, _VALUE_LIMIT) if text else '""'
