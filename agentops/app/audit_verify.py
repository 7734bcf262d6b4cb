"""The use case ``audit verify``: whether every record of the log is intact, held against signatures and anchors.

Comes in: settings, keys, places of anchors. Goes out: the verdict and what it rests on. Reads only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.audit_copies import anchor_notes
from agentops.app.audit_proofs import parsed_key
from agentops.app.recorded_changes import lost_changes, unrecorded_changes
from agentops.audit.verify.verdict import ChainVerdict, Verification

if TYPE_CHECKING:
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLog:
    """What verification came to, and how many anchors it was held against.

    Arguments:
        anchored_records: how many records the newest anchor speaks of.
        unrecorded: ids of changes that the journal keeps and no record names: the log was begun anew.
        lost: ids of changes that are on record and that the journal does not keep: that one was deleted.
        is_copy: neither a journal nor the key that signs is there, so the log is a copy, and no journal is asked.
    """

    folder: Path
    verification: Verification
    anchors: int
    anchored_records: int
    unrecorded: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    is_copy: bool = False

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the log; a log that does not exist yet is good, unless changes were made."""
        speaks_against = self.unrecorded or self.lost
        return self.verification.verdict in (ChainVerdict.OK, ChainVerdict.ABSENT) and not speaks_against

    @property
    def status(self) -> str:
        """The verdict in one word for scripts."""
        if self.unrecorded:
            return "begun-anew"
        return "changes-lost" if self.lost else self.verification.verdict.value


def verify_log(
    settings: Settings,
    *,
    anchors: Sequence[str] = (),
    keys: Sequence[str] = (),
    endpoint_url: str = "",
    require_signed: bool = False,
) -> VerifiedLog:
    """Walk the log from its first byte, and hold it against what was signed and kept elsewhere.

    Arguments:
        anchors: the places of checkpoints.
        keys: trust only these public keys; empty means those that the folder lists.
        require_signed: a signed checkpoint must cover the last record.

    Raises:
        UsageError: a key or a place is none.
        AuditError: a place holds no anchor, or the log cannot be read.
        DestinationError: a place cannot be read.
        StoreError: the journal of changes cannot be read.
    """
    from agentops.audit.proofs.checkpoints import KEY
    from agentops.audit.verify.full_check import verify

    trusted = [parsed_key(text) for text in keys]
    notes = anchor_notes(settings, anchors, trusted, endpoint_url)
    folder = settings.folders.audit
    found = verify(folder, keys=trusted, anchors=notes, require_signed=require_signed)
    # A log that cannot be walked is bad enough; what it speaks of is asked of one that can.
    can_be_read = found.verdict in (ChainVerdict.OK, ChainVerdict.ABSENT)
    missing = tuple(record.id for record in unrecorded_changes(settings)) if can_be_read else ()
    # An auditor's copy has no journal beside it, and never the private key; a run refuses to change things there.
    is_copy = not (folder / KEY).exists() and not (settings.folders.data / "changes").exists()
    return VerifiedLog(
        folder=folder,
        verification=found,
        anchors=len(notes),
        anchored_records=_newest(notes),
        unrecorded=missing,
        lost=lost_changes(settings) if can_be_read and not is_copy else (),
        is_copy=is_copy,
    )


def _newest(notes: Sequence[str]) -> int:
    """Return how many records the newest of these anchors speaks of."""
    from agentops.audit.proofs.note import BadNote, parse_checkpoint

    sizes = [0]
    for note in notes:
        with contextlib.suppress(BadNote):
            sizes.append(parse_checkpoint(note).size)
    return max(sizes)
