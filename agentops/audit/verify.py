"""Is the chain whole and unaltered? Reads every byte once, in constant memory, and says where it stops being so.

Comes in: the audit folder. Goes out: a ``Verification``. It never writes and never repairs. A line is compared with how
it must begin and hashed as it stands; it is decoded only where something is wrong, and at the end of the chain, whose
last line no other line vouches for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from agentops.audit.chain import GENESIS_PREV, MAX_LINE_BYTES, Malformed, decode, link, opening
from agentops.audit.files import LOG, explained

_CHUNK_BYTES = 1024 * 1024


class Verdict(StrEnum):
    """What verification came to."""

    OK = "ok"
    TAMPERED = "tampered"
    INCOMPLETE_TAIL = "incomplete-tail"
    EMPTY = "empty"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was read and whether it holds.

    Arguments:
        records: how many records hold, from the first on.
        size_bytes: how many bytes those take.
        head: the link that the next record would carry.
        bad_seq: the first record that does not hold; None when all do.
        offset: the byte of the file at which that record, or the torn tail, begins.
        why: one sentence; empty when all is well.
    """

    verdict: Verdict
    records: int = 0
    size_bytes: int = 0
    head: str = GENESIS_PREV
    bad_seq: int | None = None
    offset: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """Whether every record holds and none is torn."""
        return self.verdict is Verdict.OK


def verify(folder: Path) -> Verification:
    """Verify the chain in ``folder``.

    Raises:
        AuditError: the log is there and cannot be read.
    """
    path = folder / LOG
    with explained(path, "read"):
        if not path.exists():
            return Verification(verdict=Verdict.ABSENT, why=f"there is no chain in {folder}")
        return _Walk(path).run()


class _Walk:
    """One pass over the file; the fields are where it stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.prev = GENESIS_PREV
        self.seq = 0
        self.offset = 0
        self.last = b""

    def run(self) -> Verification:
        for lines in _blocks(self.path):
            if not self._follow(lines):
                return self._tampered()
        return self._end()

    def _follow(self, lines: list[bytes]) -> bool:
        """Advance over whole lines; False when one does not continue the chain. The hot loop."""
        prev, seq, offset = self.prev, self.seq, self.offset
        line = self.last
        good = True
        for line in lines:
            if not line.startswith(b'{"prev":"%b","seq":%d,"v":1,' % (prev.encode("ascii"), seq)):
                good = self._continues(line, prev, seq)
                if not good:
                    break
            prev = sha256(line).hexdigest()
            seq += 1
            offset += len(line) + 1
        self.prev, self.seq, self.offset, self.last = prev, seq, offset, line
        return good

    def _continues(self, line: bytes, prev: str, seq: int) -> bool:
        """Judge a line of another version, which begins alike but for the version."""
        return line.startswith(opening(prev, seq)[:-2]) and not _reason(line)

    def _end(self) -> Verification:
        torn = self.path.stat().st_size - self.offset
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
        )


def _reason(line: bytes) -> str:
    try:
        decode(line)
    except Malformed as error:
        return str(error)
    return ""


def _blocks(path: Path) -> Iterator[list[bytes]]:
    """Yield the whole lines of each chunk; stop at a line that is longer than any may be."""
    rest = b""
    with path.open("rb") as file:
        while len(rest) <= MAX_LINE_BYTES and (chunk := file.read(_CHUNK_BYTES)):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            yield lines
