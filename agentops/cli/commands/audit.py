"""``agentops audit verify`` and ``agentops audit log``: is the log intact, and what does it say."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands import anchors, audit_segments, keys, proofs, replay
from agentops.cli.commands.anchors import EndpointUrl, require_s3
from agentops.cli.options import Common, Output, limit_option, with_common
from agentops.cli.report import Paragraph, Tone
from agentops.cli.result import Result
from agentops.cli.times import moment
from agentops.core.clock import utc_now
from agentops.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from agentops.audit.read import Query
    from agentops.core.audit import AuditRecord

VERIFY_EPILOG = """\b
Examples:
  agentops audit verify
  agentops audit verify --output json
  agentops audit verify --anchor /mnt/elsewhere/agentops.checkpoint
  agentops audit verify --anchor s3://my-anchors/agentops --key 'NAME+ID+KEY'

\b
Exit codes: 0 all records are intact, 8 a record was altered, removed or torn,
an anchor or a key does not match, or log and changes do not fit together.
"""
LOG_EPILOG = """\b
Examples:
  agentops audit log                              the last 50 records
  agentops audit log --run 20261122T1559 --limit 0
  agentops audit log --event tool_call --since 2026-11-22T15:00Z --until 2026-11-22T16:00Z
  agentops audit log --target shop/Deployment/web --since 2h
  agentops audit log --namespace shop -l 10       only records about this namespace
  agentops audit log --follow                     text, until Ctrl-C
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="audit", help="Verify, read and copy the tamper-evident audit log.", no_args_is_help=True)
    group.command("verify", help="Check that no record was altered or removed.", epilog=VERIFY_EPILOG)(
        with_common(verify)
    )
    group.command("log", help="Print records of the audit log, newest last.", epilog=LOG_EPILOG)(
        with_common(log, ("namespace",))
    )
    anchors.register(group)
    keys.register(group)
    replay.register(group)
    proofs.register(group)
    audit_segments.register(group)
    app.add_typer(group)


def verify(
    options: Common,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="PLACE",
            help="Checkpoints kept elsewhere: FILE, FOLDER/, git:PATH or s3://BUCKET/PREFIX; may be repeated.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="KEY", help="Trust only this public key; may be repeated.", show_default=False),
    ] = None,
    endpoint_url: EndpointUrl = "",
    require_signed: Annotated[
        bool, typer.Option("--require-signed", help="Fail unless a signed checkpoint covers the last record.")
    ] = False,
) -> Result:
    """Walk the chain from its first byte, and hold it against what was signed."""
    from agentops.app.audit_verify import verify_log
    from agentops.cli.views.audit import verification_blocks, verification_document

    require_s3(anchor or (), "--endpoint-url" if endpoint_url else "")
    found = verify_log(
        options.settings(),
        anchors=anchor or (),
        keys=key or (),
        endpoint_url=endpoint_url,
        require_signed=require_signed,
    )
    return Result(
        command="audit verify",
        status=found.status,
        exit_code=ExitCode.DONE if found.is_good else ExitCode.AUDIT_BROKEN,
        document=verification_document(found),
        report=tuple(verification_blocks(found)),
    )


def log(
    options: Common,
    run: Annotated[
        str, typer.Option("--run", metavar="ID", help="Only this run; the beginning or the end of its id is enough.")
    ] = "",
    event: Annotated[str, typer.Option("--event", help="Only this event: alert, tool_call, finding ...")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Only this actor (human:ana), or kind of actor (human).")] = "",
    target: Annotated[
        str, typer.Option("--target", metavar="TEXT", help="Only records that name this: shop, shop/Deployment/web ...")
    ] = "",
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", metavar="HMAC", help="Only calls with these arguments (audit fingerprint).")
    ] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="Only from this time: RFC 3339, or 15m, 2h, 3d ago.")
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Only before this time.")] = "",
    limit: Annotated[int, limit_option("Number of newest records to print; 0 for all.", least=0)] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new records as they are written, until Ctrl-C; text only.")
    ] = False,
) -> Result:
    """Print what the chain says; ``audit verify`` says whether to believe it."""
    from agentops.audit.read import Query, read_records
    from agentops.cli.views.audit import records_table
    from agentops.core.jsonable import to_json

    folder = options.settings().folders.audit
    query = Query(
        run=run,
        event=event,
        actor=actor,
        since=moment("--since", since),
        until=moment("--until", until),
        target=target,
        fingerprint=fingerprint,
        namespace=options.namespace or "",
    )
    if follow:
        if options.output is not Output.TEXT:
            raise UsageError(
                f"--follow does not work with --output {options.output.value}", hint="Leave out one of them."
            )
        return _follow(folder, query, limit)
    records = deque(read_records(folder, query), maxlen=limit or None)
    table = records_table(records, utc_now(), whole=bool(options.verbose))
    empty = Paragraph("No records.", Tone.QUIET)
    return Result(
        command="audit log",
        document={"records": [to_json(record) for record in records]},
        report=(table if records else empty,),
    )


def _follow(folder: Path, query: Query, limit: int) -> Result:
    """Print the last ``limit`` records that there are, then each one that comes."""
    from agentops.audit.read import read_records

    earlier: deque[AuditRecord] | None = deque(maxlen=limit or None)

    def wait() -> bool:
        nonlocal earlier
        for record in earlier or ():
            _say(record)
        earlier = None
        time.sleep(0.3)
        return True

    try:
        for record in read_records(folder, query, wait=wait):
            if earlier is None:
                _say(record)
            else:
                earlier.append(record)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return Result(command="")


def _say(record: AuditRecord) -> None:
    from agentops.cli.views.audit import record_row
    from agentops.core.text import visible

    sys.stdout.write(visible("  ".join(record_row(record, utc_now()))) + "\n")
    sys.stdout.flush()
