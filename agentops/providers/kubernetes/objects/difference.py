"""Two objects compared as JSON values: the edits that people see, the patch that is sent, the changes that undo it.

Comes in: an object before and after. Goes out: ``Edit``s with typed values; JSON Patch operations with a ``test`` of
every old value; field changes that ``kubernetes_patch`` takes. List items are told apart by their natural key. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from agentops.core.plan import Edit
from agentops.providers.kubernetes.objects.field_paths import ABSENT, FieldPath, escape, natural_key, show

_BY_KEY = (("metadata", "labels"), ("metadata", "annotations"))
"""Maps that are never written whole: others write keys of theirs into them, and some keys are not shown to us."""


class _Manner(Enum):
    """How values are compared: for people, field by field, for an undo, or for an undo that takes no chances."""

    READABLE = 1
    EXACT = 2
    WHOLE_LISTS = 3
    LEAVES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place that differs; ``ABSENT`` where there is nothing."""

    path: FieldPath
    old: Any
    new: Any


def edits(before: Any, after: Any) -> tuple[Edit, ...]:
    """Return the fields that differ, for people: a list item that came or went is one edit, whatever its place."""
    return tuple(
        Edit(path=show(one.path), old=_value(one.old), new=_value(one.new))
        for one in _walk(before, after, (), _Manner.READABLE)
    )


def leaf_edits(before: Any, after: Any) -> tuple[Edit, ...]:
    """Return the fields that differ as ``edits``, but of what came or went every field below it, not the whole."""
    return tuple(
        Edit(path=show(one.path), old=_value(one.old), new=_value(one.new))
        for one in _walk(before, after, (), _Manner.LEAVES)
    )


def changes(before: Any, after: Any, *, whole_lists: bool = False) -> list[dict[str, Any]]:
    """Return ``{path, old, new}`` for ``kubernetes_patch``, which make exactly ``after`` of ``before``; None is absent.

    A list whose order is touched is replaced as a whole, so that the order comes out right as well; with
    ``whole_lists`` every list is.
    """
    how = _Manner.WHOLE_LISTS if whole_lists else _Manner.EXACT
    return [
        {"path": show(one.path), "old": _value(one.old), "new": _value(one.new)}
        for one in _walk(before, after, (), how)
    ]


def _value(value: Any) -> Any:
    return None if value is ABSENT else value


def _walk(old: Any, new: Any, path: FieldPath, how: _Manner) -> Iterator[Difference]:
    if path in _BY_KEY:
        old, new = ({} if one is ABSENT else one for one in (old, new))
    if how is _Manner.LEAVES:
        old, new = _opened(old, new), _opened(new, old)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _walk(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key), how)
    elif isinstance(old, list) and isinstance(new, list) and not same(old, new):
        yield from _list(old, new, path, how)
    elif not same(old, new):
        yield Difference(path=path, old=old, new=new)


def _opened(value: Any, other: Any) -> Any:
    """Return what is compared with ``other`` where there is nothing: an empty one of it, when it has fields to name."""
    if value is not ABSENT or not other:
        return value
    if isinstance(other, Mapping):
        return {}
    return [] if isinstance(other, list) and natural_key(other) else value


def same(old: Any, new: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1, at any depth."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(same(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same, old, new))
    return isinstance(old, bool) is isinstance(new, bool) and bool(old == new)


def _list(old: list[Any], new: list[Any], path: FieldPath, how: _Manner) -> Iterator[Difference]:
    key = natural_key(old, new)
    readable = how in (_Manner.READABLE, _Manner.LEAVES)
    if key is None or not (readable or (how is _Manner.EXACT and _by_item(old, new, key))):
        yield Difference(path=path, old=old, new=new)
        return
    before = {str(item[key]): item for item in old}
    after = {str(item[key]): item for item in new}
    found = [
        one
        for name in [*before, *(name for name in after if name not in before)]
        for one in _walk(before.get(name, ABSENT), after.get(name, ABSENT), (*path, name), how)
    ]
    yield from found or [Difference(path=path, old=old, new=new)]


def _by_item(old: Sequence[Any], new: Sequence[Any], key: str) -> bool:
    """Return whether item by item, each found by ``key`` while others come and go, leads from ``old`` to ``new``."""
    return natural_key(old) == natural_key(new) == key and _keeps_order(old, new, key)


def _keeps_order(old: Sequence[Any], new: Sequence[Any], key: str) -> bool:
    """Return whether removing items and then appending others makes ``new`` of ``old``, and neither list is empty."""
    had, has = ([str(item[key]) for item in items] for items in (old, new))
    kept = [name for name in had if name in has]
    return bool(kept) and has == [*kept, *(name for name in has if name not in had)]


def operations(before: Any, after: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the RFC 6902 operations that make ``after`` of ``before``: the tests of the old values, then the writes.

    All tests hold on ``before``; they are to be sent first.
    """
    tests: list[dict[str, Any]] = []
    writes: list[dict[str, Any]] = []
    _patch(before, after, "", tests, writes)
    return tests, writes


def _patch(old: Any, new: Any, at: str, tests: list[dict[str, Any]], writes: list[dict[str, Any]]) -> None:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{at}/{escape(key)}"
            if key not in new:
                tests.append({"op": "test", "path": place, "value": old[key]})
                writes.append({"op": "remove", "path": place})
            elif key not in old:
                writes.append({"op": "add", "path": place, "value": new[key]})
            else:
                _patch(old[key], new[key], place, tests, writes)
    elif isinstance(old, list) and isinstance(new, list) and not same(old, new):
        _patch_list(old, new, at, tests, writes)
    elif not same(old, new):
        tests.append({"op": "test", "path": at, "value": old})
        writes.append({"op": "replace", "path": at, "value": new})


def _patch_list(
    old: list[Any], new: list[Any], at: str, tests: list[dict[str, Any]], writes: list[dict[str, Any]]
) -> None:
    key = natural_key(old, new)
    if key is None or not _keeps_order(old, new, key):
        tests.append({"op": "test", "path": at, "value": old})
        writes.append({"op": "replace", "path": at, "value": new})
        return
    after = {str(item[key]): item for item in new}
    had = {str(item[key]) for item in old}
    for place, item in enumerate(old):
        name = str(item[key])
        if name in after and not same(item, after[name]):
            tests.append({"op": "test", "path": f"{at}/{place}/{escape(key)}", "value": item[key]})
            _patch(item, after[name], f"{at}/{place}", tests, writes)
    # From the last to the first, so that the places of those still to go stay what they are.
    for place, item in reversed(list(enumerate(old))):
        if str(item[key]) not in after:
            tests.append({"op": "test", "path": f"{at}/{place}", "value": item})
            writes.append({"op": "remove", "path": f"{at}/{place}"})
    writes += [{"op": "add", "path": f"{at}/-", "value": item} for name, item in after.items() if name not in had]
