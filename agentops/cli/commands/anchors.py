"""``agentops audit anchor`` and ``agentops audit export``: copies that whoever writes the record cannot change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import AuditError, UsageError
from agentops.core.progress import no_progress
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.audit.destinations.destination import Destination
    from agentops.audit.proofs.note import PublicKey
    from agentops.config import Settings

ANCHOR_EPILOG = """\b
Examples:
  agentops audit anchor --to /mnt/elsewhere/agentops.checkpoint   only the newest
  agentops audit anchor --to /mnt/elsewhere/anchors/              all of them
  agentops audit anchor --to git:/srv/anchors.git                 branch agentops-audit
  agentops audit anchor --to s3://my-anchors/agentops             under Object Lock
  agentops audit verify --anchor s3://my-anchors/agentops

Keep anchors where nobody who can write the log can write. They show when the
log was cut, rewritten, or replaced by an old copy.
"""
EXPORT_EPILOG = """\b
Examples:
  agentops audit export --to /mnt/elsewhere/agentops/
  agentops audit export --to s3://my-records/agentops --retention-days 400
  agentops audit verify --anchor s3://my-records/agentops

Existing pieces are compared, not copied again: run it as often as you
like, also after Ctrl-C.
"""
EndpointUrl = Annotated[
    str,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="An S3-compatible service (default: $AWS_ENDPOINT_URL).",
        show_default=False,
    ),
]
_Retention = Annotated[
    int | None,
    typer.Option(
        "--retention-days",
        metavar="DAYS",
        min=0,
        help="Days of Object Lock on S3; 0 for none (default: the setting audit_retention_days).",
        show_default=False,
    ),
]


def register(group: typer.Typer) -> None:
    """Add the commands to the ``audit`` group."""
    anchor_help = "Sign the log's current state, and keep the checkpoint elsewhere."
    group.command("anchor", help=anchor_help, epilog=ANCHOR_EPILOG)(with_common(anchor))
    export_help = "Copy the whole log elsewhere, piece by piece."
    group.command("export", help=export_help, epilog=EXPORT_EPILOG)(with_common(export))


def anchor(
    options: Common,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="PLACE", help="FILE, FOLDER/, git:PATH or s3://BUCKET/PREFIX.", show_default=False
        ),
    ],
    endpoint_url: EndpointUrl = "",
    retention_days: _Retention = None,
) -> Result:
    """Sign the chain's head and put the note into the place."""
    from agentops.audit.destinations.anchors import keep, require_agreement
    from agentops.audit.proofs.note import parse_checkpoint

    settings = _settings(options, retention_days)
    with opened(to, settings, endpoint_url) as place:
        require_agreement(settings.folders.audit, place)
        note = _signed(settings, "anchor", to)
        name = keep(place, note)
    says = parse_checkpoint(note)
    rows = (("place", to), ("name", name))
    return Result(
        command="audit anchor",
        document={"anchor": {"to": to, "name": name, "size": says.size, "root": says.root.hex(), "note": note}},
        report=(Heading(f"Anchored {plural(says.size, 'record')} in {to}", Tone.GOOD), Pairs(rows), Code(note)),
    )


def export(
    options: Common,
    to: Annotated[str, typer.Option("--to", metavar="PLACE", help="FOLDER or s3://BUCKET/PREFIX.", show_default=False)],
    endpoint_url: EndpointUrl = "",
    retention_days: _Retention = None,
) -> Result:
    """Copy every signed record to the place."""
    from agentops.audit.destinations.export import export as copy
    from agentops.cli.live import Live
    from agentops.core.jsonable import to_json

    settings = _settings(options, retention_days)
    if to.startswith("git:") or (Path(to).exists() and not Path(to).is_dir()):
        raise UsageError(f"{to} cannot hold an export", hint="Name a folder or s3://BUCKET/PREFIX.")
    watched = options.output is not Output.JSON or sys.stderr.isatty() or options.verbose > 0
    with opened(to if "://" in to else f"{to}/", settings, endpoint_url) as place:
        _signed(settings, "export", to)
        with Live(sys.stderr, verbose=options.verbose) as live:
            done = copy(settings.folders.audit, place, progress=live if watched else no_progress)
    rows = (
        ("log", done.log),
        ("records", f"{done.records:,} in {done.size_bytes:,} bytes"),
        ("pieces", f"{done.pieces}, {done.written} of them new"),
        ("checkpoint", done.checkpoint),
    )
    warning = Paragraph(f"{plural(done.unlocked, 'object')} of an earlier export not locked.", Tone.WARN)
    title = Heading(f"Exported {plural(done.records, 'record')} to {to}", Tone.GOOD)
    return Result(
        command="audit export",
        document={"export": to_json(done) | {"to": to}},
        report=(title, Pairs(rows), *([warning] if done.unlocked else ())),
    )


@contextmanager
def opened(target: str, settings: Settings, endpoint_url: str) -> Iterator[Destination]:
    """Yield the place that ``target`` names, under the terms of the settings.

    Raises:
        UsageError, DestinationError: as ``open_destination``.
    """
    from agentops.audit.destinations.destination import DestinationOptions
    from agentops.audit.destinations.targets import open_destination
    from agentops.core.clock import utc_now

    endpoint = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    asked = DestinationOptions(retention_days=settings.audit_retention_days, endpoint_url=endpoint, clock=utc_now)
    with open_destination(target, asked) as place:
        yield place


def anchor_notes(targets: Sequence[str], keys: Sequence[PublicKey], settings: Settings, endpoint_url: str) -> list[str]:
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
    for target in targets:
        local = "://" not in target and not target.startswith("git:")
        if local and not Path(target).expanduser().exists():
            raise UsageError(f"the anchor {target} cannot be read: no such file or folder")
        with opened(target, settings, endpoint_url) as place:
            found = fetch(place, origins, first=first)
        if not found:
            hint = "It was never anchored there, or the anchors were removed."
            raise AuditError(f"there is no anchor in {target}", hint=hint, code="unanchored")
        notes += found
    return notes


def _settings(options: Common, retention_days: int | None) -> Settings:
    from agentops.config import load, process_environ

    return load(options.flags() | {"audit_retention_days": retention_days}, process_environ())


def _signed(settings: Settings, event: str, to: str) -> str:
    """Record what is about to be done, and return the signed checkpoint over that record."""
    from agentops.app.actor import current_actor, new_run
    from agentops.audit.log import open_log
    from agentops.core.clock import utc_now

    folder = settings.folders.audit
    with open_log(folder, run=new_run(utc_now), actor=current_actor(), clock=utc_now) as log:
        log.append(event, {"to": to})
        return log.checkpoint()
