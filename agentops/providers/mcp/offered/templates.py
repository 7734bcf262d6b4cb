"""Arguments of a call that are made of others: ``{namespace}``, ``{before:spec.replicas}``, literals.

Comes in: a template as a classification has it, and the values by name. Goes out: arguments, or None where a value that
they need is not known. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Lookup: TypeAlias = Callable[[str], Any]
"""Returns the value of a name; None where it is not known."""
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def filled(template: Mapping[str, Any], look_up: Lookup) -> dict[str, Any] | None:
    """Return the arguments; a text that is one placeholder takes the value as it is, of whatever type."""
    try:
        return {name: _filled(value, look_up) for name, value in template.items()}
    except KeyError:
        return None


def dug(value: Any, path: str) -> Any:
    """Return what stands at a path (``spec.replicas``, ``items.0.name``); None where nothing does."""
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _filled(value: Any, look_up: Lookup) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(one, look_up) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one, look_up) for one in value]
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    if whole:
        return _known(whole[1], look_up)
    return PLACEHOLDER.sub(lambda found: str(_known(found[1], look_up)), value)


def _known(name: str, look_up: Lookup) -> Any:
    found = look_up(name)
    if found is None or found == "":
        raise KeyError(name)
    return found
