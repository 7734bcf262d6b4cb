"""Writes at the end of the chain on disk under its lock: appends lines, signs checkpoints, closes segments.

Comes in: events with payloads that fit the form, one caller at a time. Goes out: durable lines. It must never lose,
reorder or fork a record, never drop what a crash left behind, and never begin a chain anew where one was. Sizes and
offsets are of the whole chain; ``_local`` of one is its place in the active file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agentops import __version__
from agentops.audit.chain import FORM_VERSION, GENESIS_PREV, MalformedRecord, as_json, assemble, decode, link, written
from agentops.audit.proofs.checkpoints import Checkpoints
from agentops.audit.segments.files import BROKEN_HINT, LOG, ChainLock
from agentops.audit.segments.segment import (
    SEGMENT_BEGUN,
    SegmentStart,
    closed_name,
    closed_segments,
    closing_facts,
    start_at,
)
from agentops.core.audit import AuditRecord
from agentops.core.clock import Clock, to_iso
from agentops.core.durable_files import last_line, replace_file, sync, sync_folder, write_all, write_draft
from agentops.core.errors import AuditError

Fit = tuple[str, dict[str, Any], bytes]
"""An event, its payload as the form can hold it, and that as JSON."""

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


def _text(moment: datetime) -> str:
    """Return what ``to_iso`` does, in less time where the clock is in UTC already, as it nearly always is."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z" if moment.tzinfo is UTC else to_iso(moment)


class HardLinksUnsupported(AuditError):
    """The disk gives a file no second name, which is how a segment is closed."""


