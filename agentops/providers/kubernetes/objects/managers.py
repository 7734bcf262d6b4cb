"""Who wrote an object's fields last, and when, as the API server keeps it in ``metadata.managedFields``.

Comes in: an object as it was read. Goes out: a line for each manager, the newest first, with the fields that it owns as
paths that a person can read. What controllers report in ``status`` is left out: nobody asks who wrote that. Source:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management (fieldsV1: ``f:`` a field, ``k:`` an
item by its key, ``v:`` a value, ``i:`` a position, ``.`` the field itself).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.field_paths import NAMING_KEYS, FieldPath, show
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.status import age_of

_MANAGERS_SHOWN = 6
_FIELDS_SHOWN = 6
_FIELDS_CHARS = 400


def written_by(item: Object, now: datetime) -> tuple[str, ...]:
    """Return who wrote the object, newest first: ``helm (Update) 3d ago: spec.replicas and 4 more``."""
    entries = [
        (str(entry.get("time") or ""), entry, paths)
        for entry in (item.get("metadata") or {}).get("managedFields") or ()
        if isinstance(entry, Mapping) and entry.get("subresource") != "status"
        for paths in [fields_written(entry)]
        if paths
    ]
    # Timestamps are RFC 3339 in UTC, so text order is the order in time; an entry without one comes last.
    entries.sort(key=lambda entry: entry[0], reverse=True)
    lines = [_line(entry, paths, now) for _time, entry, paths in entries[:_MANAGERS_SHOWN]]
    if len(entries) > _MANAGERS_SHOWN:
        lines.append(f"and {len(entries) - _MANAGERS_SHOWN} earlier")
    return tuple(lines)


def _line(entry: Object, paths: Sequence[str], now: datetime) -> str:
    how = "/".join(str(part) for part in (entry.get("operation"), entry.get("subresource")) if part)
    shown = one_line(", ".join(paths[:_FIELDS_SHOWN]), _FIELDS_CHARS)
    more = f" and {len(paths) - _FIELDS_SHOWN} more" if len(paths) > _FIELDS_SHOWN else ""
    when = f"{age_of(entry.get('time'), now)} ago" if entry.get("time") else "at an unknown time"
    return f"{one_line(str(entry.get('manager') or 'unknown'), 80)} ({how}) {when}: {shown}{more}"


def fields_written(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that an entry of ``managedFields`` holds, down to the leaves, but for those of ``status``."""
    return tuple(show(path) for path in _paths(entry.get("fieldsV1"), ()) if path[0] != "status")


def _paths(fields: Any, path: FieldPath) -> Iterator[FieldPath]:
    inner = {key: value for key, value in fields.items() if key != "."} if isinstance(fields, Mapping) else {}
    if not inner and path:
        yield path
    for key, value in inner.items():
        kind, _, name = str(key).partition(":")
        yield from _paths(value, (*path, _item(name) if kind == "k" else name))


def _item(key: str) -> str:
    """Return the part of a list item's key that names it: of ``{"containerPort":80,"protocol":"TCP"}`` the port."""
    try:
        parts = json.loads(key)
    except ValueError:
        return key
    if not isinstance(parts, Mapping):
        return key
    naming = next((name for name in NAMING_KEYS if name in parts), "")
    return str(parts[naming]) if naming else ",".join(map(str, parts.values()))
