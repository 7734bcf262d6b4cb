"""What vouches for a chain from outside its lines: signed checkpoints, kept beside the log or elsewhere.

Comes in: the folder's latest checkpoint, anchors that the user kept, the keys to trust. Goes out: for each size that
one of them speaks of, whether the chain agrees. It does no reading of the log itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agentops.audit.chain import Malformed, decode
from agentops.audit.checkpoints import LATEST, read_public_keys
from agentops.audit.files import explained
from agentops.audit.note import BadNote, Checkpoint, PublicKey, open_note, parse_checkpoint

MARK = b'"event":"checkpoint"'


class Disagreement(Exception):
    """A witness and the chain do not agree.

    ``kind`` is ``tampered``, ``key-mismatch`` or ``unanchored``; the message is one sentence.
    """

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(kw_only=True)
class Witnesses:
    """The checkpoints to hold the chain against, and how far they have vouched for it."""

    keys: tuple[PublicKey, ...]
    expected: list[tuple[str, Checkpoint]] = field(default_factory=list)
    signed_records: int = 0
    signed_bytes: int = 0

    @property
    def sizes(self) -> frozenset[int]:
        """The sizes at which a witness outside the log speaks."""
        return frozenset(found.size for _who, found in self.expected)

    def check(self, size: int, root: bytes | None, head: str) -> None:
        """Hold the chain's first ``size`` records against every witness of that size.

        Raises:
            Disagreement: one of them says otherwise.
        """
        for who, found in self.expected:
            if found.size == size:
                self._agree(who, found, root, head)

    def check_record(self, line: bytes, size: int, root: bytes | None, head: str) -> None:
        """Hold the records before a checkpoint record against the note that it carries.

        Raises:
            Disagreement: the note is not signed by a known key, or says otherwise.
        """
        try:
            record = decode(line)
            if record.event != "checkpoint":
                return
            note = str(record.payload.get("note", ""))
            open_note(note, self.keys)
            found = parse_checkpoint(note)
        except (BadNote, Malformed) as error:
            raise Disagreement("key-mismatch", f"the checkpoint in record {size} cannot be trusted: {error}") from error
        if found.size != size:
            raise Disagreement("tampered", f"the checkpoint in record {size} is of {found.size} records")
        self._agree(f"the checkpoint in record {size}", found, root, head)

    def check_end(self, records: int) -> None:
        """Say so when a witness saw more records than there are.

        Raises:
            Disagreement: it did.
        """
        for who, found in self.expected:
            if found.size > records:
                raise Disagreement(
                    "tampered",
                    f"{who} vouches for {found.size} records and the log holds {records}: its end was cut off, "
                    "or an old copy was put back",
                )

    def _agree(self, who: str, found: Checkpoint, root: bytes | None, head: str) -> None:
        if found.head != head or (root is not None and found.root != root):
            raise Disagreement(
                "tampered",
                f"{who} does not agree with the first {found.size} records: one of those from {self.signed_records} on "
                "was rewritten",
            )
        if found.size > self.signed_records:
            self.signed_records, self.signed_bytes = found.size, found.offset


def gather(folder: Path, *, keys: Sequence[PublicKey], anchors: Sequence[str]) -> Witnesses:
    """Return the witnesses for the chain in ``folder``.

    Arguments:
        keys: the only keys to trust; those that the folder itself lists when there are none.
        anchors: notes that were kept elsewhere.

    Raises:
        Disagreement: a checkpoint is not signed by a known key, or an anchor is of another log.
    """
    found = Witnesses(keys=tuple(keys) or read_public_keys(folder))
    path = folder / LATEST
    with explained(path, "read"):
        note = path.read_text("utf-8", "replace") if path.exists() else ""
    if note:
        who = "the latest checkpoint"
        found.expected.append((who, _opened(note, found.keys, who, "key-mismatch")))
    for number, anchor in enumerate(anchors, start=1):
        who = "the anchor" if len(anchors) == 1 else f"anchor {number}"
        found.expected.append((who, _opened(anchor, found.keys, who, "unanchored")))
    return found


def _opened(note: str, keys: tuple[PublicKey, ...], who: str, kind: str) -> Checkpoint:
    try:
        checkpoint = parse_checkpoint(note)
        if keys and checkpoint.origin not in {key.name for key in keys}:
            raise BadNote(f"it is of another log, {checkpoint.origin}")
        open_note(note, keys)
    except BadNote as error:
        raise Disagreement(kind, f"{who} cannot be trusted: {error}") from error
    return checkpoint
