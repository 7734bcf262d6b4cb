"""The files of a chain: the one that is appended to, and closed ones before it, plain or compressed.

Comes in: the audit folder. Goes out: its segments in order, opened so that a rotation, a compression or a drop in
another process does no harm, and what the first record of each says about the one before. All numbers are of the whole
chain: one sequence, one tree, one count of bytes (uncompressed). It never writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from agentops.audit.chain import GENESIS_PREV, MAX_LINE_BYTES, MalformedRecord, decode, opening
from agentops.audit.merkle import CompactRange
from agentops.audit.segments.files import LOG
from agentops.core.audit import AuditRecord

SEGMENT_BEGUN = "segment_begun"
SEGMENT_DROPPED = "segment_dropped"
PACKED = ".gz"
_FIRST = opening(GENESIS_PREV, 0)
_CLOSED = re.compile(r"audit-([0-9]{15})\.jsonl(?:\.gz)?")


class DamagedSegment(Exception):
    """A compressed segment cannot be unpacked; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStart:
    """Where a segment begins in the chain.

    Arguments:
        first: the number of its first record.
        offset: how many bytes all records before it take.
        prev: the link of the record before it.
        frontier: the tree's perfect subtrees over all records before it, largest first.
        name: the segment before it; empty for the first.
        time: when it was begun, which is when the one before was closed.
        note: the signed checkpoint over all records before it; empty when nothing was signed.
    """

    first: int = 0
    offset: int = 0
    prev: str = GENESIS_PREV
    frontier: tuple[bytes, ...] = ()
    name: str = ""
    time: str = ""
    note: str = ""

    @property
    def tree(self) -> CompactRange:
        """The tree over all records before the segment."""
        return CompactRange(self.first, self.frontier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of the chain. ``first`` is what a closed one's name claims; the active one's name claims nothing.

    ``descriptor`` is that of the active file, held open since it was looked at; a closed one is opened when it is read.
    """

    folder: Path
    name: str
    first: int | None = None
    descriptor: int = -1

    @property
    def closed(self) -> bool:
        """Whether nothing is appended to it any more."""
        return self.first is not None

    @property
    def path(self) -> Path:
        """The file as it stands now: plain, or compressed where only that is left."""
        plain = self.folder / self.name
        packed = self.folder / (self.name + PACKED)
        return packed if self.closed and packed.exists() and not plain.exists() else plain

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """Read the segment's uncompressed bytes from the start; the active one's in one place at a time.

        Raises:
            DamagedSegment: while reading, the compressed file cannot be unpacked.
            OSError: it cannot be read.
        """
        plain = self._plain()
        if plain is not None:
            with plain:
                yield plain
            return
        import gzip
        import zlib

        try:
            with gzip.open(self.folder / (self.name + PACKED), "rb") as packed:
                yield packed  # type: ignore[misc]
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise DamagedSegment(f"{self.name}{PACKED} cannot be unpacked: {error}") from error

    def _plain(self) -> BinaryIO | None:
        if not self.closed:
            file = os.fdopen(os.dup(self.descriptor), "rb")
            file.seek(0)
            return file
        try:
            return (self.folder / self.name).open("rb")
        except FileNotFoundError:
            return None

    def first_line(self) -> bytes:
        """Return the first line, without its newline; empty when there is no whole one.

        Raises:
            DamagedSegment: the compressed file cannot be unpacked.
            OSError: it cannot be read.
        """
        with self.reading() as file:
            line = file.readline(MAX_LINE_BYTES + 2)
        return line[:-1] if line.endswith(b"\n") else b""

    def origin(self) -> SegmentStart:
        """Return where the segment begins.

        Raises:
            MalformedRecord: its first record does not say.
            DamagedSegment, OSError: as ``first_line``.
        """
        line = self.first_line()
        return start_of(decode(line)) if line else SegmentStart()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFiles:
    """The chain's segments as they stood together, oldest first; ``active`` is the last of them, unless it is gone.

    ``active_size`` is how many bytes that one had.
    """

    closed: tuple[Segment, ...]
    active: Segment | None
    active_size: int = 0

    @property
    def all(self) -> tuple[Segment, ...]:
        """Every segment, oldest first."""
        return self.closed if self.active is None else (*self.closed, self.active)

    def are_still_so(self) -> bool:
        """Return whether the folder has the same segments now.

        Raises:
            OSError: it cannot be read.
        """
        folder = self.all[0].folder
        with opened(folder) as now:
            here, there = (None if f.active is None else os.fstat(f.active.descriptor).st_ino for f in (self, now))
            return (self.closed, here) == (now.closed, there)


@contextmanager
def opened(folder: Path) -> Iterator[ChainFiles]:
    """Look at the chain's files, without its lock: the active one is held open, so that a rotation does not move it.

    It is opened before the closed ones are listed: whatever closed segment it follows is there by then.

    Raises:
        OSError: they cannot be read.
    """
    try:
        descriptor = os.open(folder / LOG, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield ChainFiles(closed=closed_segments(folder), active=None)
        return
    try:
        seen = os.fstat(descriptor)
        active = Segment(folder=folder, name=LOG, descriptor=descriptor)
        yield ChainFiles(closed=closed_segments(folder, apart_from=seen), active=active, active_size=seen.st_size)
    finally:
        os.close(descriptor)


def closed_segments(folder: Path, *, apart_from: os.stat_result | None = None) -> tuple[Segment, ...]:
    """Return the closed segments, oldest first.

    Arguments:
        apart_from: the active file, which for a moment of each rotation has the name of a closed one too.

    Raises:
        OSError: the folder cannot be read.
    """
    found: dict[str, int] = {}
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 - it is asked for by every process, often
    for name in names:
        match = _CLOSED.fullmatch(name)
        if match and not (apart_from and _is_same(folder / name, apart_from)):
            found[name.removesuffix(PACKED)] = int(match[1])
    return tuple(
        Segment(folder=folder, name=name, first=first)
        for name, first in sorted(found.items(), key=lambda item: item[1])
    )


def closed_name(first: int) -> str:
    """Return the name that the segment which begins with record ``first`` has once it is closed."""
    return f"audit-{first:015d}.jsonl"


def _is_same(path: Path, other: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), other)
    except FileNotFoundError:
        return False  # compressed or dropped since it was listed, so not the active one


def start_of(record: AuditRecord) -> SegmentStart:
    """Return where the segment that begins with this record begins.

    Raises:
        MalformedRecord: it is neither a chain's first record nor a segment's.
    """
    if record.event != SEGMENT_BEGUN:
        if record.seq:
            raise MalformedRecord(f"record {record.seq} stands where a segment begins, and is no {SEGMENT_BEGUN}")
        return SegmentStart()
    says = record.payload
    closed = says.get("closed")
    size, offset, name = says.get("size"), says.get("offset"), closed.get("name") if isinstance(closed, dict) else None
    if size != record.seq or type(offset) is not int or offset < 0 or not isinstance(name, str):
        raise MalformedRecord(f"record {record.seq} does not say which segment it follows")
    try:
        frontier = tuple(bytes.fromhex(item) for item in says["frontier"])
        root = CompactRange(record.seq, frontier).root().hex()
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRecord(f"record {record.seq} has no frontier of {record.seq} records") from error
    if root != says.get("root"):
        raise MalformedRecord(f"the frontier in record {record.seq} does not lead to its root")
    note = str(says.get("checkpoint") or "")
    return SegmentStart(
        first=record.seq, offset=offset, prev=record.prev, frontier=frontier, name=name, time=record.time, note=note
    )


def start_at(descriptor: int) -> SegmentStart:
    """Return where the segment begins that is open; of a file without a whole line, as the first one does.

    Raises:
        MalformedRecord: its first record does not say.
        OSError: it cannot be read.
    """
    head = os.pread(descriptor, 4096, 0)
    if head.startswith(_FIRST):
        return SegmentStart()
    while b"\n" not in head:
        more = os.pread(descriptor, 64 * 1024, len(head))
        if not more or len(head) > MAX_LINE_BYTES:
            return SegmentStart()
        head += more
    return start_of(decode(head.partition(b"\n")[0]))


def closing_facts(*, before: SegmentStart, after: SegmentStart) -> dict[str, Any]:
    """Return what is said of the segment that begins at ``before`` and was closed for the one that begins at ``after``.

    The first record of a segment says it of the one before, and the record of a drop of the one that is dropped.
    """
    return {
        "closed": {
            "name": closed_name(before.first),
            "first": before.first,
            "records": after.first - before.first,
            "size_bytes": after.offset - before.offset,
            "head": after.prev,
        },
        "size": after.first,
        "offset": after.offset,
        "root": after.tree.root().hex(),
    }


def is_said(facts: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Return whether a record's payload says ``facts``."""
    return all(payload.get(name) == value for name, value in facts.items())
