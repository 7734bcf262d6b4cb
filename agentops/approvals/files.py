"""Small files that decide who may approve: read with a cap, written durably, refused when others can touch them.

Comes in: paths. Goes out: bytes, or a ``ConfigError`` that says what is wrong, where, and what to do next.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentops.core.errors import ConfigError

_MOST_BYTES = 256 * 1024
_PRIVATE = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into a ``ConfigError`` that says what could not be done."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"cannot {verb} {path}: {reason}", hint="Check who owns it and its folder.") from error


def only_mine(path: Path, *, private: bool) -> None:
    """Check that only this user (or root) can write ``path`` and its folder; with ``private``, that no other reads it.

    Raises:
        ConfigError: others can; the hint is the command that mends it.
    """
    for place, forbidden in ((path, _PRIVATE if private else _WRITABLE), (path.parent, _WRITABLE)):
        with explained(place, "look at"):
            found = place.stat()
        if found.st_uid not in (os.geteuid(), 0):
            raise ConfigError(f"{place} belongs to another user", hint=f"chown it: chown {os.geteuid()} {place}")
        if found.st_mode & forbidden:
            what, mode = ("read or changed", "go-rwx") if forbidden == _PRIVATE else ("changed", "go-w")
            raise ConfigError(f"{place} can be {what} by other users", hint=f"Run: chmod {mode} {place}")


def read_small(path: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        ConfigError: it cannot be read, or is larger than such a file ever is.
    """
    with explained(path, "read"), path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path} is larger than {_MOST_BYTES:,} bytes", hint="Such a file is never that large.")
    return data


def write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is not there yet; durable when this returns.

    Raises:
        ConfigError: it is there, or cannot be written.
    """
    draft = _draft(path, data)
    try:
        with explained(path, "write"):
            os.link(draft, path)  # unlike a rename, never in place of one that is there
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in place of what is there; durable when this returns.

    Raises:
        ConfigError: it cannot be written.
    """
    draft = _draft(path, data)
    with explained(path, "write"):
        draft.replace(path)
    _sync_folder(path.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: what is read in the block is still so when it is written back."""
    _make_folder(folder)
    with explained(folder, "lock"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with explained(folder, "lock"):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _draft(path: Path, data: bytes) -> Path:
    _make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with explained(draft, "write"):
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return draft


def _make_folder(folder: Path) -> None:
    with explained(folder, "create"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
