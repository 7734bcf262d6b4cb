"""Small files that decide who may approve: read with a cap, written durably, refused when others can touch them.

Comes in: paths. Goes out: bytes, or a ``ConfigError`` that says what is wrong, where, and what to do next.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agentops.core.durable_files import advice, create_file, locked_folder, make_folder, reason, replace_file
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
        raise ConfigError(
            reason(verb, path, error), hint=advice(error) or "Check who owns it and its folder."
        ) from error


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
        raise ConfigError(f"{path} is larger than {_MOST_BYTES:,} bytes", hint="Check the path: such a file is small.")
    return data


def write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is not there yet; durable when this returns.

    Raises:
        ConfigError: it is there, or cannot be written.
    """
    with explained(path, "write"):
        make_folder(path.parent)
        create_file(path, data)


def replace(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in place of what is there; durable when this returns.

    Raises:
        ConfigError: it cannot be written.
    """
    with explained(path, "write"):
        make_folder(path.parent)
        replace_file(path, data)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: what is read in the block is still so when it is written back.

    Raises:
        ConfigError: it cannot be created or locked.
    """
    with ExitStack() as held:
        with explained(folder, "lock"):
            make_folder(folder)
            held.enter_context(locked_folder(folder))
        yield
