"""``agentops history``, ``history prune`` and ``show``: what was investigated before; no cluster is read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.model_options import check_dry_run
from agentops.cli.options import Common, limit_option, with_common
from agentops.cli.report import Heading, Paragraph, Quote, Tone
from agentops.cli.result import Result
from agentops.cli.times import old_s
from agentops.core.clock import utc_now
from agentops.core.errors import NotApproved, UsageError
from agentops.core.jsonable import to_json
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.app.history import StoredIncident, WholeEvidence
    from agentops.app.prune import Prunable
    from agentops.core.audit import AuditRecord

HISTORY_EPILOG = """\b
Examples:
  agentops history
  agentops history --namespace shop      only incidents about this namespace
  agentops history -l 3 --output json
  agentops history -v                    long cells in full
"""
PRUNE_EPILOG = """\b
Examples:
  agentops history prune                    incidents of more than 30 days; asks first
  agentops history prune --older-than 7d --dry-run
  agentops history prune --yes              for a cron job
"""
SHOW_EPILOG = """\b
Examples:
  agentops show                          the last incident
  agentops show 20261122-1559            the beginning of an id is enough
  agentops show --evidence E3            one piece of evidence in full
  agentops show --timeline               its timeline from the audit log, a line each; -v: in full
  agentops show 20261122T031502-4f2a1c   the timeline of one run
  agentops show 7Q4M0ZKD                 a change, by its id or the code of its plan
  agentops show --output markdown > incident.md
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("show", help="Show a stored incident: finding, evidence, cost.", epilog=SHOW_EPILOG)(with_common(show))
    app.command("history", help="List the incidents, newest first.", epilog=HISTORY_EPILOG)(
        with_common(history, ("namespace",))
    )

    prune_help = "Remove old incidents; never changes or the audit log."
    app.command("history prune", help=prune_help, epilog=PRUNE_EPILOG)(with_common(prune))


def history(options: Common, limit: Annotated[int, limit_option("Maximum number to list.")] = 20) -> Result:
    """List what the store holds."""
    from agentops.app.history import list_incidents
    from agentops.cli.views.history import history_blocks, history_document

    namespace = options.namespace or ""
    found = list_incidents(options.settings(), limit, namespace)
    return Result(
        command="history",
        document=history_document(found),
        report=tuple(history_blocks(found, utc_now(), namespace=namespace, whole=bool(options.verbose))),
    )


def prune(
    options: Common,
    older_than: Annotated[str, typer.Option("--older-than", metavar="TIME", help="Only older ones: 12h, 7d.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be removed; remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not prompt.")] = False,
) -> Result:
    """Remove what nobody needs."""
    from agentops.app.prune import prunable
    from agentops.app.prune import prune as remove
    from agentops.cli.views.history import prune_blocks, prune_document

    check_dry_run(dry_run=dry_run, yes=yes)
    settings = options.settings()
    found = prunable(settings, old_s(older_than, "--older-than"), utc_now())
    done = bool(found.remove) and not dry_run
    if done and not yes and not _is_agreed(options, f"Remove {plural(len(found.remove), 'incident')}?", found):
        raise NotApproved("nothing was removed: it was not confirmed")
    if done:
        remove(settings, found)
    return Result(
        command="history prune",
        status="done" if done else "dry-run" if found.remove else "nothing-to-do",
        document=prune_document(found, done=done),
        report=tuple(prune_blocks(found, utc_now(), done=done, whole=bool(options.verbose))),
    )


def _is_agreed(options: Common, question: str, found: Prunable) -> bool:
    """Show what would go, and ask.

    Raises:
        NotApproved: nobody can be asked here.
    """
    from agentops.cli.prompting import Choice, Prompts, cannot_ask
    from agentops.cli.render import page
    from agentops.cli.views.history import prune_blocks

    trouble = cannot_ask(no_input=options.no_input)
    if trouble:
        hint = "Show what would be removed with --dry-run; confirm it with --yes."
        raise NotApproved(f"nothing was removed: {trouble}, so nobody can confirm it", hint=hint)
    sys.stderr.write(page(tuple(prune_blocks(found, utc_now(), done=False)), sys.stderr))
    sys.stderr.flush()
    choices = [Choice("no", "keep them", "k"), Choice("yes", "remove them", "r", grave=True)]
    return Prompts().choose(question, choices, "no") == "yes"


def show(
    options: Common,
    incident: Annotated[
        str | None,
        typer.Argument(
            metavar="INCIDENT",
            help="Id or part of it, or a run's or a change's; default: the last.",
            show_default=False,
        ),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", metavar="ID", help="Show this evidence in full.", show_default=False)
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Show its timeline from the audit log.")] = False,
) -> Result:
    """Show one incident from the store."""
    from agentops.app.changes import change_named
    from agentops.app.history import is_run_id, stored_incident, whole_evidence
    from agentops.app.history import timeline as timeline_of
    from agentops.cli.views.changes import change_blocks, change_document

    settings = options.settings()
    change = None if evidence is not None or timeline else change_named(settings, incident)
    if change is not None:
        page = tuple(change_blocks(change, utc_now()))
        return Result(command="show", document=change_document(change), report=page)
    if evidence is not None and (timeline or is_run_id(incident)):
        if timeline:
            raise UsageError("--evidence and --timeline cannot be combined", hint="Leave out one of them.")
        hint = "Evidence is an incident's: give the incident's id (agentops history), or leave out --evidence."
        raise UsageError("--evidence and a run's timeline cannot be combined", hint=hint)
    if is_run_id(incident):
        return _told(timeline_of(settings, incident), whole=bool(options.verbose))
    if evidence is not None:
        return _evidence(whole_evidence(settings, incident, evidence))
    if timeline:
        return _told(timeline_of(settings, incident), whole=bool(options.verbose))
    return _stored(stored_incident(settings, incident))


def _stored(found: StoredIncident) -> Result:
    from agentops.cli.views.incident import stored_blocks, stored_document
    from agentops.cli.views.request import request_document, stored_request_blocks

    if found.incident.request is not None:
        document = request_document(found.incident, found.reply, found.evidence, found.usage)
        return Result(
            command="show",
            document=document | {"drafts": to_json(found.drafts)},
            report=tuple(stored_request_blocks(found)),
        )
    return Result(
        command="show",
        document=stored_document(found) | {"drafts": to_json(found.drafts)},
        report=tuple(stored_blocks(found)),
    )


def _told(records: Sequence[AuditRecord], *, whole: bool) -> Result:
    """Return the timeline of these records."""
    from agentops.cli.views.timeline import timeline_blocks, told_of

    told = [(record, told_of(record)) for record in records]
    lines = [
        {"seq": record.seq, "time": record.time, "run": record.run, "event": record.event, "text": words[0]}
        for record, words in told
        if words is not None
    ]
    return Result(command="show", document={"timeline": lines}, report=tuple(timeline_blocks(records, whole=whole)))


def _evidence(found: WholeEvidence) -> Result:
    entry = found.evidence
    return Result(
        command="show",
        document={"incident": {"id": found.incident}, "evidence": to_json(entry) | {"body": found.body}},
        report=(
            Heading(f"{entry.id} {entry.summary}"),
            Paragraph(f"{entry.tool} {entry.digest}", Tone.QUIET),
            Quote(found.body),
        ),
    )
