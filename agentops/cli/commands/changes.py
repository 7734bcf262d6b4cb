"""``agentops rollback``, ``recover``, ``changes``: what was changed, taking it back, closing what a crash left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands.fix import waiting_s
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Tone
from agentops.cli.result import Result, error_document
from agentops.core.clock import utc_now
from agentops.core.errors import ExitCode, UsageError
from agentops.core.outcome import Status
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.guarding import NothingToRollBack, RecoveryResult
    from agentops.store.changes import ChangeRecord, Halt

ROLLBACK_EPILOG = """\b
Examples:
  agentops changes                                what was changed, newest first
  agentops rollback 20261122T031502-7Q4M0ZKD --dry-run
  agentops rollback 7Q4M0ZKD                      the code of its plan is enough
"""
RECOVER_EPILOG = """\b
Examples:
  agentops recover                     check the open changes, close those whose result is clear
  agentops recover --roll-back         roll back the others, through the guard
  agentops recover --keep              close the others and leave the cluster as it is

\b
Exit codes: 0 no change is open, 7 a person must decide.
"""
CHANGES_EPILOG = """\b
Examples:
  agentops changes
  agentops changes --output json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(
        "rollback", help="Roll back a change, with preview and approval like any other.", epilog=ROLLBACK_EPILOG
    )(with_common(rollback))
    app.command("recover", help="Close or roll back what an interrupted run left open.", epilog=RECOVER_EPILOG)(
        with_common(recover)
    )
    app.command("changes", help="List the changes, newest first.", epilog=CHANGES_EPILOG)(with_common(changes))


def rollback(
    options: Common,
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="The id of a change, or the code of its plan.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop at the plan; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not prompt where policy requires no approval.")] = False,
    wait: Annotated[
        str | None,
        typer.Option(
            "--wait", metavar="TIME", help="Wait up to TIME for another run to end its change.", show_default=False
        ),
    ] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="Show diffs in two columns.")] = False,
) -> Result:
    """Roll back a change."""
    from agentops.app.guarding import NothingToRollBack, roll_back
    from agentops.cli.guarding import asking, place
    from agentops.cli.running import running
    from agentops.cli.views.fix import result_blocks, result_document

    with running("rollback", options, {}, use_model=False) as app:
        command = f"Run this at a terminal: agentops rollback {change}{place(options)}"
        who = asking(
            app,
            options,
            yes=yes,
            wait_s=waiting_s(wait),
            side_by_side=side_by_side,
            instead=lambda _: command,
        )
        result = roll_back(app, change, who, stop_at_plan=dry_run)
        if isinstance(result, NothingToRollBack):
            return _taken_back(result, app.finish("nothing-to-do", ExitCode.DONE))
        document: dict[str, Any] = result_document(result)
        code = result.outcome.status.exit_code
        if result.error is not None:
            document["errors"] = [error_document(result.error)]
            code = result.error.exit_code
        document["audit"] = app.finish(result.outcome.status.value, code)
        return Result(
            command="rollback",
            status=result.outcome.status.value,
            exit_code=code,
            document=document,
            report=tuple(result_blocks(result, side_by_side=side_by_side)),
        )


def _taken_back(found: NothingToRollBack, audit: Any) -> Result:
    """Return the result for a change that is rolled back already."""
    blocks: list[Block] = [Heading(f"Change {found.change_id} is rolled back already", Tone.GOOD)]
    return Result(
        command="rollback",
        status="nothing-to-do",
        exit_code=ExitCode.DONE,
        document={"change": found.change_id, "taken_back": list(found.words), "audit": audit},
        report=(*blocks, Bullets(tuple(Item(text) for text in found.words))),
    )


def recover(
    options: Common,
    change: Annotated[
        str | None, typer.Argument(metavar="CHANGE", help="Only this change.", show_default=False)
    ] = None,
    roll_back: Annotated[bool, typer.Option("--roll-back", help="Roll back changes whose result is unclear.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Close changes whose result is unclear; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not prompt where policy requires no approval.")] = False,
) -> Result:
    """Close the changes that an interrupted run left open."""
    from agentops.app.guarding import close_halts
    from agentops.app.guarding import recover as settle
    from agentops.cli.guarding import asking, place
    from agentops.cli.running import running

    if roll_back and keep:
        raise UsageError("--roll-back and --keep contradict each other", hint="Choose one.")
    decision = "roll-back" if roll_back else "keep" if keep else ""
    with running("recover", options, {}, use_model=False) as app:
        command = f"Run this at a terminal: agentops recover --roll-back{place(options)}"
        who = asking(app, options, yes=yes, instead=lambda _: command)
        halts, closed = ((), True) if change is not None else close_halts(app, keep=keep)
        found = settle(app, who, change_id=change, decision=decision)
        undecided = [one for one in found if one.ending is None]
        code = ExitCode.IN_DOUBT if undecided or (halts and not closed) else ExitCode.DONE
        status = "done" if code is ExitCode.DONE else "needs-person"
        blocks: list[Block] = [block for one in halts for block in _halt_blocks(one, closed=closed)]
        blocks += [block for one in found for block in _recovered_blocks(one)]
        document = {
            "recovered": [_recovered_document(one) for one in found],
            "halted": [{"report": str(one.path), "what": one.report.get("what"), "closed": closed} for one in halts],
            "audit": app.finish(status, code),
        }
        return Result(
            command="recover",
            status=status,
            exit_code=code,
            document=document,
            report=tuple(blocks or [Paragraph("No change is open.", Tone.GOOD)]),
        )


