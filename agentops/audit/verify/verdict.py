"""``ChainVerdict`` and ``Verification``: the result of verifying a chain, and what was read to reach it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agentops.audit.chain import GENESIS_PREV


class ChainVerdict(StrEnum):
    """What verification came to."""

    OK = "ok"
    TAMPERED = "tampered"
    INCOMPLETE_TAIL = "incomplete-tail"
    UNSIGNED_TAIL = "unsigned-tail"
    EMPTY = "empty"
    ABSENT = "absent"
    KEY_MISMATCH = "key-mismatch"
    UNANCHORED = "unanchored"


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedRecords:
    """The beginning of a chain that retention took away, as a record in the chain says.

    Arguments:
        records: how many, from the first on.
        time: when, as the record says.
        seq: which record says so.
        checkpoint: the size of the first signed checkpoint over that record; None in a chain without signatures.
    """

    records: int
    time: str
    seq: int
    checkpoint: int | None

    def __str__(self) -> str:
        under = "" if self.checkpoint is None else f" under the checkpoint of {self.checkpoint} records"
        said = f"dropped by retention at {self.time}, as record {self.seq} says{under}"
        return f"records 0 to {self.records - 1} were {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was read and whether it holds.

    Arguments:
        records: how many records hold, from the first on, with those before them that retention took away.
        size_bytes: how many bytes those take, all segments together and uncompressed.
        head: the link that the next record would carry.
        bad_seq: the first record that does not hold, or is missing; None when all are there and hold.
        offset: the byte of its segment, uncompressed, at which that record, or the torn tail, begins.
        segment: the file in which that is, named as it is when not compressed; empty with no ``offset``.
        why: one sentence; empty when all is well.
        signed_records: for how many records, from the first on, a signature vouches. Those after it hold together, but
            nothing outside the log says that they were not rewritten or cut.
        keys: the keys whose signatures were believed; when the user gave none, those that the folder itself lists.
        segments: how many files were read.
        dropped: what retention took away; None when the chain is there from its first record on.
    """

    verdict: ChainVerdict
    records: int = 0
    size_bytes: int = 0
    head: str = GENESIS_PREV
    bad_seq: int | None = None
    offset: int | None = None
    segment: str = ""
    why: str = ""
    signed_records: int = 0
    keys: tuple[str, ...] = ()
    segments: int = 0
    dropped: DroppedRecords | None = None

    @property
    def intact(self) -> bool:
        """Whether every record holds and none is torn."""
        return self.verdict is ChainVerdict.OK
