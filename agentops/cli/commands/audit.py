"""``agentops audit verify`` and ``agentops audit log``: is the record whole, and what does it say."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands import anchors, audit_segments, keys, proofs, replay
from agentops.cli.commands.anchors import EndpointUrl, anchor_notes
from agentops.cli.commands.proofs import audit_folder, audit_settings, parsed_key
from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.cli.times import moment
from agentops.core.errors import ExitCode, UsageError
from agentops.core.text import one_line, plural

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
or an anchor or a key does not match.
"""
LOG_EPILOG = """\b
Examples:
  agentops audit log                              the last 50 records
  agentops audit log --run 20261122T1559 --limit 0
  agentops audit log --event tool_call --since 2026-11-22T15:00Z --until 2026-11-22T16:00Z
  agentops audit log --target shop/Deployment/web --since 2h
  agentops audit log --follow                     text, until Ctrl-C
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="audit", help="Verify, read and copy the tamper-evident audit log.", no_args_is_help=True)
    group.command("verify", help="Verify the whole chain.", epilog=VERIFY_EPILOG)(with_common(verify))
    group.command("log", help="Print records, newest last.", epilog=LOG_EPILOG)(with_common(log))
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
    from agentops.audit.verify.full_check import verify as walk
    from agentops.audit.verify.verdict import ChainVerdict
    from agentops.core.jsonable import to_json

    settings = audit_settings(options)
    keys = [parsed_key(text) for text in key or ()]
    notes = anchor_notes(anchor or (), keys, settings, endpoint_url)
    found = walk(settings.folders.audit, keys=keys, anchors=notes, require_signed=require_signed)
    rows = [("chain", str(settings.folders.audit)), ("records", f"{found.records:,}")]
    rows.append(("size", f"{found.size_bytes:,} bytes"))
    if found.head and found.records:
        rows += [("head", found.head), ("signed", f"{found.signed_records:,} of {plural(found.records, 'record')}")]
    if notes:
        rows.append(("anchors", f"{len(notes)}, to record {_anchored(notes):,}"))
    if found.segments > 1:
        rows.append(("segments", str(found.segments)))
    if found.dropped:
        rows.append(("dropped", str(found.dropped)))
    if found.bad_seq is not None or found.offset is not None:
        first = "the torn tail" if found.bad_seq is None else f"record {found.bad_seq}"
        rows.append(("first bad", f"{first}, byte {found.offset} of {found.segment}"))
    good = found.verdict in (ChainVerdict.OK, ChainVerdict.ABSENT)
    held = plural(found.records - (found.dropped.records if found.dropped else 0), "record")
    told = f"{held}, all intact" if found.intact else found.why
    told += f"; {found.dropped}" if found.intact and found.dropped else ""
    title = Heading(f"Audit chain {found.verdict.value}: {told}", Tone.GOOD if good else Tone.BAD)
    kept = {"anchors": len(notes), "anchored_records": _anchored(notes)} if notes else {}
    return Result(
        command="audit verify",
        status=found.verdict.value,
        exit_code=ExitCode.DONE if good else ExitCode.AUDIT_BROKEN,
        document={"verification": to_json(found) | {"folder": str(settings.folders.audit)} | kept},
        report=(title, Pairs(tuple(rows))),
    )


def _anchored(notes: Sequence[str]) -> int:
    """Return how many records the newest of these anchors speaks of."""
    from agentops.audit.proofs.note import BadNote, parse_checkpoint

    sizes = [0]
    for note in notes:
        with contextlib.suppress(BadNote):
            sizes.append(parse_checkpoint(note).size)
    return max(sizes)


def log(
    options: Common,
    run: Annotated[
        str, typer.Option("--run", metavar="ID", help="Only this run; the beginning of its id is enough.")
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
    limit: Annotated[int, typer.Option("--limit", min=0, help="Number of newest records to print; 0 for all.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new records as they are written, until Ctrl-C; text only.")
    ] = False,
) -> Result:
    """Print what the chain says; ``audit verify`` says whether to believe it."""
    from agentops.audit.read import Query, read_records
    from agentops.core.jsonable import to_json

    query = Query(run=run, event=event, actor=actor, since=moment("--since", since), until=moment("--until", until))
    folder = audit_folder(options)

    def wanted(record: AuditRecord) -> bool:
        return _speaks_of(record.payload, target.casefold()) and fingerprint in (
            "",
            record.payload.get("arguments_hmac"),
        )

    if follow:
        if options.output is Output.JSON:
            raise UsageError("--follow does not work with --output json", hint="Leave out one of them.")
        return _follow(folder, query, wanted, limit)
    records = deque(filter(wanted, read_records(folder, query)), maxlen=limit or None)
    table = Table(("seq", "time", "run", "actor", "event", "what"), tuple(_row(record) for record in records))
    empty = Paragraph("No records.", Tone.QUIET)
    return Result(
        command="audit log",
        document={"records": [to_json(record) for record in records]},
        report=(table if records else empty,),
    )


def _follow(folder: Path, query: Query, wanted: Callable[[AuditRecord], bool], limit: int) -> Result:
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
        for record in filter(wanted, read_records(folder, query, wait=wait)):
            if earlier is None:
                _say(record)
            else:
                earlier.append(record)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return Result(command="")


def _say(record: AuditRecord) -> None:
    from agentops.core.text import visible

    sys.stdout.write(visible("  ".join(_row(record))) + "\n")
    sys.stdout.flush()


def _speaks_of(value: Any, target: str) -> bool:
    """Return whether any text in a payload holds ``target``, upper and lower case alike."""
    if isinstance(value, Mapping):
        return any(_speaks_of(item, target) for item in value.values())
    if isinstance(value, list):
        return any(_speaks_of(item, target) for item in value)
    return not target or (isinstance(value, str) and target in value.casefold())


def _row(record: AuditRecord) -> tuple[str, ...]:
    return (str(record.seq), record.time, record.run, record.actor, record.event, _brief(record))


_TELLING = (
    "command",
    "conclusion",
    "tool",
    "status",
    "why",
    "message",
    "problem_count",
    "incident",
    "context",
    "change",
    "code",
    "name",
)


def _brief(record: AuditRecord) -> str:
    """Return the one thing of a record that a person looks for."""
    payload = record.payload
    finding = payload.get("finding")
    if isinstance(finding, dict):
        return f"{finding.get('verdict')}: {one_line(str(finding.get('conclusion')), 120)}"
    if record.event == "triage":
        return plural(int(payload.get("problem_count", 0)), "problem")
    if record.event == "guard_stage":
        stage = str(payload.get("stage"))
        return stage if payload.get("passed") else one_line(f"{stage} stopped: {payload.get('reason')}", 120)
    for name in _TELLING:
        if payload.get(name) not in (None, ""):
            value = payload[name]
            extra = payload.get("evidence") or payload.get("error") or ""
            return f"{name} {value}" + (f" → {extra}" if extra else "")
    return ""
