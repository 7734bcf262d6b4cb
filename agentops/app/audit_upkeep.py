"""The use cases ``audit keys``, ``rotate-key``, ``fingerprint`` and ``rotate``: the keys and the files of the log.

Comes in: settings. Goes out: keys, a fingerprint, what became of the segments. Each change is a record of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.app.audit_run import audit_run
from agentops.core.errors import UsageError

if TYPE_CHECKING:
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedSegments:
    """The segment that was closed, and those that were compressed and dropped."""

    closed: str
    compressed: tuple[str, ...]
    dropped: tuple[str, ...]


def signing_keys(settings: Settings) -> tuple[str, ...]:
    """Return the public keys that sign the log, oldest first.

    Raises:
        AuditError: they cannot be read.
    """
    from agentops.audit.proofs.checkpoints import read_public_keys

    return tuple(str(key) for key in read_public_keys(settings.folders.audit))


def rotate_key(settings: Settings) -> str:
    """Sign with a new key from now on, destroy the old private key, and return the new public one.

    Raises:
        AuditError: it could not be recorded.
    """
    with audit_run(settings) as log:
        return log.rotate_key()


def fingerprint_of(settings: Settings, arguments: Any) -> str:
    """Return what ``arguments_hmac`` of a record is for these arguments.

    Raises:
        UsageError: there is not a fingerprint key yet.
    """
    from agentops.audit.proofs.fingerprint import fingerprint, read_key

    key = read_key(settings.folders.audit)
    if key is None:
        hint = "A run that calls tools makes one."
        raise UsageError(f"there is not a fingerprint key in {settings.folders.audit}", hint=hint)
    return fingerprint(key, arguments)


def rotate_segments(settings: Settings) -> RotatedSegments:
    """Close the active segment, compress what is closed and drop what is expired.

    Raises:
        AuditError: it could not be recorded, or a file could not be written.
    """
    from agentops.audit.segments.retention import compress_closed

    with audit_run(settings) as log:
        closed = log.close_segment()
        packed = compress_closed(settings.folders.audit)
        dropped = log.drop_expired()
    return RotatedSegments(closed=closed, compressed=tuple(packed), dropped=tuple(dropped))
