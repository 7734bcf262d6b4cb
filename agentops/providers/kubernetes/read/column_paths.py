"""Paths of a table's columns: ``spec.containers.image``, ``status.conditions[type=Ready].status``.

Unlike a path to one field (``field_paths``) such a path may lead to many values, and takes what kubectl's columns take.
Comes in: a path as a person writes it, and an object. Goes out: the values found there, as text. Lists on the way are
walked through; ``[0]`` or ``[web]`` picks one, ``[key=value]`` filters, ``[any.key/with.dots]`` is a map key, and so is
``metadata.labels.any.key/with.dots`` where there is such a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.field_paths import names_of

_CELL_LIMIT = 400
_DOT = "\0"


def parse_path(path: str) -> tuple[str, ...]:
    """Return the steps of a path; a step in brackets keeps its opening bracket.

    Raises:
        ToolInputError: brackets that do not close, or an empty step.
    """
    steps: list[str] = []
    step = ""
    inside = False
    # kubectl writes a dot that belongs to a key as ``\.``.
    for character in path.strip().removeprefix("$").removeprefix(".").replace("\\.", _DOT):
        if inside:
            inside = character != "]"
            if inside:
                step += character
            else:
                steps.append(step)
                step = ""
        elif character in ".[":
            if step:
                steps.append(step)
            inside = character == "["
            step = "[" if inside else ""
        else:
            step += character
    if inside or not (steps or step):
        raise ToolInputError(
            f"the column {one_line(path, 60)!r} is not a path", hint="Write it like spec.containers.image"
        )
    return tuple(step.replace(_DOT, ".") for step in ([*steps, step] if step else steps))


def cell(value: Any, steps: tuple[str, ...]) -> str:
    """Return what a path leads to, several values joined by commas, ``-`` when there is nothing."""
    found = [_plain(item) for item in _walk(value, steps)]
    return one_line(",".join(found), _CELL_LIMIT) if found else "-"


def _walk(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    if not steps:
        if value is not None:
            yield value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        yield from _walk_list(value, step, steps, rest)
    elif isinstance(value, Mapping):
        yield from _walk_map(value, steps)


def _walk_map(value: Mapping[str, Any], steps: tuple[str, ...]) -> Iterator[Any]:
    """Follow the key that the first step is, or that several steps are together: label keys hold dots of their own."""
    key = ""
    for end, step in enumerate(steps, 1):
        key = f"{key}.{step}" if key else step.removeprefix("[").strip("'\"")
        if key in value:
            yield from _walk(value[key], steps[end:])
            return
        if step.startswith("["):
            return


def _walk_list(value: list[Any], step: str, steps: tuple[str, ...], rest: tuple[str, ...]) -> Iterator[Any]:
    # kubectl writes a filter as [?(@.type=="Ready")]; what matters of it is type=Ready.
    inner = step.removeprefix("[").lstrip("?@(.").rstrip(")").replace("==", "=")
    if step.startswith("[") and inner.lstrip("-").isdigit():
        position = int(inner)
        if -len(value) <= position < len(value):
            yield from _walk(value[position], rest)
    elif step.startswith("[") and "=" in inner:
        key, _, wanted = inner.partition("=")
        for item in value:
            if isinstance(item, Mapping) and str(item.get(key.strip())) == wanted.strip().strip("'\""):
                yield from _walk(item, rest)
    # A name comes before an index of a map below, for that is what a person means by containers[web].
    elif step.startswith("[") and (named := [item for item in value if inner in names_of(item)]):
        for item in named:
            yield from _walk(item, rest)
    else:
        for item in value:
            yield from _walk(item, rest if inner in {"", "*"} else steps)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
