"""Durable files: whole-file replacement and append-only lines, with errors that name the file and what to do.

Comes in: paths and bytes. Goes out: files of mode 0600 that are on disk when the call returns, or a ``StoreError``.
A line that a crash cut short was never reported as stored: readers skip it and the next append removes it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentops.core.errors import StoreError
from agentops.core.text import one_line


def document(value: Any) -> bytes:
    """Return ``value`` as indented ASCII JSON with a newline at the end."""
    return json.dumps(value, ensure_ascii=True, indent=1, allow_nan=False).encode() + b"\n"


def replace_file(path: Path, data: bytes) -> None:
    """Replace the file in one step: temporary file, fsync, rename, fsync of the folder."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def appending(path: Path) -> Iterator[int]:
    """Open a file for ``append_lines`` under an exclusive lock; other processes wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def append_lines(descriptor: int, items: Sequence[Any]) -> int:
    """Write whole lines after the last whole line and return where they end."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 1, size - 1) if size else b"\n"
    if tail != b"\n":  # a crash cut the last line short; it was never reported as stored
        kept = os.pread(descriptor, size, 0)
        size = kept.rfind(b"\n") + 1
        os.ftruncate(descriptor, size)
    data = b"".join(json.dumps(item, allow_nan=False).encode() + b"\n" for item in items)
    os.lseek(descriptor, size, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.fsync(descriptor)
    return size + len(data)


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
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"cannot {verb} {path}: {reason}", hint=_hint(error)) from error


def _hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space, or set AGENTOPS_HOME to a folder on another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Check who owns the folder, or set AGENTOPS_HOME to one that you may write."
    return ""
