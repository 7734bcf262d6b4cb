"""Anchors: signed checkpoints kept in a place elsewhere, and fetched again to hold the log against.

Comes in: a place, a signed checkpoint. Goes out: the checkpoint in the place, or the checkpoints that are there. An
anchor is kept under its log's name and its size, so that of two histories of one log only one finds room.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentops.audit.destinations.destination import Destination, is_name
from agentops.audit.destinations.local import FileDestination
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import BadNote, parse_checkpoint
from agentops.audit.segments.files import BROKEN_HINT
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from agentops.core.errors import AuditError, UsageError
from agentops.core.text import one_line

SUFFIX = ".checkpoint"
_MAX_NOTE_BYTES = 16_384
_READERS = 8


def keep(place: Destination, note: str) -> str:
    """Put a signed checkpoint into the place and return the name that it has there.

    Raises:
        AuditError: another checkpoint of this size is there: two histories of one log.
        UsageError: the place is a file that holds something else.
        DestinationError: it could not be written.
    """
    says = parse_checkpoint(note)
    data = note.encode()
    if isinstance(place, FileDestination):
        _may_replace(place, says.origin)
    name = name_of(says.origin, says.size)
    place.put(name, data)
    return name


def name_of(origin: str, size: int) -> str:
    """Return the name of the anchor of so many records of a log.

    Raises:
        AuditError: the log's name can be no name in a place.
    """
    if not is_name(origin):
        raise AuditError(f"{one_line(origin)!r} cannot be the name of a log")
    # Of one width, so that they sort by size.
    return f"{origin}/checkpoints/{size:020d}{SUFFIX}"


def fetch(place: Destination, origins: Collection[str], *, newest: bool = False, first: int = 0) -> tuple[str, ...]:
    """Return the anchors of the logs named ``origins``, smallest first; of other logs only for want of these.

    Those of another log agree with nothing here, which is what a verification against them must come to.

    Arguments:
        newest: only the last of them.
        first: the first record that the log still has. What speaks only of records before it has nothing to be compared
            with any more, and is left out when there is another.

    Raises:
        DestinationError: the place cannot be read.
    """
    names = [name for name in place.names() if name.endswith(SUFFIX) or isinstance(place, FileDestination)]
    ours = [name for name in names if any(name.startswith(f"{origin}/") for origin in origins)]
    chosen = ours or names
    chosen = [name for name in chosen if _size(name) >= first] or chosen
    if newest:
        chosen = chosen[-1:]
    with ThreadPoolExecutor(max_workers=_READERS) as readers:
        found = readers.map(place.read, chosen)
    return tuple(data[:_MAX_NOTE_BYTES].decode("utf-8", "replace") for data in found)


def _size(name: str) -> int:
    stem = name.rpartition("/")[2].removesuffix(SUFFIX)
    return int(stem) if stem.isdecimal() else 0


def _may_replace(place: FileDestination, origin: str) -> None:
    """Let a file be written over only when it holds an anchor of the same log."""
    for name in place.names():
        try:
            held = parse_checkpoint(place.read(name)[:_MAX_NOTE_BYTES].decode("utf-8", "replace")).origin
        except BadNote as error:
            raise UsageError(f"{place.target} exists and is not a checkpoint", hint="Name another file.") from error
        if held != origin:
            raise UsageError(
                f"{place.target} is an anchor of another log, {one_line(held)}",
                hint="Name another file, or a folder, which keeps anchors of many logs.",
            )


def require_agreement(folder: Path, place: Destination) -> None:
    """Hold the log against its newest anchor in the place: what does not continue it gets no further one.

    Raises:
        AuditError: the log was rewritten, cut or put back since that anchor.
        DestinationError: the place cannot be read.
    """
    origins = {key.name for key in read_public_keys(folder)}
    held = [note for note in fetch(place, origins, newest=True) if _origin(note) in origins]
    found = verify(folder, anchors=held) if held else None
    if found is not None and found.verdict not in (ChainVerdict.OK, ChainVerdict.INCOMPLETE_TAIL):
        raise AuditError(
            f"the log in {folder} does not continue its newest anchor in {place.target}: {found.why}",
            hint=BROKEN_HINT,
            code=f"audit-{found.verdict}",
        )


def _origin(note: str) -> str:
    try:
        return parse_checkpoint(note).origin
    except BadNote:
        return ""
