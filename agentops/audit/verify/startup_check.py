"""Checks the existing chain before a run appends to it; nothing is appended to a chain that was tampered with.

Comes in: the audit folder. Goes out: nothing, or an ``AuditError`` that says what is wrong. A log of ordinary length is
read whole; of a longer one, what came after the last checkpoint, which a signature does not cover yet. It never writes
to the chain, and holds its lock only while it looks how long the log is: other processes may append meanwhile.
"""

from __future__ import annotations

import os
from pathlib import Path

from agentops.audit.chain import MAX_LINE_BYTES, MalformedRecord
from agentops.audit.segments.files import BROKEN_HINT, LOCK, LOG, explained, take_lock
from agentops.audit.segments.segment import ChainFiles, opened
from agentops.audit.verify.full_check import retry_until_stable, verify_to
from agentops.audit.verify.trusted_checkpoints import CheckpointMismatch, TrustedCheckpoints, gather
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.core.durable_files import last_line
from agentops.core.errors import AuditError

WHOLE_BYTES = 32 * 1024 * 1024  # read in about 0.2 s


def require_intact(folder: Path, *, whole_bytes: int = WHOLE_BYTES) -> None:
    """Verify the chain in ``folder`` as far as it went when this was called.

    A torn tail is no refusal, nor is a chain that has not begun.

    Arguments:
        whole_bytes: up to this length the log is read whole; a longer one from its latest checkpoint on.

    Raises:
        AuditError: the chain was tampered with, is signed by an unknown key, or cannot be read.
    """

    def look() -> tuple[Verification, bool]:
        trusted, size = _seen(folder)
        return verify_to(folder, trusted, limit=size, skip=size is not None and size > whole_bytes)

    try:
        found = retry_until_stable(look)
    except CheckpointMismatch as error:
        found = Verification(verdict=ChainVerdict(error.kind), why=str(error))
    if found.verdict in (ChainVerdict.TAMPERED, ChainVerdict.KEY_MISMATCH):
        place = "" if found.bad_seq is None else f" from record {found.bad_seq} on"
        message = f"the audit chain in {folder} is broken{place}: {found.why}"
        raise AuditError(message, hint=BROKEN_HINT, code=f"audit-{found.verdict}")


def _seen(folder: Path) -> tuple[TrustedCheckpoints, int | None]:
    """Under the lock, take what vouches for the chain and how many bytes it has; neither is half written there.

    Bytes below that size never change: it leaves out a torn tail, which another process may take off, unless that is
    longer than a line can be and so no torn line.
    """
    lock = take_lock(str(folder / LOCK))
    try:
        with explained(folder / LOG, "read"), opened(folder) as files:
            trusted = gather(folder, keys=(), anchors=())
            return trusted, _end(files)
    finally:
        os.close(lock)


def _end(files: ChainFiles) -> int | None:
    """Return how many bytes the chain has; None when its active segment does not say: the pass finds out why."""
    if files.active is None:
        return None
    size = files.active_size
    _line, whole = last_line(files.active.descriptor, size)
    try:
        before = files.active.origin().offset
    except MalformedRecord:
        return None
    if files.closed and not whole:
        return None
    return before + (size if size - whole > MAX_LINE_BYTES else whole)
