"""JSON documents and JSON lines as the store keeps them, with errors that name the file and what to do.

Comes in: paths and values. Goes out: the bytes of a document, the lines of a file, or a ``StoreError``. A line that a
crash cut short was never reported as stored: readers skip it and the next append removes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentops.core.durable_files import advice, append, reason
from agentops.core.errors import StoreError
from agentops.core.text import one_line


def document(value: Any) -> bytes:
    """Return ``value`` as indented ASCII JSON with a newline at the end."""
    return json.dumps(value, ensure_ascii=True, indent=1, allow_nan=False).encode() + b"\n"


def append_lines(descriptor: int, items: Sequence[Any]) -> int:
    """Write each item as a line after the last whole line and return where they end."""
    return append(descriptor, b"".join(json.dumps(item, allow_nan=False).encode() + b"\n" for item in items))


def read_lines(path: Path, start: int) -> Iterator[tuple[Any, int]]:
    """Yield each whole line from byte ``start`` on, decoded, with the offset of its end."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            start += len(line)
            with intact(path):
                item = json.loads(line)
            yield item, start


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Turn a decoding error into one that names the damaged file."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"{path} is damaged: {one_line(str(error), 120)}", hint="Move the file away to go on without it."
        ) from error


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into one that says what could not be done, where, and what to do next."""
    try:
        yield
    except OSError as error:
        raise StoreError(reason(verb, path, error), hint=advice(error)) from error
