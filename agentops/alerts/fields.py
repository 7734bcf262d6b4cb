"""Reading fields out of a foreign document: tolerant of what is absent, strict about what is there.

Comes in: plain JSON or YAML values. Goes out: text that is safe to show, times, mappings, lists. A value of the wrong
type raises an ``AlertError`` that names its path; nothing is coerced but numbers and booleans where text is expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agentops.core.clock import from_iso
from agentops.core.errors import AlertError
from agentops.core.text import clip, one_line, visible

MAX_TEXT_CHARS = 20_000
MAX_LABELS = 200
MAX_ALERTS = 1_000
_EPOCH = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
_NAMES = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "nothing"}


def text(source: Mapping[str, Any], key: str, path: str = "") -> str:
    """Return the text at ``key``, safe to show and cut; empty when it is absent or null."""
    value = source.get(key)
    if value is None:
        return ""
    return scalar(value, f"{path}{key}")


def scalar(value: Any, path: str) -> str:
    """Return a text, number or boolean as text.

    Raises:
        AlertError: it is an object or a list.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return visible(clip(value, MAX_TEXT_CHARS))
    if isinstance(value, float):
        return f"{value:.17g}"
    if isinstance(value, int):
        return f"{value:d}" if value.bit_length() < 256 else hex(value)[:80] + "…"
    raise wrong(path, "text", value)


def mapping(source: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    """Return the object at ``key``; empty when it is absent or null."""
    value = source.get(key)
    if value is None:
        return {}
    return as_mapping(value, f"{path}{key}")


def as_mapping(value: Any, path: str) -> Mapping[str, Any]:
    """Return ``value`` when it is an object, else raise."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    return value


def items(source: Mapping[str, Any], key: str, path: str = "") -> Sequence[Any]:
    """Return the list at ``key``; empty when it is absent or null."""
    value = source.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong(f"{path}{key}", "a list", value)
    return value


def labels(source: Mapping[str, Any], key: str, path: str = "") -> dict[str, str]:
    """Return the object of texts at ``key``, such as labels and annotations; nulls and what is beyond 200 left out."""
    found = mapping(source, key, path)
    kept = [(name, value) for name, value in found.items() if value is not None][:MAX_LABELS]
    return {one_line(str(name), 200): scalar(value, f"{path}{key}.{one_line(str(name), 60)}") for name, value in kept}


def moment(source: Mapping[str, Any], key: str, path: str = "") -> datetime | None:
    """Return the time at ``key``; None when it is absent, the zero time, or no time at all."""
    return as_moment(text(source, key, path))


def as_moment(written: str) -> datetime | None:
    """Return the time that a text is: RFC 3339, or seconds, milliseconds, micro- or nanoseconds since 1970.

    None when it is none, or lacks its zone: which one is meant is not guessed, but that RFC 3339 without one is UTC.
    """
    try:
        if _EPOCH.fullmatch(written):
            number = float(written)
            scale = next((s for s in (1e9, 1e6, 1e3) if number / s > 1e8), 1.0)
            return datetime.fromtimestamp(number / scale, UTC)
        found = from_iso(written)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year > 1 else None


def first_text(source: Mapping[str, Any], *keys: str) -> str:
    """Return the first of these that is a text or a number and not empty, safe to show; other types are passed over."""
    for key in keys:
        value = source.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            said = scalar(value, key).strip()
            if said:
                return said
    return ""


def inside(source: Any, *keys: str) -> Mapping[str, Any]:
    """Return the object that stands at this path; empty when anything on the way is no object."""
    for key in keys:
        source = source.get(key) if isinstance(source, dict) else None
    return source if isinstance(source, dict) else {}


def flat(source: Any, *, depth: int = 3, prefix: str = "") -> dict[str, str]:
    """Return the texts and numbers of nested objects, by their paths: ``resource.labels.pod_name``; at most 200."""
    found: dict[str, str] = {}
    for key, value in source.items() if isinstance(source, dict) else ():
        name = one_line(f"{prefix}{key}", 200)
        if isinstance(value, dict) and depth > 1:
            found |= flat(value, depth=depth - 1, prefix=f"{name}.")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found[name] = scalar(value, name)
        if len(found) >= MAX_LABELS:
            break
    return found


def wrong(path: str, expected: str, value: Any) -> AlertError:
    """Return the error for a value of another type than the format has."""
    found = _NAMES.get(type(value), "a number")
    return AlertError(
        f"the alert cannot be used: {one_line(path, 120)} is {found} where {expected} is expected",
        hint="Give the payload as its sender made it.",
    )
