"""``agentops audit verify`` and ``agentops audit log``: is the record whole, and what does it say."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands import proofs
from agentops.cli.commands.proofs import audit_folder, parsed_key
from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode, UsageError
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from datetime import datetime

    from agentops.audit.read import Query
    from agentops.core.audit import AuditRecord

VERIFY_EPILOG = """\b
Examples:
  agentops audit verify
  agentops audit verify --output json
  agentops audit verify --anchor /mnt/elsewhere/agentops.checkpoint

\b
Exit codes: 0 every record holds, 8 a record was altered, removed or torn,
or an anchor or key does not fit.
"""
LOG_EPILOG = """\b
Examples:
  agentops audit log                              the last 50 records
  agentops audit log --run 20261122T1559 --limit 0
  agentops audit log --event tool_call --since 2026-11-22T15:00Z
  agentops audit log --follow
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="audit", help="The tamper-evident record of every step.", no_args_is_help=True)
    group.command("verify", help="Verify the whole chain.", epilog=VERIFY_EPILOG)(with_common(verify))
    group.command("log", help="Print records, newest last.", epilog=LOG_EPILOG)(with_common(log))
    proofs.register(group)
    app.add_typer(group)


def verify(
    options: Common,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            "--anchor", metavar="FILE", help="A checkpoint kept elsewhere; may be repeated.", show_default=False
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="KEY", help="Believe only this public key; may be repeated.", show_default=False),
    ] = None,
) -> Result:
    """Walk the chain from its first byte, and hold it against what was signed."""
    from agentops.audit.verify import Verdict
    from agentops.audit.verify import verify as walk
    from agentops.core.jsonable import to_json

    folder = audit_folder(options)
    found = walk(folder, keys=[parsed_key(text) for text in key or ()], anchors=_anchors(anchor or ()))
    rows = [("chain", str(folder)), ("records", f"{found.records:,}"), ("size", f"{found.size_bytes:,} bytes")]
    if found.head and found.records:
        rows += [("head", found.head), ("signed", f"{found.signed_records:,} of {plural(found.records, 'record')}")]
    if found.bad_seq is not None or found.offset is not None:
        rows.append(("first bad", f"record {found.bad_seq}, byte {found.offset}"))
    good = found.verdict in (Verdict.OK, Verdict.ABSENT)
    told = f"{plural(found.records, 'record')}, every one holds" if found.intact else found.why
    title = Heading(f"Audit chain {found.verdict.value}: {told}", Tone.GOOD if good else Tone.BAD)
    return Result(
        command="audit verify",
        status=found.verdict.value,
        exit_code=ExitCode.DONE if good else ExitCode.AUDIT_BROKEN,
        document={"verification": to_json(found) | {"folder": str(folder)}},
        report=(title, Pairs(tuple(rows))),
    )


def _anchors(paths: Sequence[Path]) -> list[str]:
    try:
        return [path.read_text("utf-8", "replace") for path in paths]
    except OSError as error:
        raise UsageError(f"the anchor {error.filename} cannot be read: {error.strerror}") from error


def log(
    options: Common,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="Of this run; its beginning is enough.")] = "",
    event: Annotated[str, typer.Option("--event", help="Only this event: alert, tool_call, finding ...")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Only this actor, or kind of actor.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Nothing older; RFC 3339.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="The last so many; 0 for all.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as records are written, until Ctrl-C.")] = False,
) -> Result:
    """Print what the chain says; ``audit verify`` says whether to believe it."""
    from collections import deque

    from agentops.audit.read import Query, read_records
    from agentops.core.jsonable import to_json

    query = Query(run=run, event=event, actor=actor, since=_moment(since))
    folder = audit_folder(options)
    if follow:
        if options.output is Output.JSON:
            raise UsageError("--follow never ends, so it cannot be one JSON document", hint="Leave --output json out.")
        return _follow(folder, query)
    records = deque(read_records(folder, query), maxlen=limit or None)
    table = Table(("seq", "time", "run", "event", "what"), tuple(_row(record) for record in records))
    empty = Paragraph("No records.", Tone.QUIET)
    return Result(
        command="audit log",
        document={"records": [to_json(record) for record in records]},
        report=(table if records else empty,),
    )


def _follow(folder: Path, query: Query) -> Result:
    from agentops.audit.read import read_records
    from agentops.core.text import visible

    def wait() -> bool:
        time.sleep(0.3)
        return True

    try:
        for record in read_records(folder, query, wait=wait):
            sys.stdout.write(visible("  ".join(_row(record))) + "\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return Result(command="")


def _row(record: AuditRecord) -> tuple[str, ...]:
    return (str(record.seq), record.time, record.run, record.event, _brief(record))


def _brief(record: AuditRecord) -> str:
    """Return the one thing of a record that a person looks for."""
    payload = record.payload
    finding = payload.get("finding")
    if isinstance(finding, dict):
        return f"{finding.get('verdict')}: {one_line(str(finding.get('conclusion')), 120)}"
    if record.event == "triage":
        return plural(int(payload.get("problem_count", 0)), "problem")
    for name in ("command", "conclusion", "tool", "status", "why", "message", "problem_count", "incident", "context"):
        if payload.get(name) not in (None, ""):
            value = payload[name]
            extra = payload.get("evidence") or payload.get("error") or ""
            return f"{name} {value}" + (f" → {extra}" if extra else "")
    return ""


def _moment(text: str) -> datetime | None:
    from agentops.core.clock import from_iso

    if not text:
        return None
    try:
        return from_iso(text)
    except ValueError as error:
        raise UsageError(f"--since {text!r} is not a time", hint="Write 2026-11-22T15:00:00Z.") from error
