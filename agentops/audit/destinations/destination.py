"""The interface of a destination: where copies are kept that whoever can write the log should not be able to change.

Defines what a destination can do with named bytes, how it is asked to keep them, and its errors. A name is written
once: what is there already is compared and never replaced. A destination knows nothing of logs or checkpoints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError, AuditError

_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._+-]{1,128}")


class DestinationError(AgentopsError):
    """A destination refused, failed or did not answer. Nothing is known then, so nothing is claimed."""

    default_code = "place"


class Destination(Protocol):
    """Keeps bytes by name. Names are relative, of parts joined by slashes."""

    @property
    def target(self) -> str:
        """The destination as the user wrote it."""
        ...

    @property
    def unlocked(self) -> int:
        """How many things ``holds`` found that are not under the lock that was asked for, or not any more."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return every name, sorted; what was hidden or deleted on top of a kept copy counts as kept.

        Raises:
            DestinationError: it cannot be read.
        """
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes that were first written under ``name``.

        Raises:
            DestinationError: they cannot be read.
        """
        ...

    def holds(self, name: str, data: bytes) -> bool | None:
        """Return whether ``name`` holds exactly ``data``; None when there is no such name.

        Raises:
            DestinationError: it cannot be read.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write ``data`` under a new name, and read it back.

        Raises:
            DestinationError: it could not be written, or not as the destination was asked to keep it.
            AuditError: other bytes stand there.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationOptions:
    """How a destination is asked to keep things.

    Arguments:
        retention_days: for how long nobody may delete or replace an object (S3 Object Lock); 0 asks for no lock.
        endpoint_url: of an S3-compatible service; empty for AWS.
        clock: from when the days count.
    """

    retention_days: int
    endpoint_url: str
    clock: Clock


def is_name(text: str) -> bool:
    """Return whether ``text`` can be the name of something in any destination."""
    return all(_PART.fullmatch(part) for part in text.split("/"))


def other_bytes(target: str, name: str) -> AuditError:
    """Return the error for a name under which something else was kept."""
    return AuditError(
        f"{target} holds other bytes as {name} than this log has",
        hint="Either the log or the copy was changed. Run 'agentops audit verify --anchor' and keep both as evidence.",
        code="copy-differs",
    )
