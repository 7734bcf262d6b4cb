"""``agentops history`` and ``agentops show``: what was investigated before; nothing is read from any cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.core.audit import AuditRecord
    from agentops.store.incidents import IncidentFolder, Incidents

HISTORY_EPILOG = """\b
Examples:
  agentops history
  agentops history --limit 3 --output json
"""
SHOW_EPILOG = """\b
Examples:
  agentops show                          the last incident
  agentops show 20261122-1559            the beginning of an id is enough
  agentops show --evidence E3            one piece of evidence in full
  agentops show --timeline               its timeline from the audit log
  agentops show 20261122T031502-4f2a1c   the timeline of one run
  agentops show --output markdown > incident.md
"""

_RUN = re.compile(r"\d{8}T\d{4,6}")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("show", help="Show a stored incident: finding, evidence, cost.", epilog=SHOW_EPILOG)(with_common(show))
    app.command("history", help="List the incidents, newest first.", epilog=HISTORY_EPILOG)(with_common(history))


def stored_incidents(options: Common) -> Incidents:
    """Return the incidents that this configuration keeps."""
    from agentops.config import load, process_environ
    from agentops.core.clock import utc_now
    from agentops.store.incidents import Incidents

    return Incidents(load(options.flags(), process_environ()).folders.incidents, utc_now)


def history(
    options: Common,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number to list.")] = 20,
) -> Result:
    """List what the store holds."""
    folders = stored_incidents(options).list()
    rows = [_row(folder) for folder in folders[:limit]]
    items = tuple(Item(f"{r[4]}: {one_line(r[5], 200)}", label=r[0], note=f"{r[2]} on {r[3]}, {r[1]}") for r in rows)
    names = ("id", "opened_at", "alert", "target", "verdict", "conclusion")
    blocks: list[Block] = [Bullets(items)]
    if not rows:
        blocks = [Paragraph("No incidents yet. Try: agentops investigate --sandbox")]
    elif len(folders) > limit:
        blocks.append(Paragraph(f"{len(folders) - limit} older ones: --limit {len(folders)}", Tone.QUIET))
    return Result(
        command="history",
        document={"incidents": [dict(zip(names, row, strict=True)) for row in rows], "total": len(folders)},
        report=tuple(blocks),
    )


def _row(folder: IncidentFolder) -> tuple[str, str, str, str, str, str]:
    from agentops.core.clock import to_iso
    from agentops.core.errors import StoreError

    try:
        incident, finding = folder.incident, folder.finding()
    except StoreError as error:
        return (folder.id, "", "", "", "unreadable", error.message)
    verdict = finding.verdict.value if finding else "open"
    conclusion = finding.conclusion if finding else "no finding yet"
    group = incident.group
    return (folder.id, to_iso(incident.opened_at), group.lead.name, str(group.target), verdict, conclusion)


def show(
    options: Common,
    incident: Annotated[
        str | None,
        typer.Argument(
            metavar="INCIDENT", help="Id or its beginning, or a run's; default: the last.", show_default=False
        ),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", metavar="ID", help="Show this evidence in full.", show_default=False)
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Show its timeline from the audit log.")] = False,
) -> Result:
    """Show one incident from the store."""
    from agentops.cli.views.incident import (
        draft_blocks,
        evidence_blocks,
        incident_blocks,
        incident_document,
        stored_page,
    )
    from agentops.core.jsonable import to_json

    if incident is not None and _RUN.match(incident):
        return _story(options, lambda record: record.run.startswith(incident), f"run {incident}")
    store = stored_incidents(options)
    folder = store.open(incident) if incident else store.latest()
    if folder is None:
        raise UsageError("there are no incidents yet", hint="Try: agentops investigate --sandbox")
    known = folder.all()
    if evidence is not None:
        return _evidence(folder, evidence)
    if timeline:
        runs = {record.run for record in _records(options) if record.payload.get("incident") == folder.id}
        return _story(options, lambda record: record.run in runs, f"incident {folder.id}")
    parts = stored_page(folder)
    return Result(
        command="show",
        document=incident_document(*parts) | {"drafts": to_json(folder.drafts())},
        report=(*incident_blocks(*parts), *draft_blocks(folder), *evidence_blocks(known)),
    )


def _records(options: Common) -> Iterator[AuditRecord]:
    from agentops.audit.read import Query, read_records
    from agentops.cli.commands.proofs import audit_folder

    return read_records(audit_folder(options), Query())


def _story(options: Common, wanted: Callable[[AuditRecord], bool], what: str) -> Result:
    """Return the timeline of the wanted records."""
    from agentops.cli.views.timeline import timeline_blocks, told_of

    found = [record for record in _records(options) if wanted(record)]
    if not found:
        raise UsageError(
            f"the audit log has no records of {one_line(what, 80)}", hint="agentops audit log lists the runs."
        )
    told = [(record, told_of(record)) for record in found]
    lines = [
        {"seq": record.seq, "time": record.time, "run": record.run, "event": record.event, "text": words[0]}
        for record, words in told
        if words is not None
    ]
    return Result(command="show", document={"timeline": lines}, report=tuple(timeline_blocks(found)))


def _evidence(folder: IncidentFolder, wanted: str) -> Result:
    from agentops.core.jsonable import to_json

    entry = next((item for item in folder.all() if item.id.lower() == wanted.lower()), None)
    if entry is None:
        raise UsageError(
            f"{folder.id} has no evidence {one_line(wanted, 40)!r}", hint=f"See them all: agentops show {folder.id}"
        )
    body = folder.body(entry.id)
    return Result(
        command="show",
        document={"incident": {"id": folder.id}, "evidence": to_json(entry) | {"body": body}},
        report=(
            Heading(f"{entry.id} {entry.summary}"),
            Paragraph(f"{entry.tool} {entry.digest}", Tone.QUIET),
            Code(body),
        ),
    )
