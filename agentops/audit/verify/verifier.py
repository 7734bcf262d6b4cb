"""One pass over a chain's segments: does every line continue the one before, and every trusted checkpoint agree?

Comes in: the segments as they stood together, and the trusted checkpoints. Goes out: a ``Verification``. Constant
memory; never writes. A line is compared with how it must begin and hashed as it stands; it is decoded only where
something is wrong, where a segment begins, and at the end of the chain, whose last line no other line vouches for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import BinaryIO

from agentops.audit.chain import MAX_LINE_BYTES, MalformedRecord, decode, link, opening
from agentops.audit.merkle import CompactRange
from agentops.audit.proofs.note import Checkpoint
from agentops.audit.segments.segment import ChainFiles, DamagedSegment, Segment, SegmentStart
from agentops.audit.segments.segment_links import BrokenLink, first_start, linked_start
from agentops.audit.verify.trusted_checkpoints import MARKS, CheckpointMismatch, TrustedCheckpoints
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.core.durable_files import last_line

_CHUNK_BYTES = 1024 * 1024


class Verifier:
    """One pass; the fields are where it stands. Numbers of records and bytes are those of the whole chain."""

    def __init__(
        self, files: ChainFiles, trusted: TrustedCheckpoints, *, limit: int | None = None, roots: bool = False
    ) -> None:
        """Prepare one pass over the chain.

        Arguments:
            limit: how many bytes of the chain to read, though there be more by now; None for all that there are.
            roots: also compute the tree and compare each checkpoint's root.
        """
        self.files = files
        self.trusted = trusted
        self.tree = CompactRange() if roots else None
        self.limit = limit
        self.start = SegmentStart()
        self.prev = self.start.prev
        self.seq = 0
        self.offset = 0
        self.last = b""
        self.torn = 0
        self.entered: list[tuple[Segment, SegmentStart]] = []

    def run(self, *, skip: bool = False) -> Verification:
        """Walk to the end of the chain, or to the first record that does not hold.

        Arguments:
            skip: believe what the latest checkpoint vouches for, when the active segment stands there as it says, and
                read on from there. Otherwise, and without a checkpoint, read from the start.

        Raises:
            OSError: a file cannot be read.
        """
        try:
            rest = self.files.all
            if skip and self.tree is None and self.trusted.latest and self._skip_to(self.trusted.latest):
                rest = ()
                self._through(self.entered[0][0])
            for segment in rest:
                if self.entered and self.offset == self.limit:
                    break
                self._enter(segment)
                self._through(segment)
            return self._held_to_its_length(self._end())
        except _Stop as stop:
            return stop.found
        except (BrokenLink, DamagedSegment) as error:
            return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why=str(error))
        except CheckpointMismatch as error:
            return self._disagreed(error)

    def over(self, segment: Segment) -> str:
        """Walk over one segment by itself, and return what is wrong with it; empty when it holds.

        Raises:
            OSError: it cannot be read.
        """
        try:
            self._enter(segment)
            self._through(segment)
        except (BrokenLink, DamagedSegment, CheckpointMismatch, _Stop) as error:
            return str(error)
        return ""

    def _skip_to(self, says: Checkpoint) -> bool:
        """Begin after the records that a checkpoint vouches for, unless the last of them is not there as it says."""
        segment = self.files.active
        if segment is None or (self.limit is not None and says.offset > self.limit):
            return False
        try:
            origin = segment.origin()
        except MalformedRecord:
            return False
        line, end = last_line(segment.descriptor, max(says.offset - origin.offset, 0))
        if (origin.offset + end, link(line)) != (says.offset, says.head):
            return False
        self.trusted.check(says.size, None, says.head)
        self.prev, self.seq, self.offset, self.last = says.head, says.size, says.offset, line
        self.entered = [(segment, origin)]
        return True

    def _enter(self, segment: Segment) -> None:
        """Stand where a segment begins."""
        if self.entered:
            reached = replace(self.start, first=self.seq, offset=self.offset, prev=self.prev)
            self.entered.append((segment, reached))  # what is wrong with it is wrong there
            self.entered[-1] = (segment, linked_start(segment, before=self.entered[-2][1], reached=reached))
            return
        self.entered.append((segment, self.start))
        origin = first_start(segment)
        self.entered[0] = (segment, origin)
        if origin.first:
            self.start = origin
            self.prev, self.seq, self.offset = origin.prev, origin.first, origin.offset
            self.tree = self.tree and origin.tree
            self.trusted.begin_after(origin)

    def _through(self, segment: Segment) -> None:
        """Walk over the rest of a segment, to its end or the limit."""
        origin = self.entered[-1][1]
        with segment.reading() as file:
            file.seek(self.offset - origin.offset)
            for lines, marks in _blocks(file, self._left(segment, origin)):
                base, before = self.seq, self.prev
                good, links = self._follow(lines)
                self._ask(lines, marks, base, [before, *links])
                if not good:
                    raise _Stop(self._bad_line())
            self.torn = origin.offset + file.tell() - self.offset
        if segment.closed and self.torn:
            raise BrokenLink(f"{segment.name} is closed and ends in the middle of record {self.seq}: it was cut")

    def _left(self, segment: Segment, origin: SegmentStart) -> int | None:
        """Return how many bytes of the segment there are still to read; None for all."""
        ends = [] if self.limit is None else [self.limit]
        if not segment.closed:
            ends.append(origin.offset + self.files.active_size)
        return min(ends) - self.offset if ends else None

    def _follow(self, lines: list[bytes]) -> tuple[bool, list[str]]:
        """Advance over whole lines and return their links; False when one does not continue. The hot loop."""
        prev, seq, offset = self.prev, self.seq, self.offset
        line = self.last
        links: list[str] = []
        good = True
        for line in lines:
            if not line.startswith(b'{"prev":"%b","seq":%d,"v":1,' % (prev.encode("ascii"), seq)):
                good = line.startswith(opening(prev, seq)[:-2]) and not _reason(line)  # another version of the form
                if not good:
                    break
            prev = sha256(line).hexdigest()
            links.append(prev)
            seq += 1
            offset += len(line) + 1
        self.prev, self.seq, self.offset, self.last = prev, seq, offset, line
        return good, links

    def _ask(self, lines: list[bytes], marks: set[int], base: int, heads: list[str]) -> None:
        """Compare trusted checkpoints of sizes reached here; ``heads[n]`` is the link after ``n`` of these lines."""
        reached = len(heads) - 1
        stops = {size - base for size in self.trusted.sizes if base < size <= base + reached}
        records = {at for at in marks if at < reached}
        done = 0
        for stop in sorted(stops | records):
            root = self._root(heads[done + 1 : stop + 1])
            done = stop
            if stop in stops:
                self.trusted.check(base + stop, root, heads[stop])
            if stop in records:
                self.trusted.check_record(lines[stop], base + stop, root, heads[stop])
        self._root(heads[done + 1 :])

    def _root(self, links: list[str]) -> bytes | None:
        if self.tree is None:
            return None
        self.tree.extend([bytes.fromhex(link) for link in links])
        return self.tree.root()

    def _end(self) -> Verification:
        if self.files.active is None:
            return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why="the segment that is appended to is gone")
        if self.torn > MAX_LINE_BYTES:
            why = f"what follows byte {self._place(self.offset)[1]} is too long for a line"
            return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why=why)
        if self.torn:
            at = self._place(self.offset)[1]
            why = f"{self.torn} bytes from byte {at} on are no whole line: a crash while writing, or a cut"
            return self._result(ChainVerdict.INCOMPLETE_TAIL, torn=True, why=why)
        if not self.seq:
            why = f"{self.files.active.path} is empty; a chain has a first record from the start"
            return self._result(ChainVerdict.EMPTY, why=why)
        if reason := _reason(self.last):
            self.offset -= len(self.last) + 1
            self.seq -= 1
            return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why=f"the last record: {reason}")
        return self._result(ChainVerdict.OK)

    def _held_to_its_length(self, found: Verification) -> Verification:
        """Compare the length with what the trusted checkpoints say, and say what became of records that are gone."""
        if found.verdict is ChainVerdict.TAMPERED:
            return found
        try:
            self.trusted.check_end(found.records)
        except CheckpointMismatch as error:
            if error.kind != "tampered":
                raise
            return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why=str(error))
        if why := self.trusted.unsaid():
            name = self.entered[0][0].name
            return replace(found, verdict=ChainVerdict.TAMPERED, bad_seq=0, offset=0, segment=name, why=why)
        return found

    def _bad_line(self) -> Verification:
        """Say which record is bad: ``self.last`` does not continue the chain at ``self.seq``."""
        line, seq = self.last, self.seq
        why = _reason(line)
        if not why:
            found = decode(line)
            if found.seq != seq:
                why = f"record {seq} is expected here and {found.seq} stands: records were removed, added or moved"
            elif self.offset > self.entered[-1][1].offset and self._is_vouched_for(line):
                self.offset, self.seq = self._start_of_previous(), seq - 1
                why = f"record {seq - 1} was changed after record {seq} was written"
            else:
                why = f"record {seq} does not continue record {seq - 1}: one of them was changed"
                why = why if seq else "record 0 does not begin with 64 zeros as prev"
        return self._result(ChainVerdict.TAMPERED, bad_seq=self.seq, why=why)

    def _is_vouched_for(self, line: bytes) -> bool:
        segment, origin = self.entered[-1]
        with segment.reading() as file:
            file.seek(self.offset - origin.offset + len(line) + 1)
            return file.readline(128).startswith(b'{"prev":"%b"' % link(line).encode("ascii"))

    def _start_of_previous(self) -> int:
        segment, origin = self.entered[-1]
        at = self.offset - origin.offset
        with segment.reading() as file:
            span = min(at, MAX_LINE_BYTES + 2)
            file.seek(at - span)
            return self.offset - span + file.read(span - 1).rfind(b"\n") + 1

    def _disagreed(self, error: CheckpointMismatch) -> Verification:
        """The first record that no earlier checkpoint vouches for is the first that may be bad."""
        if self.trusted.signed_records > self.start.first:
            self.seq, self.offset = self.trusted.signed_records, self.trusted.signed_bytes
        else:
            self.seq, self.offset = self.start.first, self.start.offset
        bad = self.seq if error.kind == "tampered" else None
        return self._result(ChainVerdict(error.kind), bad_seq=bad, why=str(error))

    def _result(
        self, verdict: ChainVerdict, *, bad_seq: int | None = None, torn: bool = False, why: str = ""
    ) -> Verification:
        name, offset = self._place(self.offset) if torn or bad_seq is not None else ("", None)
        return Verification(
            verdict=verdict,
            records=self.seq,
            size_bytes=self.offset,
            head=self.prev,
            bad_seq=bad_seq,
            offset=offset,
            segment=name,
            why=why,
            signed_records=self.trusted.signed_records,
            keys=tuple(map(str, self.trusted.keys)) if self.trusted.signed_records else (),
            segments=len(self.entered),
            dropped=self.trusted.dropped(),
        )

    def _place(self, offset: int) -> tuple[str, int | None]:
        """Return the segment that holds a byte of the chain, and where in it that is."""
        places = ((segment.name, offset - origin.offset) for segment, origin in reversed(self.entered))
        return next((place for place in places if place[1] >= 0), ("", None))


def fault_in(segment: Segment, after: SegmentStart) -> str:
    """Verify one closed segment by itself, up to where the next one starts, and return what is wrong with it.

    Empty when it holds. Raises ``OSError`` when it cannot be read.
    """
    verifier = Verifier(ChainFiles(closed=(segment,), active=None), TrustedCheckpoints(keys=()))
    why = verifier.over(segment)
    if not why and (verifier.seq, verifier.prev, verifier.offset) != (after.first, after.prev, after.offset):
        why = f"{segment.name} ends with record {verifier.seq - 1}, and not as the segment after it says"
    return why


class _Stop(Exception):
    """The pass ends in the middle of a segment; ``found`` is what it came to."""

    def __init__(self, found: Verification) -> None:
        super().__init__(found.why)
        self.found = found


def _reason(line: bytes) -> str:
    try:
        decode(line)
    except MalformedRecord as error:
        return str(error)
    return ""


def _blocks(file: BinaryIO, left: int | None) -> Iterator[tuple[list[bytes], set[int]]]:
    """Yield the whole lines of each chunk, and which of them may hold what a trusted checkpoint wants to read.

    Stops after ``left`` bytes, and at a line that is longer than any may be.
    """
    rest = b""
    while len(rest) <= MAX_LINE_BYTES:
        chunk = file.read(_CHUNK_BYTES if left is None else min(_CHUNK_BYTES, left))
        if not chunk:
            return
        left = None if left is None else left - len(chunk)
        chunk = rest + chunk
        lines = chunk.split(b"\n")
        rest = lines.pop()
        yield lines, set(_line_numbers(chunk))


def _line_numbers(chunk: bytes) -> Iterator[int]:
    """Yield the number of each line of the chunk in which a mark stands."""
    seen, number = 0, 0
    for mark in MARKS.finditer(chunk):
        number += chunk.count(b"\n", seen, mark.start())
        yield number
        seen = mark.start()
