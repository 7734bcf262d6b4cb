"""``agentops rollback``, ``recover``, ``changes``: what was changed, rolling it back, closing what a crash left."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.model_options import PlanDetails, check_dry_run
from agentops.cli.options import PLACE, Common, limit_option, with_common
from agentops.cli.result import Result, error_document
from agentops.cli.times import waiting_s
from agentops.core.clock import utc_now
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.jsonable import to_json
from agentops.core.text import one_line

ROLLBACK_EPILOG = """\b
Examples:
  agentops changes                                what was changed, newest first
  agentops rollback 20261122T031502-7Q4M0ZKD --dry-run
  agentops rollback 7Q4M0ZKD                      the code of its plan, or its first letters, is enough
  agentops rollback last                          the newest one
  agentops rollback                               offers the last one that can be rolled back, at a terminal
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
  agentops changes --namespace shop      only what was changed in this namespace
  agentops changes -v                    long cells in full
  agentops changes -l 3 --output json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("rollback", help="Roll back a change, with preview and approval.", epilog=ROLLBACK_EPILOG)(
        with_common(rollback, PLACE)
    )
    app.command("recover", help="Close or roll back what an interrupted run left open.", epilog=RECOVER_EPILOG)(
        with_common(recover, PLACE)
    )
    app.command("changes", help="List the changes, newest first.", epilog=CHANGES_EPILOG)(
        with_common(changes, ("namespace",))
    )


def rollback(
    options: Common,
    change: Annotated[
        str | None,
        typer.Argument(
            metavar="CHANGE", help="Id of a change, its beginning or end; last: the newest.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop at the plan; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not prompt where policy requires no approval.")] = False,
    wait: Annotated[
        str | None,
        typer.Option(
            "--wait", metavar="TIME", help="Wait up to TIME for another run to end its change.", show_default=False
        ),
    ] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="Show diffs in two columns.")] = False,
    details: PlanDetails = False,
) -> Result:
    """Roll back a change."""
    from agentops.app.rollback import NothingToRollBack, roll_back
    from agentops.cli.ending import rollback_ending
    from agentops.cli.guarding import asking, not_wanted, place
    from agentops.cli.running import running
    from agentops.cli.views.changes import rolled_back_already, rolled_back_document
    from agentops.cli.views.fix import outcome_details, plan_as_shown, result_document

    check_dry_run(dry_run=dry_run, yes=yes)
    change = _last_change(options) if change is None else change.strip()
    if change is None:
        return not_wanted("rollback", "To roll back another one: agentops rollback ID; agentops changes lists them")
    if not change:
        raise UsageError("an empty id names no change", hint="agentops changes lists them.")
    with running("rollback", options, {}, use_model=False) as app:
        command = f"Run this at a terminal: {command_line('rollback', change)}{place(options)}"
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
            return Result(
                command="rollback",
                status="nothing-to-do",
                document=rolled_back_document(result) | {"audit": to_json(app.log_head)},
                report=tuple(rolled_back_already(result)),
            )
        document = result_document(result) | {"audit": to_json(app.log_head)}
        if result.error is not None:
            document["errors"] = [error_document(result.error)]
        return Result(
            command="rollback",
            status=result.status,
            exit_code=result.exit_code,
            document=document,
            report=(
                *plan_as_shown(result, details=details, side_by_side=side_by_side),
                *(outcome_details(result) if details else ()),
                *rollback_ending(result, place(options)),
            ),
        )


def _last_change(options: Common) -> str | None:
    """Return the last change that can be rolled back, where a person at this terminal takes it; else None.

    Raises:
        UsageError: there is none, or nobody can be asked.
    """
    from agentops.app.changes import last_standing
    from agentops.cli.guarding import is_taken
    from agentops.cli.prompting import cannot_ask
    from agentops.cli.views.plan import deed_words, objects_of

    last = last_standing(options.settings())
    if last is None:
        raise UsageError(
            "nothing to roll back was given, and no change stands that can be rolled back",
            hint="agentops changes lists what was changed.",
        )
    short, plan = last.record.short_id, last.record.plan
    if cannot_ask(no_input=options.no_input):
        raise UsageError("nothing to roll back was given", hint=f"The last change: {command_line('rollback', short)}")
    said = f"Roll back the last change, {short}? {objects_of(plan)}: {one_line(deed_words(plan), 160)}"
    return last.record.id if is_taken(said) else None


def recover(
    options: Common,
    change: Annotated[
        str | None,
        typer.Argument(
            metavar="CHANGE", help="Only this change, by its id or the beginning or end of it.", show_default=False
        ),
    ] = None,
    roll_back: Annotated[bool, typer.Option("--roll-back", help="Roll back changes whose result is unclear.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Close changes whose result is unclear; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not prompt where policy requires no approval.")] = False,
) -> Result:
    """Close the changes that an interrupted run left open."""
    from agentops.app.recover import WhenUnclear
    from agentops.app.recover import recover as settle
    from agentops.cli.guarding import asking, place
    from agentops.cli.running import running
    from agentops.cli.views.changes import recovered_blocks, recovered_document

    if roll_back and keep:
        raise UsageError("--roll-back and --keep contradict each other", hint="Choose one.")
    unclear = WhenUnclear.ROLL_BACK if roll_back else WhenUnclear.KEEP if keep else WhenUnclear.LEAVE
    with running("recover", options, {}, use_model=False) as app:
        command = f"Run this at a terminal: {command_line('recover', '--roll-back')}{place(options)}"
        who = asking(app, options, yes=yes, instead=lambda _: command)
        found = settle(app, who, change_id=change, unclear=unclear)
        document = recovered_document(found) | {"audit": to_json(app.log_head)}
        return Result(
            command="recover",
            status=found.status,
            exit_code=found.exit_code,
            document=document,
            report=tuple(recovered_blocks(found)),
        )


def changes(options: Common, limit: Annotated[int, limit_option("Maximum number to list.")] = 20) -> Result:
    """List what the journal holds."""
    from agentops.app.changes import list_changes
    from agentops.cli.views.changes import changes_blocks, changes_document

    namespace = options.namespace or ""
    found = list_changes(options.settings(), namespace)
    page = changes_blocks(found, limit, utc_now(), namespace=namespace, whole=bool(options.verbose))
    return Result(command="changes", document=changes_document(found, limit), report=tuple(page))