def _halt_blocks(halt: Halt, *, closed: bool) -> list[Block]:
    """Say which dry run changed the cluster, where the object is kept as it was, and what to type."""
    what = one_line(str(halt.report.get("what")), 300)
    kept = halt.path.with_suffix(".closed") if closed else halt.path
    head = Heading("A dry run changed the cluster", Tone.WARN if closed else Tone.BAD)
    blocks: list[Block] = [head, Paragraph(what), Pairs((("kept", f"{kept} holds the call and the object before it"),))]
    if closed:
        return [*blocks, Paragraph("Closed: a person has checked the object.", Tone.GOOD)]
    return [*blocks, Code("agentops recover --keep    after you have compared the object, and restored it if needed")]


def _recovered_blocks(one: RecoveryResult) -> list[Block]:
    words = {Status.APPLIED: "it is applied", Status.ROLLED_BACK: "it is rolled back"}
    if one.kept:
        head = Heading(f"Change {one.record.id} is closed as it is, by decision of a person", Tone.WARN)
    elif one.ending is not None:
        head = Heading(f"Change {one.record.id} is closed: {words[one.ending]}", Tone.GOOD)
    else:
        head = Heading(f"Change {one.record.id} needs a person", Tone.BAD)
    items = tuple(
        Item(text, label=state.value) for text, state in zip(one.situation.words, one.situation.states, strict=True)
    )
    blocks: list[Block] = [head, Bullets(items)]
    blocks += [Paragraph(f"Unhealthy: {text}", Tone.WARN) for text in one.situation.unwell]
    if one.result is not None and one.result.outcome.why:
        blocks.append(Paragraph(one.result.outcome.why, Tone.BAD))
    if one.result is not None and one.result.outcome.doubts:
        blocks.append(Paragraph("Rolled back; as unhealthy as before:", Tone.WARN))
        blocks += [Paragraph(text, Tone.WARN) for text in one.result.outcome.doubts]
    if one.ending is None:
        blocks.append(Code(f"agentops recover {one.record.id} --roll-back    roll it back, through the guard"))
        blocks.append(Code(f"agentops recover {one.record.id} --keep         close it and change nothing"))
    return blocks


def _recovered_document(one: RecoveryResult) -> dict[str, Any]:
    return {
        "change": one.record.id,
        "plan": one.record.digest,
        "states": [state.value for state in one.situation.states],
        "words": list(one.situation.words),
        "unwell": list(one.situation.unwell),
        "ending": None if one.ending is None else one.ending.value,
        "kept": one.kept,
    }


def changes(
    options: Common,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number to list.")] = 20,
) -> Result:
    """List what the journal holds."""
    from agentops.app.guarding import open_changes
    from agentops.config import load, process_environ

    found = open_changes(load(options.flags(), process_environ()), utc_now).list()
    items = tuple(_change_item(record) for record in found[:limit])
    blocks: list[Block] = [Bullets(items)] if items else [Paragraph("No changes yet.")]
    if len(found) > limit:
        blocks.append(Paragraph(f"{len(found) - limit} older ones: --limit {len(found)}", Tone.QUIET))
    document = {"changes": [_change_document(record) for record in found[:limit]], "total": len(found)}
    return Result(command="changes", document=document, report=tuple(blocks))


def _change_item(record: ChangeRecord) -> Item:
    from agentops.cli.views.wording import change_words

    steps = "; ".join(f"{change_words(step.change)} ({step.change.target.short})" for step in record.plan.steps)
    result = record.result or {}
    status = str(result.get("status", "OPEN"))
    doubts = result.get("doubts") or ()
    if doubts and status == Status.APPLIED.value:
        status = "rolled back; as unhealthy as before" if record.plan.rolls_back else "applied; not verified"
    note = f"{status}, {record.claimed_at}, on {record.plan.places}"
    return Item(steps, label=record.id, note=note, tone=Tone.BAD if record.is_open else Tone.PLAIN)


def _change_document(record: ChangeRecord) -> dict[str, Any]:
    from agentops.core.jsonable import to_json

    return {
        "id": record.id,
        "digest": record.digest,
        "claimed_at": record.claimed_at,
        "context": record.plan.places,
        "changes": to_json(tuple(step.change for step in record.plan.steps)),
        "open": record.is_open,
        "result": record.result,
    }
