"""Which digests the log speaks of: a change that was made under this log stands in it, more than once.

Comes in: the audit folder, and digests of plans that were run. Goes out: those that no record names, and where the kept
records begin. The lines are searched, not decoded: this is asked before each change. Whether the lines are what was
written is for ``verify``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from agentops.audit.chain import MAX_LINE_BYTES, MalformedRecord, decode
from agentops.audit.segments.files import LOG, explained
from agentops.audit.segments.segment import DamagedSegment, Segment, opened
from agentops.core.errors import AuditError

_DIGEST = re.compile(rb"sha256:[0-9a-f]{64}")
_HINT = "Run 'agentops audit verify'."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmentioned:
    """What no kept record speaks of.

    Arguments:
        digests: those that were looked for and not found.
        since: the time of the first kept record (RFC 3339, UTC) where earlier ones were dropped by retention; empty
            where the log is whole, or there is none.
    """

    digests: frozenset[str]
    since: str = ""


def unmentioned(folder: Path, digests: Collection[str]) -> Unmentioned:
    """Return which of these digests (``sha256:HEX``) no record of the log names, newest records first.

    Raises:
        AuditError: the log cannot be read.
    """
    left = {digest.encode("ascii", "replace") for digest in digests}
    with explained(folder / LOG, "read"), opened(folder) as files:
        try:
            for segment in reversed(files.all):
                if not left:
                    return Unmentioned(digests=frozenset())
                left -= _named_in(segment)
            since = _begins(files.all[0]) if left and files.all else ""
        except (DamagedSegment, MalformedRecord) as error:
            raise AuditError(f"the log in {folder} cannot be read: {error}", hint=_HINT) from error
    return Unmentioned(digests=frozenset(digest.decode() for digest in left), since=since)


def _named_in(segment: Segment) -> set[bytes]:
    found: set[bytes] = set()
    with segment.reading() as file:
        while line := file.readline(MAX_LINE_BYTES + 2):
            found.update(_DIGEST.findall(line))
    return found


def _begins(first: Segment) -> str:
    """Return when the kept records begin; empty where none was dropped before them."""
    line = first.first_line()
    return decode(line).time if line and first.origin().first > 0 else ""
