"""``AuditRecord`` and ``AuditLog``: the shape of what is written before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One line of the chain.

    ``prev`` is the SHA-256 (64 hex digits) of the raw bytes of the line before, newline excluded; 64 zeros at the
    start. ``time`` is RFC 3339 UTC with milliseconds. ``payload`` holds no floats, no NaN, no integer beyond 2**53
    and no secret. ``version`` is that of the line's form, not of the program.
    """

    prev: str
    seq: int
    time: str
    run: str
    actor: str
    event: str
    payload: Mapping[str, Any]
    version: int = 1


class AuditLog(Protocol):
    """Appends to the chain on behalf of one run."""

    @property
    def run(self) -> str:
        """The run id that every record of this log carries."""
        ...

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        """Append one record, durably: when this returns, the line is on disk and fsynced.

        Raises:
            AuditError: it could not be written, or the chain on disk is broken; the caller must not go on.
        """
        ...
