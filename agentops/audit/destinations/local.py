"""Destinations in the file system: a folder that keeps everything, and a file that holds the newest anchor only.

Comes in: a path and named bytes. Goes out: durable files, or what they hold. A folder's file is never replaced. Whoever
may write there may also delete: use another disk, or a share of another machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agentops.audit.destinations.destination import DestinationError, other_bytes
from agentops.core.durable_files import create_file, replace_file
from agentops.core.foreign_files import read_foreign

# No anchor and no piece of an export is as large; a larger file is not one of ours.
_MAX_BYTES = 64 * 1024 * 1024


@contextmanager
def reached(target: str, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into a ``DestinationError``."""
    try:
        yield
    except OSError as error:
        raise DestinationError(f"{target} cannot be {verb}: {(error.strerror or str(error)).lower()}") from error


class FolderDestination:
    """A folder, on another disk or another machine's share. It keeps what the one who may write it lets it keep."""

    unlocked = 0  # nobody asks a folder for a lock

    def __init__(self, target: str) -> None:
        self.target = target
        self._root = Path(target).expanduser()

    def names(self) -> tuple[str, ...]:
        """Return the files below the folder; drafts that a crash left are none."""
        with reached(self.target, "read"):
            found = [path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file()]
        return tuple(sorted(name for name in found if not name.rpartition("/")[2].startswith(".")))

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        return read_foreign(self._root / name, "a copy", _MAX_BYTES, error=DestinationError)

    def holds(self, name: str, data: bytes) -> bool | None:
        """Compare a file with ``data``."""
        if not (self._root / name).exists():
            return None
        return hashlib.sha256(self.read(name)).digest() == hashlib.sha256(data).digest()

    def put(self, name: str, data: bytes) -> None:
        """Write a new file durably and read-only; an earlier one is never replaced."""
        path = self._root / name
        with reached(self.target, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                create_file(path, data, mode=0o444)
        if not self.holds(name, data):
            raise other_bytes(self.target, name)


class FileDestination:
    """One file that holds the newest thing only; its name in the place is its own."""

    unlocked = 0

    def __init__(self, target: str) -> None:
        self.target = target
        self._path = Path(target).expanduser()

    def names(self) -> tuple[str, ...]:
        """Return the file's name, when it is there."""
        return (self._path.name,) if self._path.exists() else ()

    def read(self, name: str) -> bytes:  # noqa: ARG002 - a place of one thing
        """Return the file's bytes."""
        return read_foreign(self._path, "an anchor", _MAX_BYTES, error=DestinationError)

    def holds(self, name: str, data: bytes) -> bool | None:
        """Compare the file with ``data``."""
        return self.read(name) == data if self._path.exists() else None

    def put(self, name: str, data: bytes) -> None:  # noqa: ARG002 - a place of one thing
        """Write the file in place of what it held; the caller has looked whether that may go."""
        with reached(self.target, "written"):
            replace_file(self._path, data)
