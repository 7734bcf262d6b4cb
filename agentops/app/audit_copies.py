"""The use cases ``audit anchor`` and ``export``: copies elsewhere that whoever writes the log cannot change.

Comes in: settings, a place. Goes out: what was kept there; and for verification, every anchor that places hold. What is
about to be done is in the log, and signed, before it is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.audit_run import audit_run
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError, UsageError
from agentops.core.progress import Progress

if TYPE_CHECKING:
    from agentops.audit.destinations.destination import Destination
    from agentops.audit.destinations.export import ExportResult
    from agentops.audit.proofs.note import PublicKey
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A signed checkpoint that is kept elsewhere.

    Arguments:
        name: what it is called in the place.
        note: its text.
        size: how many records it speaks of.
        root: the root of the tree over them, in hexadecimal digits.
    """

    name: str
    note: str
    size: int
    root: str


def anchor(settings: Settings, to: str, endpoint_url: str = "") -> Anchored:
    """Sign the log's current state and keep the checkpoint in a place.

    Raises:
        UsageError: the place is none.
        AuditError: the log does not verify, or is not the one that is anchored there.
        DestinationError: the place cannot be read or written.
    """
    from agentops.audit.destinations.anchors import keep, require_agreement
    from agentops.audit.proofs.note import parse_checkpoint

    with _opened(to, settings, endpoint_url) as place:
        require_agreement(settings.folders.audit, place)
        note = _signed(settings, "anchor", to)
        name = keep(place, note)
    says = parse_checkpoint(note)
    return Anchored(name=name, note=note, size=says.size, root=says.root.hex())


def export(settings: Settings, to: str, progress: Progress, endpoint_url: str = "") -> ExportResult:
    """Copy every signed record to a place; what is there already is compared, not copied again.

    Raises:
        UsageError: the place cannot hold an export.
        AuditError: the log does not verify, or the place holds what the log does not.
        DestinationError: the place cannot be read or written.
    """
    from agentops.audit.destinations.export import export as copy

    if to.startswith("git:") or (Path(to).exists() and not Path(to).is_dir()):
        raise UsageError(f"{to} cannot hold an export", hint="Name a folder or s3://BUCKET/PREFIX.")
    with _opened(to if "://" in to else f"{to}/", settings, endpoint_url) as place:
        _signed(settings, "export", to)
        return copy(settings.folders.audit, place, progress=progress)


def anchor_notes(settings: Settings, places: Sequence[str], keys: Sequence[PublicKey], endpoint_url: str) -> list[str]:
    """Return every anchor of this log that the places hold; of a file what it holds.

    Raises:
        UsageError: a place is none, or a file is not there.
        AuditError: a place holds no anchor.
        DestinationError: it cannot be read.
    """
    from agentops.audit.destinations.anchors import fetch
    from agentops.audit.proofs.checkpoints import read_public_keys
    from agentops.audit.proofs.signed_records import first_kept

    origins = {key.name for key in keys or read_public_keys(settings.folders.audit)}
    first = first_kept(settings.folders.audit)
    notes: list[str] = []
    for target in places:
        local = "://" not in target and not target.startswith("git:")
        if local and not Path(target).expanduser().exists():
            raise UsageError(f"the anchor {target} cannot be read: no such file or folder")
        with _opened(target, settings, endpoint_url) as place:
            found = fetch(place, origins, first=first)
        if not found:
            hint = "It was never anchored there, or the anchors were removed."
            raise AuditError(f"there is no anchor in {target}", hint=hint, code="unanchored")
        notes += found
    return notes


@contextmanager
def _opened(target: str, settings: Settings, endpoint_url: str) -> Iterator[Destination]:
    """Yield the place that ``target`` names, under the terms of the settings."""
    from agentops.audit.destinations.destination import DestinationOptions
    from agentops.audit.destinations.targets import open_destination

    endpoint = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    asked = DestinationOptions(retention_days=settings.audit_retention_days, endpoint_url=endpoint, clock=utc_now)
    with open_destination(target, asked) as place:
        yield place


def _signed(settings: Settings, event: str, to: str) -> str:
    """Record what is about to be done, and return the signed checkpoint over that record."""
    with audit_run(settings) as log:
        log.append(event, {"to": to})
        return log.checkpoint()
