"""Verifies the whole chain: reads every byte once, in constant memory, and says where it is broken or altered.

Comes in: the audit folder. Goes out: a ``Verification``. It never writes and never repairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from agentops.audit.proofs.note import PublicKey
from agentops.audit.segments.files import LOG, explained
from agentops.audit.segments.segment import opened
from agentops.audit.verify.trusted_checkpoints import CheckpointMismatch, TrustedCheckpoints, gather
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.audit.verify.verifier import Verifier

_LOOKS = 5


def verify(
    folder: Path,
    *,
    keys: Sequence[PublicKey] = (),
    anchors: Sequence[str] = (),
    roots: bool = False,
    require_signed: bool = False,
) -> Verification:
    """Verify the chain in ``folder``, with the checkpoints that were signed for it.

    Arguments:
        keys: the only keys to believe; without any, those that the folder lists, which its writer could have changed.
        anchors: checkpoint notes that were kept elsewhere; each must be of this chain.
        roots: also compute the tree and compare each checkpoint's root. The signed head vouches for every record before
            it already; the root only matters to proofs, and costs as much again.
        require_signed: call a chain ``unsigned-tail`` whose last record no signed checkpoint covers.

    Raises:
        AuditError: the log is there and cannot be read.
    """

    def look() -> tuple[Verification, bool]:
        with explained(folder / LOG, "read"):
            trusted = gather(folder, keys=keys, anchors=anchors)
        return verify_to(folder, trusted, roots=roots)

    try:
        found = retry_until_stable(look)
    except CheckpointMismatch as error:
        return Verification(verdict=ChainVerdict(error.kind), why=str(error))
    if found.intact and keys and not found.signed_records:
        return replace(found, verdict=ChainVerdict.KEY_MISMATCH, why="nothing in the log is signed by the given key")
    if found.intact and require_signed and found.signed_records < found.records:
        first, last = found.signed_records, found.records - 1
        rest = f"record {last}" if first == last else f"records {first} to {last}"
        why = f"no signed checkpoint covers {rest}: a run was killed, or is still going on"
        return replace(found, verdict=ChainVerdict.UNSIGNED_TAIL, why=why)
    return found


def retry_until_stable(look: Callable[[], tuple[Verification, bool]]) -> Verification:
    """Return what ``look`` finds, again when another process moved the chain's files under a look that went wrong."""
    for _ in range(_LOOKS):
        found, stands = look()
        if stands:
            break
    return found


def verify_to(
    folder: Path, trusted: TrustedCheckpoints, *, limit: int | None = None, skip: bool = False, roots: bool = False
) -> tuple[Verification, bool]:
    """Verify the chain in ``folder`` against trusted checkpoints that were gathered before, once.

    Arguments:
        limit: how many bytes of the chain to read, though there be more by now; None for all that there are.
        skip: believe what the latest checkpoint vouches for, when the log stands there as it says, and read on from
            there. Otherwise, without a checkpoint, and with ``roots``, read from the start.
        roots: as for ``verify``.

    Returns:
        What was found, and whether to believe it: not when it is bad and the files were moved meanwhile.

    Raises:
        AuditError: the log is there and cannot be read.
        CheckpointMismatch: there is no log, and a trusted checkpoint has seen one.
    """
    with explained(folder / LOG, "read"), opened(folder) as files:
        if not files.all:
            trusted.check_end(0)
            return Verification(verdict=ChainVerdict.ABSENT, why=f"there is no chain in {folder}"), True
        try:
            found = Verifier(files, trusted, limit=limit, roots=roots).run(skip=skip)
        except FileNotFoundError:
            if files.are_still_so():
                raise
            return Verification(
                verdict=ChainVerdict.TAMPERED, why="the chain's files do not stay where they are"
            ), False
        return found, found.intact or files.are_still_so()
