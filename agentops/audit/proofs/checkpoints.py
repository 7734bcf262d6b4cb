"""The chain's signed checkpoints on disk: the key, the latest checkpoint, and the tree that the next one needs.

Comes in: the audit folder and the open log. Goes out: checkpoints that are signed and durable. A checkpoint is only
ever made on top of the one before: when the log does not lead from there to here, nothing is signed.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from agentops.audit.chain import GENESIS_PREV, MalformedRecord, decode, link, opening
from agentops.audit.merkle import CompactRange
from agentops.audit.proofs.key_evolution import next_seed, overwrite
from agentops.audit.proofs.note import (
    BadNote,
    Checkpoint,
    PublicKey,
    SigningKey,
    open_note,
    parse_checkpoint,
    parse_key,
    parse_signing_key,
)
from agentops.audit.segments.files import BROKEN_HINT, LOG, explained, read_key_file
from agentops.audit.segments.segment import SegmentStart
from agentops.core.durable_files import last_line, replace_file, sync_folder
from agentops.core.errors import AuditError

KEY = "audit.key"
PUBLIC = "audit.pub"
LATEST = "audit.checkpoint"
NEXT_KEY = "audit.key.next"
_CHUNK_BYTES = 1024 * 1024


class Checkpoints:
    """Signs for one chain. Every call is made under the chain's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = ""
        self._tree = CompactRange()
        self._offset = 0
        self._head = GENESIS_PREV

    def latest(self) -> Checkpoint | None:
        """Return the latest checkpoint as it stands, unchecked; None when nothing was signed yet.

        Raises:
            AuditError: the file is no checkpoint.
        """
        note = self._note()
        return None if note is None else self._parsed(note)

    def key(self) -> SigningKey:
        """Return the signing key, made on first use. It is read each time: another process may have handed over.

        Raises:
            AuditError: it is damaged, or gone though something was signed with it.
        """
        self._settle()
        text = read_key_file(self._folder / KEY)
        return self._parsed_key(text) if text else self._new_key()

    def prepare_key(self, size: int, head: str) -> dict[str, str]:
        """Make the next key, not yet in use, and return the record of the hand-over, signed by the present one.

        Arguments:
            size: how many records stand before that record.
            head: the link of the last of them.
        """
        old = self.key()
        new = SigningKey(name=old.name, seed=next_seed(old.seed, secrets.token_bytes(32)))
        replace_file(self._folder / NEXT_KEY, f"{new.encoded()}\n".encode())
        handover = old.sign(handover_text(old.public, new.public, size, head))
        return {"old": str(old.public), "new": str(new.public), "handover": handover}

    def adopt_key(self) -> None:
        """Put the prepared key in use and destroy the present one; call it when the hand-over is on record."""
        text = read_key_file(self._folder / NEXT_KEY)
        new = self._parsed_key(text)
        listed = self.public_keys()
        if new.public not in listed:
            replace_file(self._folder / PUBLIC, "".join(f"{key}\n" for key in (*listed, new.public)).encode())
        overwrite(self._folder / KEY)
        (self._folder / NEXT_KEY).replace(self._folder / KEY)
        sync_folder(self._folder)

    def _settle(self) -> None:
        """Finish or forget a rotation that a crash cut short: the log knows whether it took place."""
        path = self._folder / NEXT_KEY
        text = read_key_file(path)
        with explained(path, "read"):
            if not path.exists():
                return
            prepared = str(self._parsed_key(text).public)
            with (self._folder / LOG).open("rb") as file:
                marked = [line.rstrip(b"\n") for line in file if b'"event":"key_rotated"' in line]
        if prepared in [decode(line).payload.get("new") for line in marked]:
            self.adopt_key()
        else:
            path.unlink()

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return every key that has signed for this chain, oldest first."""
        return read_public_keys(self._folder)

    def tree(self, descriptor: int, size: int, head: str, origin: SegmentStart) -> CompactRange:
        """Return the tree over the chain's first ``size`` bytes, grown from the latest checkpoint.

        Arguments:
            descriptor: the open active segment, which begins at ``origin``.
            head: the link of the last record there, as its writer knows it.

        Raises:
            AuditError: that checkpoint is not ours, or the records do not lead from it to ``head``.
        """
        note = self._note()
        if note is not None and note != self._seen:
            self._tree, found = self._tree_of(note, descriptor, origin), self._parsed(note)
            self._offset, self._head = found.offset, found.head
        elif note is None:
            self._tree, self._offset, self._head = origin.tree, origin.offset, origin.prev
        self._seen = note or ""
        tree, offset, rest, prev = CompactRange(self._tree.size, self._tree.subtrees), self._offset, b"", self._head
        while chunk := os.pread(descriptor, min(_CHUNK_BYTES, size - offset), offset - origin.offset):
            offset += len(chunk)
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            links = self._linked(lines, prev, tree.size)
            tree.extend([bytes.fromhex(item) for item in links])
            prev = links[-1] if links else prev
        if prev != head:
            raise self._rewritten()
        return tree

    def _linked(self, lines: list[bytes], prev: str, seq: int) -> list[str]:
        """Return the links of lines of which each continues the one before: what was rewritten is not signed."""
        links: list[str] = []
        for at, line in enumerate(lines, start=seq):
            if not line.startswith(opening(prev, at)[:-2]):
                raise self._rewritten()
            prev = link(line)
            links.append(prev)
        return links

    def sign(self, tree: CompactRange, head: str, offset: int) -> str:
        """Return the signed note of a checkpoint."""
        key = self.key()
        return key.sign(Checkpoint(origin=key.name, size=tree.size, root=tree.root(), head=head, offset=offset).text)

    def save(self, note: str, tree: CompactRange, offset: int) -> None:
        """Make ``note`` the latest checkpoint, durably."""
        replace_file(self._folder / LATEST, note.encode())
        for left in self._folder.glob(f".{LATEST}.*"):  # by a run that was killed here
            left.unlink(missing_ok=True)
        self._seen, self._tree, self._offset, self._head = note, tree, offset, self._parsed(note).head

    def _tree_of(self, note: str, descriptor: int, origin: SegmentStart) -> CompactRange:
        """Return the tree that the latest checkpoint signed: from the record of the one before it, at its own end.

        When nothing in the segment is signed yet, it is the one that the segment begins with.
        """
        try:
            open_note(note, self.public_keys())
            found = parse_checkpoint(note)
            if found.offset == origin.offset and origin.first:
                return self._at(found, origin)
            line, end = last_line(descriptor, max(found.offset - origin.offset, 0))
            record = decode(line)
            tree = CompactRange(record.seq, [bytes.fromhex(item) for item in record.payload["frontier"]])
            tree.extend([bytes.fromhex(link(line))])
        except (BadNote, MalformedRecord, KeyError, TypeError, ValueError) as error:
            raise self._foreign() from error
        return self._at(
            found, SegmentStart(first=tree.size, offset=origin.offset + end, prev=link(line), frontier=tree.subtrees)
        )

    def _at(self, found: Checkpoint, here: SegmentStart) -> CompactRange:
        tree = here.tree
        if (here.offset, tree.size, tree.root(), here.prev) != (found.offset, found.size, found.root, found.head):
            raise self._foreign()
        return tree

    def _foreign(self) -> AuditError:
        return AuditError(f"the log in {self._folder} does not continue its signed checkpoint", hint=BROKEN_HINT)

    def _rewritten(self) -> AuditError:
        return AuditError(f"the log in {self._folder} was rewritten after its latest checkpoint", hint=BROKEN_HINT)

    def _note(self) -> str | None:
        path = self._folder / LATEST
        with explained(path, "read"):
            return path.read_text("utf-8", "replace") if path.exists() else None

    def _parsed(self, note: str) -> Checkpoint:
        try:
            return parse_checkpoint(note)
        except BadNote as error:
            raise AuditError(f"{self._folder / LATEST} is {error}", hint=BROKEN_HINT) from error

    def _parsed_key(self, text: str) -> SigningKey:
        try:
            return parse_signing_key(text)
        except BadNote as error:
            raise AuditError(
                f"{self._folder / KEY} is {error}", hint="Restore it from a copy. " + BROKEN_HINT
            ) from error

    def _new_key(self) -> SigningKey:
        if (self._folder / LATEST).exists():
            raise AuditError(
                f"the signing key {self._folder / KEY} is gone", hint="Restore it from a copy. " + BROKEN_HINT
            )
        key = SigningKey(name=f"agentops-audit/{secrets.token_hex(8)}", seed=secrets.token_bytes(32))
        with explained(self._folder / KEY, "write"):
            replace_file(self._folder / PUBLIC, f"{key.public}\n".encode())
            replace_file(self._folder / KEY, f"{key.encoded()}\n".encode())
        return key


def handover_text(old: PublicKey, new: PublicKey, size: int, head: str) -> str:
    """Return what the old key signs to hand over to the new one, there and nowhere else.

    It names the records before it, or whoever steals a later key could put the hand-over into a history of their own.
    """
    return f"agentops key handover\n{old}\n{new}\nsize {size}\nhead {head}\n"


def read_public_keys(folder: Path) -> tuple[PublicKey, ...]:
    """Return the keys that the folder lists.

    Raises:
        AuditError: the list is damaged.
    """
    path = folder / PUBLIC
    with explained(path, "read"):
        text = path.read_text("ascii", "replace") if path.exists() else ""
    try:
        return tuple(parse_key(line) for line in text.splitlines() if line.strip())
    except BadNote as error:
        raise AuditError(f"{path} is damaged: {error}", hint=BROKEN_HINT) from error
