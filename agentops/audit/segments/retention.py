"""Compresses closed segments, and drops old ones where the user asked for that.

Comes in: the audit folder. Goes out: smaller files, or fewer. A segment is replaced only by what unpacks to the same
bytes, and dropped only when it holds and the chain says so first. It never touches the active segment.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeAlias

from agentops.audit.chain import MalformedRecord
from agentops.audit.segments.files import BROKEN_HINT, LOCK, explained, take_lock
from agentops.audit.segments.segment import PACKED, DamagedSegment, Segment, SegmentStart, opened
from agentops.core.clock import from_iso
from agentops.core.durable_files import sync, sync_folder
from agentops.core.errors import AuditError

_MIB = 1024 * 1024
_LEVEL = 6

FaultIn: TypeAlias = Callable[[Segment, SegmentStart], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How the chain is kept.

    Arguments:
        segment_bytes: from how many bytes on the active segment is closed before the next append.
        retention_days: after how many days a closed segment is dropped; 0 never drops one.
        compress: whether closed segments are compressed when a run ends.
    """

    segment_bytes: int = 64 * _MIB
    retention_days: int = 0
    compress: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredSegment:
    """A closed segment that is old enough to be dropped: where it begins, and where the one after it does."""

    segment: Segment
    before: SegmentStart
    after: SegmentStart


def compress_closed(folder: Path) -> tuple[str, ...]:
    """Compress the closed segments that are not yet, and return their names.

    Readers find one file or the other at any moment. The chain's lock is held only while one takes the other's place.

    Raises:
        AuditError: a file cannot be read or written; then it stays as it is.
    """
    with explained(folder, "compress the closed segments in"), opened(folder) as files:
        return tuple(segment.name for segment in files.closed if _compress(folder / segment.name))


def _compress(plain: Path) -> bool:
    draft = plain.with_name(f".{plain.name}{PACKED}.{os.getpid()}")
    try:
        with suppress(FileNotFoundError):  # it is compressed already, or another process is faster
            _pack(plain, draft)
            return _take_place(plain, draft)
        return False
    finally:
        draft.unlink(missing_ok=True)


def _pack(plain: Path, draft: Path) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with plain.open("rb") as source, os.fdopen(os.open(draft, flags, 0o600), "w+b") as target:
        import gzip

        # No time and no name in the header: what was packed is all that the file depends on.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=target, mtime=0) as packing:
            while chunk := source.read(_MIB):
                packing.write(chunk)
        target.flush()
        sync(target.fileno())
    with plain.open("rb") as source, gzip.open(draft, "rb") as unpacked:
        if _digest(source) != _digest(unpacked):  # type: ignore[arg-type]
            raise OSError(f"{draft.name} does not unpack to what was packed")


def _digest(file: BinaryIO) -> bytes:
    found = hashlib.sha256()
    while chunk := file.read(_MIB):
        found.update(chunk)
    return found.digest()


def _take_place(plain: Path, draft: Path) -> bool:
    """Under the lock, so that a segment that another process dropped meanwhile does not come back."""
    lock = take_lock(str(plain.parent / LOCK))
    try:
        if not plain.exists():
            return False
        draft.replace(plain.with_name(plain.name + PACKED))
        sync_folder(plain.parent)
        plain.unlink()
        for left in plain.parent.glob(f".{plain.name}{PACKED}.*"):  # by a run that was killed, or that is slower
            left.unlink(missing_ok=True)
        return True
    finally:
        os.close(lock)


def expired_segments(
    folder: Path, *, now: datetime, retention_days: int, fault_in: FaultIn
) -> tuple[ExpiredSegment, ...]:
    """Return the closed segments to drop, oldest first: those that were closed so many days ago, from the first on.

    Called with the chain's lock held.

    Arguments:
        fault_in: verifies one segment up to where the next one starts; returns what is wrong, empty when it holds.

    Raises:
        AuditError: one of them does not hold; what was tampered with is not dropped.
        OSError: one cannot be read.
    """
    if not retention_days:
        return ()
    found: list[ExpiredSegment] = []
    with opened(folder) as files:
        for segment, following in zip(files.all, files.all[1:], strict=False):
            try:
                before, after = segment.origin(), following.origin()
            except (MalformedRecord, DamagedSegment) as error:
                raise _refusal(segment, str(error)) from error
            if not after.time or from_iso(after.time) > now - timedelta(days=retention_days):
                break
            # What was tampered with is evidence, and is not dropped.
            if why := fault_in(segment, after):
                raise _refusal(segment, why)
            found.append(ExpiredSegment(segment=segment, before=before, after=after))
    return tuple(found)


def _refusal(segment: Segment, why: str) -> AuditError:
    return AuditError(f"{segment.name} is not dropped, because the chain is broken: {why}", hint=BROKEN_HINT)


def remove(segment: Segment) -> None:
    """Delete a segment's file, compressed or not; the chain's record that it was dropped is durable by then.

    Raises:
        OSError: it cannot be deleted.
    """
    for path in (segment.folder / segment.name, segment.folder / (segment.name + PACKED)):
        path.unlink(missing_ok=True)
    sync_folder(segment.folder)
