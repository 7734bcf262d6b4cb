"""Places elsewhere: what keeps copies that whoever can write the log should not be able to change.

Comes in: a target as a person writes it. Goes out: a ``Place``, which keeps named bytes and gives them back. A name is
written once: what stands there already is compared and never replaced. A place knows nothing of logs or checkpoints.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentops.audit.files import write_new
from agentops.audit.firstwrite import write_first
from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError, AuditError, UsageError
from agentops.core.text import one_line

_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._+-]{1,128}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MAX_BYTES = 64 * 1024 * 1024


class PlaceError(AgentopsError):
    """A place elsewhere refused, failed or did not answer. Nothing is known then, so nothing is claimed."""

    default_code = "place"


class Place(Protocol):
    """Keeps bytes by name. Names are relative, of parts joined by slashes."""

    @property
    def target(self) -> str:
        """The place as the user wrote it."""
        ...

    @property
    def unlocked(self) -> int:
        """How many things ``holds`` found that are not under the lock that was asked for, or not any more."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return every name, sorted; what was hidden or deleted on top of a kept copy counts as kept.

        Raises:
            PlaceError: it cannot be read.
        """
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes that were first written under ``name``.

        Raises:
            PlaceError: they cannot be read.
        """
        ...

    def holds(self, name: str, data: bytes) -> bool | None:
        """Return whether ``name`` holds exactly ``data``; None when there is no such name.

        Raises:
            PlaceError: it cannot be read.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write ``data`` under a new name, and read it back.

        Raises:
            PlaceError: it could not be written, or not as the place was asked to keep it.
            AuditError: other bytes stand there.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a place is to keep things.

    Arguments:
        retention_days: for how long nobody may delete or replace an object (S3 Object Lock); 0 asks for no lock.
        endpoint_url: of an S3-compatible service; empty for AWS.
        clock: from when the days count.
    """

    retention_days: int
    endpoint_url: str
    clock: Clock


@contextmanager
def open_place(target: str, terms: Terms) -> Iterator[Place]:
    """Yield the place that ``target`` names: ``s3://BUCKET/PREFIX``, ``git:PATH``, a folder, or a file.

    Raises:
        UsageError: it names none.
        PlaceError: it cannot be reached.
    """
    if target.startswith("s3://"):
        from agentops.audit.anchor.s3 import S3Place

        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/")
        if not _BUCKET.fullmatch(bucket) or (prefix and not is_name(prefix)):
            raise UsageError(f"{one_line(target)!r} is not an S3 place", hint="Write s3://BUCKET/PREFIX.")
        with S3Place(target, bucket, prefix, terms) as place:
            yield place
    elif target.startswith("git:"):
        from agentops.audit.anchor.git import GitPlace

        yield GitPlace(target, Path(target.removeprefix("git:")).expanduser(), terms.clock)
    elif "://" in target or not target.strip():
        hint = "Write a FILE, a FOLDER/, git:PATH or s3://BUCKET/PREFIX."
        raise UsageError(f"{one_line(target)!r} is no place that agentops knows", hint=hint)
    elif target.endswith("/") or Path(target).is_dir():
        yield FolderPlace(target)
    else:
        yield FilePlace(target)


def is_name(text: str) -> bool:
    """Return whether ``text`` can be the name of something in any place."""
    return all(_PART.fullmatch(part) for part in text.split("/"))


def other_bytes(target: str, name: str) -> AuditError:
    """Return the error for a name under which something else was kept."""
    return AuditError(
        f"{target} holds other bytes as {name} than this log has",
        hint="Either the log or the copy was changed. Run 'agentops audit verify --anchor' and keep both as evidence.",
        code="copy-differs",
    )


@contextmanager
def reached(target: str, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into a ``PlaceError``."""
    try:
        yield
    except OSError as error:
        raise PlaceError(f"{target} cannot be {verb}: {(error.strerror or str(error)).lower()}") from error


class FolderPlace:
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
        with reached(self.target, "read"), (self._root / name).open("rb") as file:
            return file.read(_MAX_BYTES)

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
            write_first(path, data, mode=0o444)
        if not self.holds(name, data):
            raise other_bytes(self.target, name)


class FilePlace:
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
        with reached(self.target, "read"), self._path.open("rb") as file:
            return file.read(_MAX_BYTES)

    def holds(self, name: str, data: bytes) -> bool | None:
        """Compare the file with ``data``."""
        return self.read(name) == data if self._path.exists() else None

    def put(self, name: str, data: bytes) -> None:  # noqa: ARG002 - a place of one thing
        """Write the file in place of what it held; the caller has looked whether that may go."""
        with reached(self.target, "written"):
            write_new(self._path, data)
