"""The signed checkpoints, kept beside the log or elsewhere, that a chain is compared with.

Comes in: the folder's latest checkpoint, anchors that the user kept, the keys to trust. Goes out: for each size that
one of them speaks of, whether the chain agrees. It does no reading of the log itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentops.audit.chain import MalformedRecord, decode
from agentops.audit.proofs.checkpoints import LATEST, handover_text, read_public_keys
from agentops.audit.proofs.note import BadNote, Checkpoint, PublicKey, open_note, parse_checkpoint, parse_key
from agentops.audit.segments.files import explained
from agentops.audit.segments.segment import SEGMENT_BEGUN, SEGMENT_DROPPED, SegmentStart
from agentops.audit.verify.verdict import DroppedRecords
from agentops.core.audit import AuditRecord

MARKS = re.compile(f'"event":"(?:checkpoint|key_rotated|{SEGMENT_BEGUN}|{SEGMENT_DROPPED})"'.encode())
_NOTES = {"checkpoint": "note", SEGMENT_BEGUN: "checkpoint"}


class CheckpointMismatch(Exception):
    """A trusted checkpoint and the chain do not agree.

    ``kind`` is ``tampered``, ``key-mismatch`` or ``unanchored``; the message is one sentence.
    """

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedCheckpoint:
    """A checkpoint from outside the log; ``kind`` is what to call it when it cannot be trusted."""

    who: str
    kind: str
    note: str
    says: Checkpoint


@dataclass(kw_only=True)
class TrustedCheckpoints:
    """The checkpoints to hold the chain against, the keys good where it stands, and how far it is vouched for."""

    keys: tuple[PublicKey, ...]
    expected: list[TrustedCheckpoint] = field(default_factory=list)
    latest: Checkpoint | None = None
    signed_records: int = 0
    signed_bytes: int = 0
    foreign: tuple[int, str] | None = None
    begun_after: SegmentStart = field(default_factory=SegmentStart)
    tombstone: DroppedRecords | None = None

    @property
    def sizes(self) -> frozenset[int]:
        """The sizes at which a trusted checkpoint outside the log speaks."""
        return frozenset(checkpoint.says.size for checkpoint in self.expected)

    def check(self, size: int, root: bytes | None, head: str) -> None:
        """Hold the chain's first ``size`` records against every trusted checkpoint of that size.

        Raises:
            CheckpointMismatch: one of them says otherwise, or is not signed by a key that is good there.
        """
        for checkpoint in self.expected:
            if checkpoint.says.size == size:
                self._open(checkpoint)
                self._agree(checkpoint.who, checkpoint.says, root, head)

    def begin_after(self, origin: SegmentStart) -> None:
        """Note that what stands before ``origin`` is not there any more, and hear who speaks of exactly that.

        Raises:
            CheckpointMismatch: as ``check``.
        """
        self.begun_after = origin
        self.check(origin.first, origin.tree.root(), origin.prev)

    def check_record(self, line: bytes, size: int, root: bytes | None, head: str) -> None:
        """Read a record that may be a checkpoint, a hand-over of the key, or about segments.

        A checkpoint by an unknown key vouches for nothing; it matters only when no known one comes after it.

        Arguments:
            size: how many records stand before it.

        Raises:
            CheckpointMismatch: a checkpoint says otherwise, or a hand-over is not signed by the key that hands over.
        """
        try:
            record = decode(line)
            if record.event == "key_rotated":
                self._hand_over(record, size, head)
            if record.event == SEGMENT_DROPPED:
                self._remember_drop(record)
            note = str(record.payload.get(_NOTES.get(record.event, ""), ""))
            if not note and record.event != "checkpoint":
                return
            found = parse_checkpoint(note)
            open_note(note, self.keys)
        except (BadNote, MalformedRecord) as error:
            self.foreign = self.foreign or (size, f"record {size} cannot be trusted: {error}")
            return
        if found.size != size:
            raise CheckpointMismatch("tampered", f"the checkpoint in record {size} is of {found.size} records")
        self._agree(f"the checkpoint in record {size}", found, root, head)

    def check_end(self, records: int) -> None:
        """Say so when a trusted checkpoint saw more records than there are, or an unknown key signed last.

        Raises:
            CheckpointMismatch: it did.
        """
        for checkpoint in self.expected:
            if checkpoint.says.size < self.begun_after.first:
                self._open(checkpoint)
                first = self.begun_after.first
                gone = f"{checkpoint.who} is of {checkpoint.says.size} records, and the first {first} are gone"
                kind = "unanchored" if checkpoint.kind == "unanchored" else "tampered"
                raise CheckpointMismatch(kind, f"{gone}: it cannot be compared with what is left")
            if checkpoint.says.size > records:
                self._open(checkpoint)
                raise CheckpointMismatch(
                    "tampered",
                    f"{checkpoint.who} vouches for {checkpoint.says.size} records and the log holds {records}: "
                    "its end was cut off, or an old copy was put back",
                )
        if self.foreign and self.signed_records <= self.foreign[0]:
            raise CheckpointMismatch("key-mismatch", self.foreign[1])

    def dropped(self) -> DroppedRecords | None:
        """Return what the chain says of records that are gone; None when it says nothing, or none are."""
        return self.tombstone

    def unsaid(self) -> str:
        """Return why the records that are gone are missed; empty when a record accounts for them."""
        if not self.begun_after.first:
            return ""
        gone = f"records 0 to {self.begun_after.first - 1} are gone"
        if self.tombstone is None:
            return f"{gone}, and no record says that they were dropped"
        if self.keys and self.tombstone.checkpoint is None:
            return f"{gone}, and record {self.tombstone.seq}, which says that they were dropped, is not signed"
        return ""

    def _remember_drop(self, record: AuditRecord) -> None:
        says, origin = record.payload, self.begun_after
        closed = says.get("closed")
        head = closed.get("head") if isinstance(closed, dict) else None
        told = (says.get("size"), says.get("offset"), says.get("root"), head)
        if told == (origin.first, origin.offset, origin.tree.root().hex(), origin.prev):
            self.tombstone = DroppedRecords(records=origin.first, time=record.time, seq=record.seq, checkpoint=None)

    def _open(self, checkpoint: TrustedCheckpoint) -> None:
        try:
            open_note(checkpoint.note, self.keys)
        except BadNote as error:
            raise CheckpointMismatch(checkpoint.kind, f"{checkpoint.who} cannot be trusted: {error}") from error

    def _hand_over(self, record: AuditRecord, size: int, head: str) -> None:
        old, new = (parse_key(str(record.payload.get(name, ""))) for name in ("old", "new"))
        if old not in self.keys:
            raise BadNote("no known key hands over")
        if open_note(str(record.payload.get("handover", "")), (old,)) != handover_text(old, new, size, head):
            raise BadNote("the hand-over is of other keys, or of other records before it")
        self.keys = (*(key for key in self.keys if key not in (old, new)), new)

    def _agree(self, who: str, found: Checkpoint, root: bytes | None, head: str) -> None:
        if found.head != head or (root is not None and found.root != root):
            raise CheckpointMismatch(
                "tampered",
                f"{who} does not agree with the first {found.size} records: one of those from {self.signed_records} on "
                "was rewritten",
            )
        if found.size > self.signed_records:
            self.signed_records, self.signed_bytes = found.size, found.offset
        if self.tombstone and self.tombstone.checkpoint is None and found.size > self.tombstone.seq:
            self.tombstone = replace(self.tombstone, checkpoint=found.size)


def gather(folder: Path, *, keys: Sequence[PublicKey], anchors: Sequence[str]) -> TrustedCheckpoints:
    """Return the trusted checkpoints for the chain in ``folder``; their signatures are checked where they speak.

    Arguments:
        keys: the only keys to trust; those that the folder itself lists when there are none.
        anchors: notes that were kept elsewhere.

    Raises:
        CheckpointMismatch: a checkpoint is none, or of another log.
    """
    found = TrustedCheckpoints(keys=tuple(keys) or read_public_keys(folder))
    path = folder / LATEST
    with explained(path, "read"):
        note = path.read_text("utf-8", "replace") if path.exists() else ""
    if note:
        latest = _witness("the latest checkpoint", "key-mismatch", note, found.keys)
        found.expected.append(latest)
        found.latest = latest.says
    for number, anchor in enumerate(anchors, start=1):
        who = "the anchor" if len(anchors) == 1 else f"anchor {number}"
        found.expected.append(_witness(who, "unanchored", anchor, found.keys))
    return found


def _witness(who: str, kind: str, note: str, keys: tuple[PublicKey, ...]) -> TrustedCheckpoint:
    try:
        says = parse_checkpoint(note)
        if says.origin not in {key.name for key in keys}:
            raise BadNote(f"it is of another log, {says.origin}")
    except BadNote as error:
        raise CheckpointMismatch(kind, f"{who} cannot be trusted: {error}") from error
    return TrustedCheckpoint(who=who, kind=kind, note=note, says=says)
