"""The chain's records for people and scripts: filtered, in order, and followed as they are written.

Comes in: the audit folder and what to look for. Goes out: records. Reading is not verifying: a line that is no record
stops it with an error, but whether the chain was altered is for ``verify`` to say. It never writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agentops.audit.chain import MAX_LINE_BYTES, MalformedRecord, decode
from agentops.audit.segments.files import LOG, explained
from agentops.audit.segments.segment import ChainFiles, DamagedSegment, Segment, SegmentStart, opened
from agentops.core.audit import AuditRecord
from agentops.core.clock import to_iso
from agentops.core.errors import AuditError

_HINT = "Run 'agentops audit verify'."


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which records are wanted; an empty field wants all.

    Arguments:
        run: a run id, the beginning of one, or the part after its last dash.
        event: an event's whole name.
        actor: an actor (``human:ana``) or its kind (``human``).
        since: nothing older.
        until: nothing at or after this.
        text: what must occur in the record's line as it is written, upper and lower case alike.
        target: what must occur in some text of the payload, upper and lower case alike.
        fingerprint: of a call's arguments, as its record has it.
        namespace: what some object of the payload must stand in, or what it must name as its namespace.
    """

    run: str = ""
    event: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    target: str = ""
    fingerprint: str = ""
    namespace: str = ""

    def wants(self, record: AuditRecord) -> bool:
        """Return whether the record passes every filter but ``text``."""
        return (
            (record.run.startswith(self.run) or record.run.endswith(f"-{self.run}"))
            and self.event in ("", record.event)
            and self.actor in ("", record.actor, record.actor.partition(":")[0])
            # Times are RFC 3339 in UTC of one width, so their text sorts as they do.
            and (self.since is None or record.time >= to_iso(self.since))
            and (self.until is None or record.time < to_iso(self.until))
            and self.fingerprint in ("", record.payload.get("arguments_hmac"))
            and (not self.target or _speaks_of(record.payload, self.target.casefold()))
            and (not self.namespace or _is_about(record.payload, self.namespace))
        )


def _speaks_of(value: Any, target: str) -> bool:
    """Return whether any text in a payload holds ``target``, upper and lower case alike."""
    if isinstance(value, Mapping):
        return any(_speaks_of(item, target) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_speaks_of(item, target) for item in value)
    return isinstance(value, str) and target in value.casefold()


_GROUPS = ("namespace", "namespaces", "groups")
_REFERENCE = re.compile(r"\b[a-z][a-z0-9-]*://[^/\s]*/([^/\s]+)/[A-Z]\w*/|(?<![\w/.-])([a-z0-9-]+)/[A-Z]\w*/")


def _is_about(value: Any, namespace: str, name: str = "") -> bool:
    """Return whether a payload names an object that stands in a namespace (``shop/Deployment/web``), or the namespace.

    Arguments:
        name: the field that ``value`` is of.
    """
    if isinstance(value, Mapping):
        return any(_is_about(item, namespace, str(key)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(_is_about(item, namespace, name) for item in value)
    if not isinstance(value, str):
        return False
    if name in _GROUPS:
        return value == namespace
    return any(namespace in found.groups() for found in _REFERENCE.finditer(value))


def read_records(folder: Path, query: Query, *, wait: Callable[[], bool] | None = None) -> Iterator[AuditRecord]:
    """Yield the records that ``query`` wants, oldest first.

    Arguments:
        wait: for following: called at the end of the chain; it pauses and returns whether to look again. None stops
            at the end. A line that is still being written is not read before it is whole.

    Raises:
        AuditError: the log cannot be read, or holds a line that is no record.
    """
    needle = query.text.lower().encode("utf-8", "replace")
    for line, place in _lines(folder, wait):
        if needle and needle not in line.lower():
            continue
        try:
            record = decode(line)
        except MalformedRecord as error:
            raise AuditError(f"{place}: {error}", hint=_HINT) from error
        if query.wants(record):
            yield record


def _lines(folder: Path, wait: Callable[[], bool] | None) -> Iterator[tuple[bytes, _LinePosition]]:
    position = 0
    while True:
        moved = False
        with explained(folder / LOG, "read"), opened(folder) as files:
            try:
                for segment, begins in _holding(files, position):
                    origin = begins or SegmentStart(offset=position)
                    for line, place in _rest_of(segment, origin, max(position, origin.offset)):
                        position = place.position + len(line) + 1
                        yield line, place
            except FileNotFoundError:
                # Dropped since it was looked at; what comes after it is still to be read.
                moved = not files.are_still_so()
                if not moved:
                    raise
            except DamagedSegment as error:
                raise AuditError(str(error), hint=_HINT) from error
        if not moved and (wait is None or not wait()):
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class _LinePosition:
    """Where a line begins: in its file, and in the chain."""

    path: Path
    offset: int
    position: int

    def __str__(self) -> str:
        return f"{self.path} holds no record at byte {self.offset}"


def _holding(files: ChainFiles, position: int) -> list[tuple[Segment, SegmentStart | None]]:
    """Return the segments with bytes at or after a position, oldest first, found from the newest back."""
    found: list[tuple[Segment, SegmentStart | None]] = []
    for segment in reversed(files.all):
        try:
            found.append((segment, origin := segment.origin()))
        except MalformedRecord:
            found.append((segment, None))  # where it is read, its first line is told to be no record
            continue
        if origin.offset <= position:
            break
    return found[::-1]


def _rest_of(segment: Segment, origin: SegmentStart, start: int) -> Iterator[tuple[bytes, _LinePosition]]:
    """Yield the whole lines of a segment from a byte of the chain on."""
    at = start
    with segment.reading() as file:
        file.seek(start - origin.offset)
        while (line := file.readline(MAX_LINE_BYTES + 2)).endswith(b"\n"):
            yield line[:-1], _LinePosition(path=segment.path, offset=at - origin.offset, position=at)
            at += len(line)
    if len(line) > MAX_LINE_BYTES:
        place = _LinePosition(path=segment.path, offset=at - origin.offset, position=at)
        raise AuditError(f"{place}: the line is too long", hint=_HINT)
