"""The chain on disk: append a record so that it is there before anything depends on it.

Comes in: events with payloads, from threads and processes at once. Goes out: one file of lines, each linked to the one
before. An append returns after the line is written and fsynced. It must never lose, reorder or fork a record, and
never drop what a crash left behind: a torn tail is kept in a file of its own and recorded.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops import __version__
from agentops.audit.chain import FORM_VERSION, GENESIS_PREV, Malformed, as_json, assemble, decode, link, written
from agentops.audit.checkpoints import Checkpoints
from agentops.audit.files import (
    BROKEN_HINT,
    LOCK,
    LOG,
    explained,
    last_line,
    make_folder,
    sync,
    sync_folder,
    take_lock,
    write_all,
    write_new,
)
from agentops.audit.footing import require_intact
from agentops.core.audit import AuditRecord
from agentops.core.clock import Clock, to_iso
from agentops.core.errors import AuditError

SIGN_EVERY = 1000


def open_log(folder: Path, *, run: str, actor: str, clock: Clock, sign_every: int = SIGN_EVERY) -> ChainLog:
    """Open the chain in ``folder`` for one run, creating it with its first record when there is none.

    The chain that is there is verified first, once; appends do not read it again.

    Arguments:
        run: the run id that every record of this log carries.
        actor: who acts: ``human:ana``, ``agent:claude``.
        sign_every: after how many records a checkpoint is signed, besides the one at ``close``; 0 signs nothing.

    Raises:
        AuditError: the chain was tampered with, or cannot be written.
    """
    make_folder(folder)
    require_intact(folder)
    log = ChainLog(folder, run=run, actor=actor, clock=clock, sign_every=sign_every)
    log.append_all(())
    return log


class _Batch:
    """Entries of one caller, waiting for whoever writes next."""

    __slots__ = ("entries", "error", "records")

    def __init__(self, entries: Sequence[tuple[str, tuple[dict[str, Any], bytes]]]) -> None:
        self.entries = entries
        self.records: tuple[AuditRecord, ...] | None = None
        self.error: AuditError | None = None


class ChainLog:
    """An ``AuditLog`` on disk. Threads that append at the same time share one write and one fsync."""

    def __init__(self, folder: Path, *, run: str, actor: str, clock: Clock, sign_every: int = SIGN_EVERY) -> None:
        self._folder = folder
        self._path = folder / LOG
        self._path_text, self._lock_path = str(folder / LOG), str(folder / LOCK)
        self._run = run
        self._actor = actor
        self._run_json, self._actor_json = as_json(run), as_json(actor)
        self._clock = clock
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Batch] = []
        self._descriptor = -1
        self._size = -1
        self._prev = GENESIS_PREV
        self._next_seq = 0
        self._sign_every = sign_every
        self._checkpoints = Checkpoints(folder)
        self._signed_to = 0
        self._wrote = False

    @property
    def run(self) -> str:
        """The run id that every record of this log carries."""
        return self._run

    @property
    def head(self) -> tuple[int, str]:
        """How many records there are, as far as this log has seen, and the link that the next one will carry."""
        return self._next_seq, self._prev

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        """Append one record; when this returns, the line is on disk and fsynced.

        Floats in the payload are written as text; see ``chain.writable``.

        Raises:
            AuditError: it could not be written, or the chain on disk is broken; the caller must not go on.
        """
        return self.append_all([(event, payload)])[0]

    def append_all(self, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[AuditRecord, ...]:
        """Append several records with one write and one fsync, in order and with nothing between them.

        Raises:
            AuditError: as ``append``; then none of them counts as written.
        """
        batch = _Batch([(event, written(payload)) for event, payload in entries])
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
        return self._locked(self._sign)

    def rotate_key(self) -> str:
        """Sign on with a new key, handed over to by the present one on record; return the new public key.

        Raises:
            AuditError: as ``checkpoint``.
        """
        return self._locked(self._rotate)

    def close(self) -> None:
        """Sign a checkpoint when anything was appended, and let go of the file.

        Raises:
            AuditError: as ``checkpoint``.
        """
        if self._wrote and self._sign_every:
            self.checkpoint()
        with self._writing:
            self._let_go()

    def __enter__(self) -> ChainLog:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _commit(self, batches: Sequence[_Batch]) -> None:
        try:
            results = self._commit_locked(batches)
        except AuditError as error:
            self._give_up(batches, error)
            return
        except BaseException:
            # Ctrl-C in the middle: what is on disk is read again, and the threads that waited on us are told.
            self._give_up(batches, AuditError("the audit record was interrupted"))
            raise
        for batch, records in zip(batches, results, strict=True):
            batch.records = records

    def _commit_locked(self, batches: Sequence[_Batch]) -> list[tuple[AuditRecord, ...]]:
        lock = take_lock(self._lock_path)
        try:
            with explained(self._path, "write"):
                self._catch_up()
                lines: list[bytes] = []
                results = [tuple(self._make(event, *both, lines) for event, both in b.entries) for b in batches]
                self._put(lines)
                if self._sign_every and self._next_seq - self._signed_to >= self._sign_every:
                    self._sign()
        finally:
            os.close(lock)
        return results

    def _give_up(self, batches: Sequence[_Batch], error: AuditError) -> None:
        self._let_go()
        for batch in batches:
            batch.error = error

    def _make(self, event: str, payload: dict[str, Any], body: bytes, lines: list[bytes]) -> AuditRecord:
        record = AuditRecord(
            prev=self._prev,
            seq=self._next_seq,
            time=to_iso(self._clock()),
            run=self._run,
            actor=self._actor,
            event=event,
            payload=payload,
        )
        line = assemble(record, self._run_json, self._actor_json, body)
        self._prev, self._next_seq = link(line), self._next_seq + 1
        lines.append(line)
        return record

    def _put(self, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        data = b"\n".join(lines) + b"\n"
        try:
            write_all(self._descriptor, data)
            sync(self._descriptor)
        except OSError:
            # Nobody was told that these lines exist, so taking a part of one back drops nothing.
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)
        self._wrote = True

    def _catch_up(self) -> None:
        """Under the lock: stand at the end of the file as it is now, whoever wrote last."""
        if self._descriptor >= 0 and self._is_current():
            return
        self._let_go()
        # Only a log that never stood on a file may make one: a chain that vanished is not begun again in silence.
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if self._size < 0 else 0)
        self._descriptor = os.open(self._path, flags, 0o600)
        size = os.fstat(self._descriptor).st_size
        line, whole = last_line(self._descriptor, size)
        if size < self._size:
            raise AuditError(f"{self._path} has become shorter while it was in use", hint=BROKEN_HINT)
        if line:
            self._stand_on(line)
        elif whole:
            raise AuditError(f"{self._path} ends with an empty line", hint=BROKEN_HINT)
        else:
            self._prev, self._next_seq = GENESIS_PREV, 0
        self._size = whole
        latest = self._checkpoints.latest()
        self._signed_to = latest.size if latest else 0
        if latest and (latest.size > self._next_seq or latest.offset > whole):
            raise AuditError(
                f"{self._path} holds {self._next_seq} records, but {latest.size} were signed: its end was cut off",
                hint=BROKEN_HINT,
            )
        if size > whole:
            self._recover(size)
        elif not size:
            self._begin()

    def _is_current(self) -> bool:
        here, there = os.fstat(self._descriptor), os.stat(self._path_text)  # noqa: PTH116 - a Path costs as much again
        return (here.st_ino, here.st_dev, here.st_size) == (there.st_ino, there.st_dev, self._size)

    def _stand_on(self, line: bytes) -> None:
        try:
            last = decode(line)
        except Malformed as error:
            raise AuditError(f"the last record of {self._path} is damaged: {error}", hint=BROKEN_HINT) from error
        self._prev, self._next_seq = link(line), last.seq + 1

    def _begin(self) -> None:
        payload: dict[str, Any] = {"form": FORM_VERSION, "agentops": __version__, "host": platform.node()}
        if self._sign_every:
            payload["key"] = str(self._checkpoints.key().public)
        self._put_one("chain_begun", payload)
        sync_folder(self._folder)

    def _recover(self, size: int) -> None:
        """Keep what a crash left of a line, take it off the chain, and record both."""
        torn = os.pread(self._descriptor, size - self._size, self._size)
        digest = hashlib.sha256(torn).hexdigest()
        stem = f"torn-{self._size}-"
        write_new(self._folder / f"{stem}{digest[:16]}", torn)
        os.ftruncate(self._descriptor, self._size)
        payload = {
            "offset": self._size,
            "size_bytes": len(torn),
            "digest": "sha256:" + digest,
            # More than one when a crash came between here and the record.
            "kept_in": sorted(path.name for path in self._folder.glob(stem + "*")),
        }
        if not self._size:
            self._begin()
        self._put_one("recovered", payload)

    def _locked(self, work: Callable[[], str]) -> str:
        with self._writing:
            try:
                lock = take_lock(self._lock_path)
                try:
                    with explained(self._path, "write"):
                        self._catch_up()
                        return work()
                finally:
                    os.close(lock)
            except BaseException:
                self._let_go()
                raise

    def _rotate(self) -> str:
        self._sign()
        self._put_one("key_rotated", self._checkpoints.prepare_key())
        self._checkpoints.adopt_key()
        self._sign()
        return str(self._checkpoints.key().public)

    def _sign(self) -> str:
        """Record a signed checkpoint of all records so far, then sign the chain with that record as the latest."""
        tree = self._checkpoints.tree(self._descriptor, self._size, self._prev)
        if tree.size != self._next_seq:
            raise AuditError(f"{self._path} does not hold {self._next_seq} records", hint=BROKEN_HINT)
        frontier = [subtree.hex() for subtree in tree.subtrees]
        note = self._checkpoints.sign(tree, self._prev, self._size)
        self._put_one("checkpoint", {"note": note, "frontier": frontier})
        tree.extend([bytes.fromhex(self._prev)])
        note = self._checkpoints.sign(tree, self._prev, self._size)
        self._checkpoints.save(note, tree, self._size)
        self._signed_to, self._wrote = self._next_seq, False
        return note

    def _put_one(self, event: str, payload: Mapping[str, Any]) -> None:
        lines: list[bytes] = []
        self._make(event, *written(payload), lines)
        self._put(lines)

    def _let_go(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
