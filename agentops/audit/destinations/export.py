"""The log copied elsewhere, in pieces that are written once: ``export`` goes on where the last one stopped.

Comes in: the audit folder and a place. Goes out: the place with every signed record, the public keys, what a crash
left behind, and last the checkpoint that vouches for them. The pieces, one after the other, are the log byte for byte.
Nothing is copied that does not verify, and no private key ever leaves the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentops.audit.chain import link
from agentops.audit.destinations.anchors import keep
from agentops.audit.destinations.destination import Destination
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import Checkpoint
from agentops.audit.proofs.signed_records import disagreement, latest_checkpoint, signed_lines
from agentops.audit.segments.files import BROKEN_HINT, explained
from agentops.audit.verify.full_check import verify
from agentops.core.errors import AuditError
from agentops.core.progress import Progress, Stage, Step

PIECE_BYTES = 8 * 1024 * 1024
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What an export came to: ``pieces`` stand in the place, of which ``written`` are new; the rest was there.

    ``unlocked`` of what was there is not under the lock that was asked for, or not any more; that is left as it is.
    """

    log: str
    records: int
    size_bytes: int
    pieces: int
    written: int
    checkpoint: str
    unlocked: int


def export(folder: Path, place: Destination, *, progress: Progress, piece_bytes: int = PIECE_BYTES) -> ExportResult:
    """Copy every signed record of the log in ``folder`` to ``place``.

    What was copied before is compared, not copied again. It may be stopped anywhere: each piece is there whole or not.

    Raises:
        AuditError: the log does not verify, or the place holds what the log does not.
        DestinationError: the place cannot be read or written.
    """
    kept = place.names()
    note, says = latest_checkpoint(folder)
    found = verify(folder, anchors=(note,))
    if not found.intact:
        raise AuditError(f"the log in {folder} is not exported: {found.why}", hint=BROKEN_HINT)
    there = _cover(kept, says)
    pieces = written = done = 0
    for start, end, data in _pieces(folder, says, there, piece_bytes):
        name = _name(says.origin, start, end)
        written += _put(place, name, data)
        pieces, done = pieces + 1, done + len(data)
        percent = 100 * done // says.offset
        text = f"records {start:,} to {end - 1:,}, {done:,} of {says.offset:,} bytes ({percent} %)"
        progress(Step(stage=Stage.NOTICE, text=text))
    for name, data in _beside(folder, says.origin):
        _put(place, name, data)
    return ExportResult(
        log=says.origin,
        records=says.size,
        size_bytes=says.offset,
        pieces=pieces,
        written=written,
        checkpoint=keep(place, note),
        unlocked=place.unlocked,
    )


def _put(place: Destination, name: str, data: bytes) -> bool:
    """Write what is not there in the same form, and tell whether that was so."""
    if place.holds(name, data):
        return False
    place.put(name, data)  # says so when other bytes stand there
    return True


def _name(origin: str, start: int, end: int) -> str:
    return f"{origin}/records/{start:020d}-{end:020d}{_SUFFIX}"


def _cover(names: tuple[str, ...], says: Checkpoint) -> dict[int, int]:
    """Return the pieces in the place that follow one another from record 0 on, as start and end.

    Raises:
        AuditError: the place holds records that the log does not have any more.
    """
    spans: dict[int, int] = {}
    prefix = f"{says.origin}/records/"
    for name in names:
        first, _, last = name.removeprefix(prefix).removesuffix(_SUFFIX).partition("-")
        if name.startswith(prefix) and name.endswith(_SUFFIX) and first.isdecimal() and last.isdecimal():
            spans[int(first)] = max(spans.get(int(first), 0), int(last))
    furthest = max(spans.values(), default=0)
    if furthest > says.size:
        raise AuditError(
            f"the place holds {furthest} records of {says.origin} and the log only {says.size}: "
            "its end was cut off, or an old copy was put back",
            hint=BROKEN_HINT,
        )
    cover, at = {}, 0
    while spans.get(at, 0) > at:
        cover[at] = spans[at]
        at = spans[at]
    return cover


def _pieces(
    folder: Path, says: Checkpoint, there: dict[int, int], piece_bytes: int
) -> Iterator[tuple[int, int, bytes]]:
    """Yield the signed log in pieces: cut as they are in the place, and from there on by size.

    Raises:
        AuditError: what was read is not what the checkpoint signed.
    """
    with signed_lines(folder, says) as (origin, kept):
        # Records that were dropped here since they were copied stay in the place; a piece across the edge is not cut.
        start = _first_start(there, origin.first)
        size, lines = 0, list[bytes]()
        for seq, line in enumerate(kept, start=origin.first + 1):
            if seq == says.size and link(line) != says.head:
                raise disagreement(folder)
            if seq <= start:
                continue
            lines.append(line)
            size += len(line) + 1
            if seq == there.get(start) or (start not in there and size >= piece_bytes) or seq == says.size:
                yield start, seq, b"".join(line + b"\n" for line in lines)
                start, size, lines = seq, 0, []


def _first_start(there: dict[int, int], first: int) -> int:
    """Return where the first piece begins of which every record is still in the log."""
    at = 0
    while at < first and at in there:
        at = there[at]
    return max(at, first)


def _beside(folder: Path, origin: str) -> Iterator[tuple[str, bytes]]:
    """Yield what a reader of the copy needs besides the records."""
    for key in read_public_keys(folder):
        yield f"{origin}/keys/{key.id.hex()}.pub", f"{key}\n".encode()
    for path in sorted(folder.glob("torn-*")):
        with explained(path, "read"):
            yield f"{origin}/torn/{path.name}", path.read_bytes()