class ChainWriter:
    """Where the chain ends. Every method but ``let_go`` is called with the chain's lock held."""

    def __init__(self, folder: Path, lock: ChainLock, *, run: str, actor: str, clock: Clock, sign_every: int) -> None:
        self.folder = folder
        self._lock = lock
        self.path = folder / LOG
        self._path_text = str(self.path)
        self._run, self._actor, self._clock = run, actor, clock
        self._run_json, self._actor_json = as_json(run), as_json(actor)
        self._descriptor = -1
        self._identity = (-1, -1)
        self._origin = SegmentStart()
        self._size = -1
        self.prev = GENESIS_PREV
        self.next_seq = 0
        self.sign_every = sign_every
        self._checkpoints = Checkpoints(folder)
        self._signed_to = 0
        self._can_close = True
        self.wrote = False

    @property
    def segment_bytes(self) -> int:
        """How many bytes the active segment has."""
        return self._size - self._origin.offset

    def catch_up(self) -> None:
        """Stand at the end of the chain as it is now, whoever wrote last; begin it when there is none.

        Raises:
            AuditError: the chain became shorter, or does not end with a record.
            OSError: it cannot be read or written.
        """
        if self._descriptor >= 0:
            # A stat of the path, not of the descriptor: it also tells whether the name still is this file's.
            there = os.stat(self._path_text)  # noqa: PTH116 - a Path costs as much again
            if (there.st_dev, there.st_ino) == self._identity:
                if there.st_size != self._size - self._origin.offset:
                    self._stand(there.st_size)
                return
            self.let_go()
            self._lock.renew()
        self._open()
        self._stand(os.fstat(self._descriptor).st_size)

    def _open(self) -> None:
        # Only a writer that never stood on a file may make one: a chain that vanished is not begun again in silence.
        fresh = self._size < 0
        if fresh and not self.path.exists() and closed_segments(self.folder):
            raise AuditError(f"{self.path} is gone, and the segments before it are there", hint=BROKEN_HINT)
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if fresh else 0)
        self._descriptor = os.open(self._path_text, flags, 0o600)
        here = os.fstat(self._descriptor)
        self._identity = (here.st_dev, here.st_ino)
        try:
            self._origin = start_at(self._descriptor)
        except MalformedRecord as error:
            raise AuditError(f"{self.path} does not begin as a segment does: {error}", hint=BROKEN_HINT) from error

    def _stand(self, local_size: int) -> None:
        line, local = last_line(self._descriptor, local_size)
        size, whole = self._origin.offset + local_size, self._origin.offset + local
        if size < self._size:
            raise AuditError(f"{self.path} has become shorter while it was in use", hint=BROKEN_HINT)
        if line:
            self._stand_on(line)
        elif local:
            raise AuditError(f"{self.path} ends with an empty line", hint=BROKEN_HINT)
        elif closed_segments(self.folder, apart_from=os.fstat(self._descriptor)):
            raise AuditError(f"{self.path} has no first record, and segments before it", hint=BROKEN_HINT)
        else:
            self.prev, self.next_seq = GENESIS_PREV, 0
        self._size = whole
        latest = self._checkpoints.latest()
        self._signed_to = latest.size if latest else 0
        if latest and (latest.size > self.next_seq or latest.offset > whole):
            raise AuditError(
                f"{self.path} holds {self.next_seq} records, but {latest.size} were signed: its end was cut off",
                hint=BROKEN_HINT,
            )
        if size > whole:
            self._recover(size)
        elif not size:
            self._begin()

    def _stand_on(self, line: bytes) -> None:
        try:
            last = decode(line)
        except MalformedRecord as error:
            raise AuditError(f"the last record of {self.path} is damaged: {error}", hint=BROKEN_HINT) from error
        self.prev, self.next_seq = link(line), last.seq + 1

    def put_all(self, batches: Sequence[Sequence[Fit]]) -> list[tuple[AuditRecord, ...]]:
        """Append the entries of each batch, all with one write and one sync, and return their records.

        Raises:
            OSError: they cannot be written; then none of them was.
        """
        lines: list[bytes] = []
        made = [tuple([self._make(entry, lines) for entry in batch]) for batch in batches]
        self._put(lines)
        return made

    def put(self, event: str, payload: Mapping[str, Any]) -> None:
        """Append one record; raises as ``put_all``."""
        self.put_all([[(event, *written(payload))]])

    def _make(self, entry: Fit, lines: list[bytes]) -> AuditRecord:
        event, payload, body = entry
        record = AuditRecord(
            prev=self.prev,
            seq=self.next_seq,
            time=_text(self._clock()),
            run=self._run,
            actor=self._actor,
            event=event,
            payload=payload,
        )
        line = assemble(record, self._run_json, self._actor_json, body)
        self.prev, self.next_seq = link(line), self.next_seq + 1
        lines.append(line)
        return record

    def _put(self, lines: list[bytes]) -> None:
        if not lines:
            return
        lines.append(b"")
        data = b"\n".join(lines)
        try:
            write_all(self._descriptor, data)
            sync(self._descriptor)
        except OSError:
            # Nobody was told that these lines exist, so taking a part of one back drops nothing.
            os.ftruncate(self._descriptor, self._size - self._origin.offset)
            raise
        self._size += len(data)
        self.wrote = True

    def _begin(self) -> None:
        self.put("chain_begun", self._greeting())
        sync_folder(self.folder)

    def _greeting(self) -> dict[str, Any]:
        greeting: dict[str, Any] = {"form": FORM_VERSION, "agentops": __version__, "host": platform.node()}
        if self.sign_every:
            greeting["key"] = str(self._checkpoints.key().public)
        return greeting

    def _recover(self, size: int) -> None:
        """Keep what a crash left of a line, take it off the chain, and record both."""
        local = self._size - self._origin.offset
        torn = os.pread(self._descriptor, size - self._size, local)
        digest = hashlib.sha256(torn).hexdigest()
        stem = f"torn-{self._size}-"
        replace_file(self.folder / f"{stem}{digest[:16]}", torn)
        os.ftruncate(self._descriptor, local)
        payload = {
            "offset": self._size,
            "size_bytes": len(torn),
            "digest": "sha256:" + digest,
            # More than one when a crash came between here and the record.
            "kept_in": sorted(path.name for path in self.folder.glob(stem + "*")),
        }
        if not self._size:
            self._begin()
        self.put("recovered", payload)

    def sign_when_due(self) -> None:
        """Sign a checkpoint when as many records as are to be signed together were put since the last.

        Raises:
            AuditError, OSError: as ``sign``.
        """
        if self.sign_every and self.next_seq - self._signed_to >= self.sign_every:
            self.sign()

    def sign(self) -> str:
        """Record a signed checkpoint of all records so far, then sign the chain with that record as the latest.

        Raises:
            AuditError: the log does not continue what was signed before.
            OSError: it cannot be read or written.
        """
        tree = self._checkpoints.tree(self._descriptor, self._size, self.prev, self._origin)
        frontier = [subtree.hex() for subtree in tree.subtrees]
        note = self._checkpoints.sign(tree, self.prev, self._size)
        self.put("checkpoint", {"note": note, "frontier": frontier})
        tree.extend([bytes.fromhex(self.prev)])
        note = self._checkpoints.sign(tree, self.prev, self._size)
        self._checkpoints.save(note, tree, self._size)
        self._signed_to, self.wrote = self.next_seq, False
        return note

    def rotate_key(self) -> str:
        """Sign on with a new key, handed over to by the present one on record; return the new public key.

        Raises:
            AuditError, OSError: as ``sign``.
        """
        self.sign()
        self.put("key_rotated", self._checkpoints.prepare_key(self.next_seq, self.prev))
        self._checkpoints.adopt_key()
        self.sign()
        return str(self._checkpoints.key().public)

    @property
    def signs(self) -> bool:
        """Whether this chain is signed, by this writer or by others before it."""
        return bool(self.sign_every) or self._checkpoints.latest() is not None

    def close_segment(self) -> str:
        """Close the active segment and begin the next, linked to it; return the closed one's name.

        Each step leaves a chain that verifies: the closed segment gets its name while it still is the active one, and
        the next takes the active one's name, with its first record in it, in one step.

        Raises:
            AuditError: as ``sign``, or another file has that name.
            HardLinksUnsupported: the disk knows no hard links; nothing was closed.
            OSError: it cannot be written.
        """
        note = self.sign() if self.signs else ""
        tree = self._checkpoints.tree(self._descriptor, self._size, self.prev, self._origin)
        after = SegmentStart(first=self.next_seq, offset=self._size, prev=self.prev, frontier=tree.subtrees)
        said = closing_facts(before=self._origin, after=after)
        payload = self._greeting() | said | {"frontier": [item.hex() for item in after.frontier], "checkpoint": note}
        lines: list[bytes] = []
        self._make((SEGMENT_BEGUN, *written(payload)), lines)
        name = closed_name(self._origin.first)
        self._name_closed(self.folder / name)
        sync_folder(self.folder)
        draft = write_draft(self.path, lines[0] + b"\n")
        draft.replace(self.path)
        for left in self.folder.glob(f".{LOG}.*"):  # by a run that was killed here; only the lock's holder makes one
            left.unlink(missing_ok=True)
        sync_folder(self.folder)
        self.let_go()
        self.catch_up()
        self.wrote = True  # the first record of the next, which the run's end is to sign
        return name

    def _name_closed(self, path: Path) -> None:
        try:
            os.link(self._path_text, path)
        except FileExistsError:
            # A crash came between this step and the next; then the name is this very file's.
            if not os.path.samestat(path.stat(), os.fstat(self._descriptor)):
                raise AuditError(
                    f"{path} exists and is in the way of the segment to be closed", hint=BROKEN_HINT
                ) from None
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise HardLinksUnsupported(
                    f"{path} cannot be linked: {error.strerror}", hint="The log goes on in one file."
                ) from error
            raise

    def close_segment_beyond(self, size_bytes: int) -> None:
        """Close the active segment when it has so many bytes or more; not where the disk knows no hard links.

        Raises:
            AuditError, OSError: as ``close_segment``.
        """
        if self.segment_bytes < size_bytes or not self._can_close:
            return
        try:
            self.close_segment()
        except HardLinksUnsupported:
            self._can_close = False
            self.let_go()
            self.catch_up()

    def let_go(self) -> None:
        """Close the file; the next call looks at it anew."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
