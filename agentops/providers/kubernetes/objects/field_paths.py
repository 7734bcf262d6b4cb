"""Typed paths to one field: ``spec.template.spec.containers[app].image``, ``data[app.conf]``, ``spec.rules[0].host``.

Comes in: a path as text, and an object. Goes out: the value there, or a new object with it set or removed. A step in
brackets is a map key, or the natural key of a list's item (its name, for most); a position only where the items have
none. A key that holds ``]`` or begins with a quote is written as a JSON string. Nothing is ever evaluated, and an
object that comes in is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from agentops.core.errors import ToolInputError
from agentops.core.text import is_plain, one_line

FieldPath: TypeAlias = tuple[str, ...]

NATURAL_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
NAMING_KEYS = (*NATURAL_KEYS, "port", "type", "host", "ip", "uid")
"""What an item of a list may be called by: what tells it apart in most lists, then what does so in some."""
_MAX_LENGTH = 1_000
_MAX_STEPS = 40


class _AbsentField:
    """What stands where there is nothing; not None, which JSON has."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _AbsentField()


def parse(text: str) -> FieldPath:
    """Return the steps of a path.

    Raises:
        ToolInputError: it is not a path; the message says from where on.
    """
    if len(text) > _MAX_LENGTH or not all(map(is_plain, text)) or "\n" in text:
        raise _no_path(text, "it is too long or holds an invisible character")
    steps: list[str] = []
    rest = text
    while rest:
        if rest.startswith("["):
            step, rest = _bracketed(text, rest)
        else:
            step, rest = _named(text, rest, first=not steps)
        steps.append(step)
    if not steps or len(steps) > _MAX_STEPS:
        raise _no_path(text, "it has no steps" if not steps else "it has too many steps")
    return tuple(steps)


def _named(text: str, rest: str, *, first: bool) -> tuple[str, str]:
    if not first:
        if not rest.startswith("."):
            raise _no_path(text, f"a dot is missing before {rest[:20]!r}")
        rest = rest[1:]
    end = min((at for at in (rest.find("."), rest.find("[")) if at >= 0), default=len(rest))
    step = rest[:end]
    if not step or "]" in step or '"' in step:
        raise _no_path(text, f"there is no field name at {rest[:20]!r}")
    return step, rest[end:]


def _bracketed(text: str, rest: str) -> tuple[str, str]:
    if rest.startswith('["'):
        try:
            key, end = json.JSONDecoder().raw_decode(rest, 1)
        except ValueError as error:
            raise _no_path(text, f"the quote is not closed at {rest[:20]!r}") from error
    else:
        end = rest.find("]")
        key = rest[1:end] if end > 0 else ""
    if not key or not isinstance(key, str) or rest[end : end + 1] != "]":
        raise _no_path(text, f"the bracket is empty or not closed at {rest[:20]!r}")
    return key, rest[end + 1 :]


def _no_path(text: str, why: str) -> ToolInputError:
    return ToolInputError(
        f"{one_line(text, 80)!r} is not a path: {one_line(why, 80)}",
        hint="Write it like spec.template.spec.containers[app].image, or data[key] for keys with dots.",
    )


def show(path: FieldPath) -> str:
    """Return the text of a path; ``parse`` reads it back to the same steps."""
    text = ""
    for position, step in enumerate(path):
        plain = step.replace("-", "").replace("_", "").isalnum() and not step.isdigit() and step.isascii()
        if plain and not (position and _is_key(path, position)):
            text += f".{step}" if position else step
        elif "]" in step or step.startswith('"') or not step.isprintable():
            text += f"[{json.dumps(step)}]"
        else:
            text += f"[{step}]"
    return text


def _is_key(path: FieldPath, position: int) -> bool:
    """Return whether a step names a key of a map that people fill, or an item of a list, and no field of the API."""
    return path[position - 1] in _KEYED


_KEYED = frozenset(
    {"data", "binaryData", "labels", "annotations", "matchLabels", "nodeSelector"}
    | {"containers", "initContainers", "ephemeralContainers", "env", "volumes", "volumeMounts", "ports"}
)


def natural_key(*lists: Sequence[Any]) -> str | None:
    """Return the key that every item has and that tells the items of each list apart; None when there is none."""
    if not any(lists):
        return None
    for key in NATURAL_KEYS:
        if all(
            isinstance(item, Mapping) and isinstance(item.get(key), str | int) for one in lists for item in one
        ) and all(len({str(item[key]) for item in one}) == len(one) for one in lists):
            return key
    return None


def position_of(items: Sequence[Any], step: str) -> int | None:
    """Return where the item that ``step`` names stands: by natural key, else by position; None when nowhere."""
    key = natural_key(items)
    if key is not None:
        return next((at for at, item in enumerate(items) if str(item[key]) == step), None)
    return int(step) if step.isdigit() and int(step) < len(items) else None


