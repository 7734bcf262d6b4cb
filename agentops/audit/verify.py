"""Is the chain whole and unaltered? Reads every byte once, in constant memory, and says where it stops being so.

Comes in: the audit folder. Goes out: a ``Verification``. It never writes and never repairs. A line is compared with how
it must begin and hashed as it stands; it is decoded only where something is wrong, and at the end of the chain, whose
last line no other line vouches for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from agentops.audit.chain import GENESIS_PREV, MAX_LINE_BYTES, Malformed, decode, link, opening
from agentops.audit.files import LOG, explained, last_line
from agentops.audit.merkle import Range
from agentops.audit.note import Checkpoint, PublicKey
from agentops.audit.witness import MARKS, Disagreement, Witnesses, gather

_CHUNK_BYTES = 1024 * 1024


class Verdict(StrEnum):
    """What verification came to."""

    OK = "ok"
    TAMPERED = "tampered"
    INCOMPLETE_TAIL = "incomplete-tail"
    EMPTY = "empty"
    ABSENT = "absent"
    KEY_MISMATCH = "key-mismatch"
    UNANCHORED = "unanchored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was read and whether it holds.

    Arguments:
        records: how many records hold, from the first on.
        size_bytes: how many bytes those take.
        head: the link that the next record would carry.
        bad_seq: the first record that does not hold, or is missing; None when all are there and hold.
        offset: the byte of the file at which that record, or the torn tail, begins.
        why: one sentence; empty when all is well.
        signed_records: for how many records, from the first on, a signature vouches. Those after it hold together, but
            nothing outside the log says that they were not rewritten or cut.
        keys: the keys whose signatures were believed; when the user gave none, those that the folder itself lists.
    """

    verdict: Verdict
    records: int = 0
    size_bytes: int = 0
    head: str = GENESIS_PREV
    bad_seq: int | None = None
    offset: int | None = None
    why: str = ""
    signed_records: int = 0
    keys: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every record holds and none is torn."""
        return self.verdict is Verdict.OK


def verify(
    folder: Path, *, keys: Sequence[PublicKey] = (), anchors: Sequence[str] = (), roots: bool = False
) -> Verification:
    """Verify the chain in ``folder``, with the checkpoints that were signed for it.

    Arguments:
        keys: the only keys to believe; without any, those that the folder lists, which its writer could have changed.
        anchors: checkpoint notes that were kept elsewhere; each must be of this chain.
        roots: also compute the tree and compare each checkpoint's root. The signed head vouches for every record before
            it already; the root only matters to proofs, and costs as much again.

    Raises:
        AuditError: the log is there and cannot be read.
    """
    with explained(folder / LOG, "read"):
        try:
            witnesses = gather(folder, keys=keys, anchors=anchors)
        except Disagreement as error:
            return Verification(verdict=Verdict(error.kind), why=str(error))
    found = verify_to(folder, witnesses, roots=roots)
    if found.intact and keys and not found.signed_records:
        return replace(found, verdict=Verdict.KEY_MISMATCH, why="nothing in the log is signed by the given key")
    return found


def verify_to(
    folder: Path, witnesses: Witnesses, *, limit: int | None = None, skip: bool = False, roots: bool = False
) -> Verification:
    """Verify the chain in ``folder`` against witnesses that were gathered before.

    Arguments:
        limit: how many bytes of the log to read, though there be more by now; None for all that there are.
        skip: believe what the latest checkpoint vouches for, when the log stands there as it says, and read on from
            there. Otherwise, without a checkpoint, and with ``roots``, read from the start.
        roots: as for ``verify``.

    Raises:
        AuditError: the log is there and cannot be read.
    """
    path = folder / LOG
    with explained(path, "read"):
        if path.exists():
            size = path.stat().st_size if limit is None else limit
            return _Walk(path, witnesses, Range() if roots else None, size).run(skip=skip)
        try:
            witnesses.check_end(0)
        except Disagreement as error:
            return Verification(verdict=Verdict(error.kind), why=str(error))
        return Verification(verdict=Verdict.ABSENT, why=f"there is no chain in {folder}")


class _Walk:
    """One pass over the file; the fields are where it stands."""

    def __init__(self, path: Path, witnesses: Witnesses, tree: Range | None, limit: int) -> None:
        self.path = path
        self.witnesses = witnesses
        self.tree = tree
        self.limit = limit
        self.prev = GENESIS_PREV
        self.seq = 0
        self.offset = 0
        self.last = b""

    def run(self, *, skip: bool) -> Verification:
        try:
            if skip and self.tree is None and self.witnesses.latest is not None:
                self._skip_to(self.witnesses.latest)
            for lines, marks in _blocks(self.path, self.offset, self.limit):
                base, before = self.seq, self.prev
                good, links = self._follow(lines)
                self._ask(lines, marks, base, [before, *links])
                if not good:
                    return self._tampered()
            found = self._end()
        except Disagreement as error:
            return self._disagreed(error)
        return found if found.verdict is Verdict.TAMPERED else self._held_to_its_length(found)

    def _skip_to(self, says: Checkpoint) -> None:
        """Begin after the records that a checkpoint vouches for, unless the last of them is not there as it says."""
        if says.offset > self.limit:
            return
        with self.path.open("rb") as file:
            line, end = last_line(file.fileno(), says.offset)
        if (end, link(line)) != (says.offset, says.head):
            return
        self.witnesses.check(says.size, None, says.head)
        self.prev, self.seq, self.offset, self.last = says.head, says.size, says.offset, line

    def _held_to_its_length(self, found: Verification) -> Verification:
        """Ask the witnesses whether there were more records than these, all of which hold."""
        try:
            self.witnesses.check_end(found.records)
        except Disagreement as error:
            if error.kind != "tampered":
                return self._disagreed(error)
            missing, size = found.records, found.size_bytes
            return replace(found, verdict=Verdict.TAMPERED, bad_seq=missing, offset=size, why=str(error))
        return found

    def _follow(self, lines: list[bytes]) -> tuple[bool, list[str]]:
        """Advance over whole lines and return their links; False when one does not continue. The hot loop."""
        prev, seq, offset = self.prev, self.seq, self.offset
        line = self.last
        links: list[str] = []
        good = True
        for line in lines:
            if not line.startswith(b'{"prev":"%b","seq":%d,"v":1,' % (prev.encode("ascii"), seq)):
                good = self._continues(line, prev, seq)
                if not good:
                    break
            prev = sha256(line).hexdigest()
            links.append(prev)
            seq += 1
            offset += len(line) + 1
        self.prev, self.seq, self.offset, self.last = prev, seq, offset, line
        return good, links

    def _ask(self, lines: list[bytes], marks: set[int], base: int, heads: list[str]) -> None:
        """Ask every witness that speaks of a size reached here; ``heads[n]`` is the link after ``n`` of these lines."""
        reached = len(heads) - 1
        stops = {size - base for size in self.witnesses.sizes if base < size <= base + reached}
        records = {at for at in marks if at < reached}
        done = 0
        for stop in sorted(stops | records):
            root = self._root(heads[done + 1 : stop + 1])
            done = stop
            if stop in stops:
                self.witnesses.check(base + stop, root, heads[stop])
            if stop in records:
                self.witnesses.check_record(lines[stop], base + stop, root, heads[stop])
        self._root(heads[done + 1 :])

    def _root(self, links: list[str]) -> bytes | None:
        if self.tree is None:
            return None
        self.tree.extend([bytes.fromhex(link) for link in links])
        return self.tree.root()

    def _disagreed(self, error: Disagreement) -> Verification:
        first = self.witnesses.signed_records
        return Verification(
            verdict=Verdict(error.kind),
            records=first,
            size_bytes=self.witnesses.signed_bytes,
            head=self.prev,
            bad_seq=first if error.kind == "tampered" else None,
            offset=self.witnesses.signed_bytes if error.kind == "tampered" else None,
            why=str(error),
            signed_records=first,
            keys=tuple(map(str, self.witnesses.keys)),
        )

    def _continues(self, line: bytes, prev: str, seq: int) -> bool:
        """Judge a line of another version, which begins alike but for the version."""
        return line.startswith(opening(prev, seq)[:-2]) and not _reason(line)

    def _end(self) -> Verification:
        torn = self.limit - self.offset
        if torn > MAX_LINE_BYTES:
            why = f"what follows byte {self.offset} is too long for a line"
            return self._result(Verdict.TAMPERED, offset=self.offset, bad_seq=self.seq, why=why)
        if torn > 0:
            why = f"{torn} bytes from byte {self.offset} on are no whole line: a crash while writing, or a cut"
            return self._result(Verdict.INCOMPLETE_TAIL, offset=self.offset, why=why)
        if not self.seq:
            return self._result(Verdict.EMPTY, why=f"{self.path} is empty; a chain has a first record from the start")
        if reason := _reason(self.last):
            self.offset -= len(self.last) + 1
            self.seq -= 1
            return self._result(
                Verdict.TAMPERED, offset=self.offset, bad_seq=self.seq, why=f"the last record: {reason}"
            )
        return self._result(Verdict.OK)

    def _tampered(self) -> Verification:
        """Say which record is bad: ``self.last`` does not continue the chain at ``self.seq``."""
        line, seq, offset = self.last, self.seq, self.offset
        why = _reason(line)
        if not why:
            found = decode(line)
            if found.seq != seq:
                why = f"record {seq} is expected here and {found.seq} stands: records were removed, added or moved"
            elif self._is_vouched_for(line) and seq:
                seq, offset = seq - 1, self._start_of_previous()
                why = f"record {seq} was changed after record {seq + 1} was written"
            else:
                why = f"record {seq} does not continue record {seq - 1}: one of them was changed"
                why = why if seq else "record 0 does not begin with 64 zeros as prev"
        return self._result(Verdict.TAMPERED, offset=offset, bad_seq=seq, why=why)

    def _is_vouched_for(self, line: bytes) -> bool:
        with self.path.open("rb") as file:
            file.seek(self.offset + len(line) + 1)
            return file.readline(128).startswith(b'{"prev":"%b"' % link(line).encode("ascii"))

    def _start_of_previous(self) -> int:
        with self.path.open("rb") as file:
            span = min(self.offset, MAX_LINE_BYTES + 2)
            file.seek(self.offset - span)
            return self.offset - span + file.read(span - 1).rfind(b"\n") + 1

    def _result(
        self, verdict: Verdict, *, offset: int | None = None, bad_seq: int | None = None, why: str = ""
    ) -> Verification:
        return Verification(
            verdict=verdict,
            records=self.seq if bad_seq is None else bad_seq,
            size_bytes=self.offset if offset is None else offset,
            head=self.prev,
            bad_seq=bad_seq,
            offset=offset,
            why=why,
            signed_records=self.witnesses.signed_records,
            keys=tuple(map(str, self.witnesses.keys)) if self.witnesses.signed_records else (),
        )


def _reason(line: bytes) -> str:
    try:
        decode(line)
    except Malformed as error:
        return str(error)
    return ""


def _blocks(path: Path, start: int, limit: int) -> Iterator[tuple[list[bytes], set[int]]]:
    """Yield the whole lines of each chunk from ``start`` to ``limit``, and which of them may hold a checkpoint.

    Stops at a line that is longer than any may be.
    """
    rest, left = b"", limit - start
    with path.open("rb") as file:
        file.seek(start)
        while len(rest) <= MAX_LINE_BYTES and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            chunk = rest + chunk
            lines = chunk.split(b"\n")
            rest = lines.pop()
            yield lines, {at for mark in MARKS for at in _line_numbers(chunk, mark)}


def _line_numbers(chunk: bytes, mark: bytes) -> Iterator[int]:
    """Yield the number of each line of the chunk in which ``mark`` stands."""
    seen, number, at = 0, 0, chunk.find(mark)
    while at >= 0:
        number += chunk.count(b"\n", seen, at)
        yield number
        seen, at = at, chunk.find(mark, at + 1)
