"""``ChainLog``: the log that a run appends to; a record is on disk before anything depends on it.

Comes in: events with payloads, from threads and processes at once. Goes out: lines of one chain. An append returns
after the line is written and fsynced. This file is about who writes when; what is written is the writer's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from agentops.audit.chain import written
from agentops.audit.segments.files import LOCK, ChainLock, explained, make_folder, refused, require_own_log
from agentops.audit.segments.retention import Retention, compress_closed, expired_segments, remove
from agentops.audit.segments.segment import SEGMENT_DROPPED, closing_facts
from agentops.audit.verify.startup_check import require_intact
from agentops.audit.verify.verifier import fault_in
from agentops.audit.writer import ChainWriter, Fit
from agentops.core.audit import AuditRecord
from agentops.core.clock import Clock
from agentops.core.errors import AuditError

SIGN_EVERY = 1000
_DEFAULT = Retention()
T = TypeVar("T")


def open_log(
    folder: Path, *, run: str, actor: str, clock: Clock, sign_every: int = SIGN_EVERY, retention: Retention = _DEFAULT
) -> ChainLog:
    """Open the chain in ``folder`` for one run, creating it with its first record when there is none.

    The chain that is there is verified first, once; appends do not read it again.

    Arguments:
        run: the run id that every record of this log carries.
        actor: who acts: ``human:ana``, ``agent:claude``.
        sign_every: after how many records a checkpoint is signed, besides the one at ``close``; 0 signs nothing.
        retention: when a segment is closed, and what becomes of closed ones.

    Raises:
        AuditError: the chain was tampered with, cannot be written, or would stand where others may write.
    """
    # Before anything is made: a key that was made where others may write is not trusted afterwards.
    require_own_log(folder)
    make_folder(folder)
    require_intact(folder)
    log = ChainLog(folder, run=run, actor=actor, clock=clock, sign_every=sign_every, retention=retention)
    log.append_all(())
    return log


class _Batch:
    """Entries of one caller, waiting for whoever writes next."""

    __slots__ = ("entries", "error", "records")

    def __init__(self, entries: Sequence[Fit]) -> None:
        self.entries = entries
        self.records: tuple[AuditRecord, ...] | None = None
        self.error: AuditError | None = None


class ChainLog:
    """An ``AuditLog`` on disk. Threads that append at the same time share one write and one fsync."""

    def __init__(
        self,
        folder: Path,
        *,
        run: str,
        actor: str,
        clock: Clock,
        sign_every: int = SIGN_EVERY,
        retention: Retention = _DEFAULT,
    ) -> None:
        self._folder = folder
        self._run = run
        self._clock = clock
        self._retention = retention
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Batch] = []
        self._lock = ChainLock(str(folder / LOCK))
        self._writer = ChainWriter(folder, self._lock, run=run, actor=actor, clock=clock, sign_every=sign_every)

    @property
    def run(self) -> str:
        """The run id that every record of this log carries."""
        return self._run

    @property
    def head(self) -> tuple[int, str]:
        """How many records there are, as far as this log has seen, and the link that the next one will carry."""
        return self._writer.next_seq, self._writer.prev

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        """Append one record; when this returns, the line is on disk and fsynced.

        Floats in the payload are written as text; see ``chain.writable``.

        Raises:
            AuditError: it could not be written, or the chain on disk is broken; the caller must not go on.
        """
        entry = (event, *written(payload))
        if self._writing.acquire(blocking=False):
            try:
                if not self._waiting:
                    return self._commit_alone(entry)
            finally:
                self._writing.release()
        return self._append_with_others([entry])[0]

    def append_all(self, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[AuditRecord, ...]:
        """Append several records with one write and one fsync, in order and with nothing between them.

        Raises:
            AuditError: as ``append``; then none of them counts as written.
        """
        return self._append_with_others([(event, *written(payload)) for event, payload in entries])

    def _append_with_others(self, entries: Sequence[Fit]) -> tuple[AuditRecord, ...]:
        batch = _Batch(entries)
        with self._gate:
            self._waiting.append(batch)
        with self._writing:
            if batch.records is None and batch.error is None:
                with self._gate:
                    taken, self._waiting = self._waiting, []
                self._commit(taken)
        if batch.error is not None:
            raise AuditError(batch.error.message, hint=batch.error.hint, code=batch.error.code) from batch.error
        return batch.records or ()

    def checkpoint(self) -> str:
        """Sign what the chain is now and return the note, which may be kept elsewhere as an anchor.

        Raises:
            AuditError: the log does not continue what was signed before, or it cannot be written.
        """
        return self._locked(self._writer.sign)

    def rotate_key(self) -> str:
        """Sign on with a new key, handed over to by the present one on record; return the new public key.

        Raises:
            AuditError: as ``checkpoint``.
        """
        return self._locked(self._writer.rotate_key)

    def close_segment(self) -> str:
        """Close the active segment, begin the next, linked to it, and return the closed one's name.

        Raises:
            AuditError: as ``checkpoint``, or the disk knows no hard links.
        """
        return self._locked(self._writer.close_segment)

    def drop_expired(self) -> tuple[str, ...]:
        """Drop the closed segments that are older than they are to be kept, and return their names.

        Each is on record, under a signed checkpoint, before its file is deleted.

        Raises:
            AuditError: as ``checkpoint``, or a segment to be dropped does not hold.
        """
        return self._locked(self._drop) if self._retention.retention_days else ()

    def close(self) -> None:
        """Sign a checkpoint when anything was appended, see to the closed segments, and let go of the file.

        Raises:
            AuditError: as ``checkpoint`` and ``drop_expired``.
        """
        if self._writer.wrote and self._writer.sign_every:
            self.checkpoint()
        if self._retention.compress:
            # Nothing is lost when it fails, for want of space for one: the segment stays as it is until the next run.
            with suppress(AuditError):
                compress_closed(self._folder)
        self.drop_expired()
        with self._writing:
            self._let_go()

    def __enter__(self) -> ChainLog:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _commit_alone(self, entry: Fit) -> AuditRecord:
        try:
            return self._commit_locked(((entry,),))[0][0]
        except BaseException:
            self._let_go()
            raise

    def _commit(self, batches: Sequence[_Batch]) -> None:
        try:
            results = self._commit_locked([batch.entries for batch in batches])
        except AuditError as error:
            self._give_up(batches, error)
            return
        except BaseException:
            # Ctrl-C in the middle: what is on disk is read again, and the threads that waited on us are told.
            self._give_up(batches, AuditError("the audit record was interrupted"))
            raise
        for batch, records in zip(batches, results, strict=True):
            batch.records = records

    def _commit_locked(self, entries: Sequence[Sequence[Fit]]) -> list[tuple[AuditRecord, ...]]:
        writer = self._writer
        self._lock.take()
        try:
            writer.catch_up()
            if writer.segment_bytes >= self._retention.segment_bytes:
                writer.close_segment_beyond(self._retention.segment_bytes)
            results = writer.put_all(entries)
            writer.sign_when_due()
        except OSError as error:
            raise refused(writer.path, "write", error) from error
        self._lock.release()
        return results

    def _give_up(self, batches: Sequence[_Batch], error: AuditError) -> None:
        self._let_go()
        for batch in batches:
            batch.error = error

    def _drop(self) -> tuple[str, ...]:
        days = self._retention.retention_days
        found = expired_segments(self._folder, now=self._clock(), retention_days=days, fault_in=fault_in)
        for item in found:
            facts = closing_facts(before=item.before, after=item.after)
            closed = {"closed_at": item.after.time, "retention_days": days}
            self._writer.put(SEGMENT_DROPPED, facts | closed | {"checkpoint": item.after.note})
        if found and self._writer.signs:
            self._writer.sign()
        for item in found:
            remove(item.segment)
        return tuple(item.segment.name for item in found)

    def _locked(self, work: Callable[[], T]) -> T:
        with self._writing:
            try:
                self._lock.take()
                with explained(self._writer.path, "write"):
                    self._writer.catch_up()
                    done = work()
                self._lock.release()
            except BaseException:
                self._let_go()
                raise
            return done

    def _let_go(self) -> None:
        """Close both files, and so release the lock; what is on disk is looked at again by the next append."""
        self._writer.let_go()
        self._lock.close()
