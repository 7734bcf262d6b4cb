"""``agentops audit anchor`` and ``agentops audit export``: copies that whoever writes the record cannot change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.jsonable import to_json
from agentops.core.progress import no_progress
from agentops.core.text import plural

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
    anchor_help = "Keep a signed checkpoint of the log elsewhere."
    group.command("anchor", help=anchor_help, epilog=ANCHOR_EPILOG)(with_common(anchor))
    export_help = "Copy the whole log elsewhere."
    group.command("export", help=export_help, epilog=EXPORT_EPILOG)(with_common(export))


def require_s3(places: Sequence[str], option: str) -> None:
    """Raise where ``option`` was given, which is for S3, and none of the places is there; empty: it was not given."""
    if option and not any(place.startswith("s3://") for place in places):
        raise UsageError(f"{option} is for s3:// places only", hint="Leave it out, or name an s3:// place.")


def _check_s3_options(to: str, endpoint_url: str, retention_days: int | None) -> None:
    require_s3([to], "--endpoint-url" if endpoint_url else "")
    require_s3([to], "--retention-days" if retention_days is not None else "")


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
    from agentops.app.audit_copies import anchor as keep_elsewhere

    _check_s3_options(to, endpoint_url, retention_days)
    done = keep_elsewhere(options.settings(audit_retention_days=retention_days), to, endpoint_url)
    rows = (("place", to), ("name", done.name))
    return Result(
        command="audit anchor",
        document={"anchor": {"to": to} | to_json(done)},
        report=(Heading(f"Anchored {plural(done.size, 'record')} in {to}", Tone.GOOD), Pairs(rows), Code(done.note)),
    )


def export(
    options: Common,
    to: Annotated[str, typer.Option("--to", metavar="PLACE", help="FOLDER or s3://BUCKET/PREFIX.", show_default=False)],
    endpoint_url: EndpointUrl = "",
    retention_days: _Retention = None,
) -> Result:
    """Copy every signed record to the place."""
    from agentops.app.audit_copies import export as copy
    from agentops.cli.live import Live

    _check_s3_options(to, endpoint_url, retention_days)
    settings = options.settings(audit_retention_days=retention_days)
    watched = options.output is not Output.JSON or sys.stderr.isatty() or options.verbose > 0
    with Live(sys.stderr, verbose=options.verbose) as live:
        done = copy(settings, to, live if watched else no_progress, endpoint_url)
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