def named(value: Any, path: FieldPath) -> FieldPath:
    """Return ``path`` with each list item by its natural key, where it was called by something else that fits it alone.

    ``volumeClaimTemplates[data]`` is the claim whose metadata says so, ``ports[80]`` the port of that number whatever
    its name is, ``rules[shop.example]`` the rule of that host. An item that is found as it was written stays as it is.

    Raises:
        ToolInputError: several items answer to that name.
    """
    steps: list[str] = []
    for step in path:
        if isinstance(value, list) and position_of(value, step) is None:
            fitting = [at for at, item in enumerate(value) if step in names_of(item)]
            if len(fitting) > 1:
                raise ToolInputError(
                    f"{show(path)}: {len(fitting)} items of the list are {one_line(step, 60)!r}",
                    hint=f"It has: {_items(value)}",
                )
            if fitting:
                key = natural_key(value)
                step = str(value[fitting[0]][key]) if key else str(fitting[0])
        steps.append(step)
        value = get(value, (step,))
    return tuple(steps)


def names_of(item: Any) -> frozenset[str]:
    """Return what an item could be called besides its natural key: what a person would say to mean it."""
    if not isinstance(item, Mapping):
        return frozenset()
    metadata = item.get("metadata")
    called = [metadata.get("name")] if isinstance(metadata, Mapping) else []
    called += [item.get(key) for key in NAMING_KEYS]
    return frozenset(str(one) for one in called if isinstance(one, str | int) and not isinstance(one, bool))


def get(value: Any, path: FieldPath) -> Any:
    """Return what is at ``path``, ``ABSENT`` when there is nothing (null counts as nothing)."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step, ABSENT)
        elif isinstance(value, list):
            at = position_of(value, step)
            value = ABSENT if at is None else value[at]
        else:
            return ABSENT
    return ABSENT if value is None else value


def put(value: Any, path: FieldPath, new: Any) -> Any:
    """Return ``value`` with ``new`` at ``path``; maps on the way are made, an item of a keyed list is appended.

    Raises:
        ToolInputError: the path leads through something that is neither map nor list, or to an item that is not there.
    """
    return _put(value, path, new, path)


def _put(value: Any, path: FieldPath, new: Any, whole: FieldPath) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if value is ABSENT or value is None:
        return {step: _put(ABSENT, rest, new, whole)}
    if isinstance(value, Mapping):
        return {**value, step: _put(value.get(step, ABSENT), rest, new, whole)}
    if isinstance(value, list):
        at = position_of(value, step)
        if at is not None:
            return [*value[:at], _put(value[at], rest, new, whole), *value[at + 1 :]]
        key = natural_key(value, [new] if isinstance(new, Mapping) else []) if value else _key_of(new, step)
        if not rest and key is not None and isinstance(new, Mapping) and str(new.get(key)) == step:
            return [*value, new]
        raise ToolInputError(
            f"{show(whole)}: the list has no item {one_line(step, 60)!r}", hint=f"It has: {_items(value)}"
        )
    raise ToolInputError(f"{show(whole)}: there is no field below {one_line(json.dumps(value), 60)}")


def _key_of(new: Any, step: str) -> str | None:
    """Return the natural key by which ``new`` would be the item ``step`` of an empty list."""
    if not isinstance(new, Mapping):
        return None
    return next((key for key in NATURAL_KEYS if key in new and str(new[key]) == step), None)


def remove(value: Any, path: FieldPath) -> Any:
    """Return ``value`` without what is at ``path``; the same value when nothing is there."""
    if get(value, path) is ABSENT:
        return value
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        if not rest:
            return {key: item for key, item in value.items() if key != step}
        return {**value, step: remove(value[step], rest)}
    at = position_of(value, step)
    if at is None:
        return value
    return [*value[:at], *([remove(value[at], rest)] if rest else []), *value[at + 1 :]]


def _items(items: Sequence[Any]) -> str:
    key = natural_key(items)
    names = [str(item[key]) for item in items] if key else [f"0 to {len(items) - 1}"] if items else []
    return one_line(", ".join(names[:20]), 200) or "none"


def pointer(value: Any, path: FieldPath) -> str:
    """Return the JSON pointer (RFC 6901) of an existing place in ``value``; items by their position.

    Raises:
        ToolInputError: the path leads through a list that has no such item.
    """
    text = ""
    for step in path:
        if isinstance(value, list):
            at = position_of(value, step)
            if at is None:
                raise ToolInputError(f"{show(path)}: the list has no item {one_line(step, 60)!r}")
            text += f"/{at}"
            value = value[at]
        else:
            text += f"/{escape(step)}"
            value = value.get(step) if isinstance(value, Mapping) else None
    return text


def escape(step: str) -> str:
    """Return one step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")
