"""The signed part of the chain, as raw lines across its segments: what proofs and copies are made of.

Comes in: the audit folder. Goes out: the latest checkpoint, and the lines that one signs. It judges nothing: who uses
the lines compares them with what was signed. It never writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentops.audit.chain import MAX_LINE_BYTES, MalformedRecord, decode
from agentops.audit.proofs.checkpoints import LATEST
from agentops.audit.proofs.note import BadNote, Checkpoint, parse_checkpoint
from agentops.audit.segments.files import LOG, explained
from agentops.audit.segments.segment import ChainFiles, DamagedSegment, SegmentStart, opened
from agentops.core.errors import AuditError, UsageError

_HINT = "Run 'agentops audit verify'."


def latest_checkpoint(folder: Path) -> tuple[str, Checkpoint]:
    """Return the latest signed checkpoint, as its note and as what it says; the signature is not looked at.

    Raises:
        UsageError: nothing is signed yet.
        AuditError: it cannot be read, or is none.
    """
    path = folder / LATEST
    with explained(path, "read"):
        if not path.exists():
            raise UsageError(f"nothing is signed in {folder} yet", hint="A run signs when it ends.")
        note = path.read_text("utf-8", "replace")
    try:
        return note, parse_checkpoint(note)
    except BadNote as error:
        raise AuditError(f"{path} is {error}", hint=_HINT) from error


@contextmanager
def signed_lines(folder: Path, says: Checkpoint) -> Iterator[tuple[SegmentStart, Iterator[bytes]]]:
    """Yield where the kept records begin, and the raw lines from there to the end of what a checkpoint signs.

    Raises:
        AuditError: the log cannot be read, or has fewer records.
    """
    with explained(folder / LOG, "read"), opened(folder) as files:
        try:
            if not files.all:
                raise disagreement(folder)
            origin = files.all[0].origin()
            yield origin, _lines(folder, files, says.size - origin.first)
        except (MalformedRecord, DamagedSegment) as error:
            raise AuditError(f"the log in {folder} cannot be read: {error}", hint=_HINT) from error


def first_kept(folder: Path) -> int:
    """Return the number of the first record that is still there; 0 when there is no log or it cannot be told.

    Raises:
        AuditError: the folder cannot be read.
    """
    with explained(folder / LOG, "read"), opened(folder) as files:
        try:
            return files.all[0].origin().first if files.all else 0
        except (MalformedRecord, DamagedSegment):
            return 0  # verification says what is wrong with it


def checkpoint_at(folder: Path, size: int) -> str:
    """Return the note that signs exactly the first ``size`` records, from the record in which the log keeps it.

    Raises:
        UsageError: the log holds none of that size; the hint names the nearest.
        AuditError: the log cannot be read.
    """
    note, latest = latest_checkpoint(folder)
    if latest.size == size:
        return note
    sizes: list[int] = []
    with signed_lines(folder, latest) as (origin, lines):
        for seq, line in enumerate(lines, start=origin.first):
            if b'"event":"checkpoint"' in line and (record := decode(line)).event == "checkpoint":
                if seq == size:
                    return str(record.payload.get("note"))
                sizes.append(seq)
    near = sorted([*sizes, latest.size], key=lambda known: abs(known - size))[:3]
    known = ", ".join(map(str, sorted(near)))
    raise UsageError(f"no checkpoint signs exactly {size} records", hint=f"The nearest are at {known}.")


def disagreement(folder: Path) -> AuditError:
    """Return the error for a log that is not what its checkpoint signed."""
    return AuditError(f"the log in {folder} does not agree with its checkpoint", hint=_HINT)


def _lines(folder: Path, files: ChainFiles, left: int) -> Iterator[bytes]:
    for segment in files.all:
        with segment.reading() as file:
            while left > 0 and (line := file.readline(MAX_LINE_BYTES + 2)).endswith(b"\n"):
                yield line[:-1]
                left -= 1
    if left > 0:
        raise disagreement(folder)
