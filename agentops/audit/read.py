"""The chain's records for people and scripts: filtered, in order, and followed as they are written.

Comes in: the audit folder and what to look for. Goes out: records. Reading is not verifying: a line that is no record
stops it with an error, but whether the chain was altered is for ``verify`` to say. It never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agentops.audit.chain import MAX_LINE_BYTES, Malformed, decode
from agentops.audit.files import LOG, explained
from agentops.core.audit import AuditRecord
from agentops.core.clock import to_iso
from agentops.core.errors import AuditError


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which records are wanted; an empty field wants all.

    Arguments:
        run: a run id or the beginning of one.
        event: an event's whole name.
        actor: an actor (``human:ana``) or its kind (``human``).
        since: nothing older.
        until: nothing at or after this.
        text: what must occur in the record's line as it is written, upper and lower case alike.
    """

    run: str = ""
    event: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    def wants(self, record: AuditRecord) -> bool:
        """Tell whether the record passes every filter but ``text``."""
        return (
            record.run.startswith(self.run)
            and self.event in ("", record.event)
            and self.actor in ("", record.actor, record.actor.partition(":")[0])
            # Times are RFC 3339 in UTC of one width, so their text sorts as they do.
            and (self.since is None or record.time >= to_iso(self.since))
            and (self.until is None or record.time < to_iso(self.until))
        )


def read_records(folder: Path, query: Query, *, wait: Callable[[], bool] | None = None) -> Iterator[AuditRecord]:
    """Yield the records that ``query`` wants, oldest first.

    Arguments:
        wait: for following: called at the end of the chain; it pauses and returns whether to look again. None stops
            at the end. A line that is still being written is not read before it is whole.

    Raises:
        AuditError: the log cannot be read, or holds a line that is no record.
    """
    path = folder / LOG
    needle = query.text.lower().encode("utf-8", "replace")
    for line, offset in _lines(path, wait):
        if needle and needle not in line.lower():
            continue
        try:
            record = decode(line)
        except Malformed as error:
            raise AuditError(
                f"{path} holds no record at byte {offset}: {error}", hint="Run 'agentops audit verify'."
            ) from error
        if query.wants(record):
            yield record


def _lines(path: Path, wait: Callable[[], bool] | None) -> Iterator[tuple[bytes, int]]:
    offset = 0
    while True:
        with explained(path, "read"):
            if path.exists():
                with path.open("rb") as file:
                    file.seek(offset)
                    while (line := file.readline(MAX_LINE_BYTES + 2)).endswith(b"\n"):
                        yield line[:-1], offset
                        offset += len(line)
                if len(line) > MAX_LINE_BYTES:
                    raise AuditError(f"{path} holds no record at byte {offset}: the line is too long")
        if wait is None or not wait():
            return
