"""``agentops approvals``: the plans that other agents asked for, and what a person decides about them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, Output, with_common
from agentops.cli.result import Result
from agentops.core.clock import utc_now
from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError, Interrupted, UsageError

if TYPE_CHECKING:
    from agentops.cli.notifying import Notify
    from agentops.config import Settings
    from agentops.store.pending import PendingPlan

HELP = """List the plans that other agents asked for.

Each was made by agentops, and waits until a person decides it: agentops approve PLAN.
"""
EPILOG = """\b
Examples:
  agentops approvals                     what waits
  agentops approvals --all               what was decided, too
  agentops approvals --watch             in another terminal: each plan is shown, and you are asked
  agentops approvals --output json
  agentops approve 7Q4M0ZKD              look at one, and sign or refuse

\b
Exit codes: 0 listed or watched, 1 they cannot be read.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("approvals", help=HELP, epilog=EPILOG)(with_common(approvals))


def approvals(
    options: Common,
    every: Annotated[bool, typer.Option("--all", help="List those that are over, too.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Tell of each new plan, and ask, until Ctrl-C.")] = False,
) -> Result:
    """List what waits, or watch it."""
    from agentops.app.pending import list_pending
    from agentops.cli.views.pending import pending_blocks, pending_document

    settings = options.settings()
    if watch:
        _check_watch(options, every=every)
        return _watched(options, settings)
    found = list_pending(settings, every=every)
    now = utc_now()
    return Result(
        command="approvals",
        document={"pending": [pending_document(one, now) for one in found]},
        report=tuple(pending_blocks(found, now, whole=bool(options.verbose))),
    )


def _check_watch(options: Common, *, every: bool) -> None:
    if every:
        raise UsageError("--all and --watch contradict each other", hint="Leave out one of them.")
    if options.output is not Output.TEXT:
        raise UsageError(f"--watch does not work with --output {options.output.value}", hint="Leave out one of them.")


def _watched(options: Common, settings: Settings) -> Result:
    from agentops.app.pending import list_pending
    from agentops.cli.pending_watch import PendingNews, watch
    from agentops.cli.prompting import cannot_ask

    look_at: Callable[[PendingPlan], bool] | None = None
    if not cannot_ask(no_input=options.no_input):
        look_at = _asker(options, settings)
        sys.stderr.write("Waiting for plans; Ctrl-C ends.\n")
    try:
        with PendingNews(lambda: list_pending(settings), utc_now, desktop(settings)) as news:
            watch(news, utc_now, look_at)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return Result(command="")


def desktop(settings: Settings) -> Notify | None:
    """Return what notifies on the desktop, where the settings ask for it; says it where nothing can."""
    from agentops.cli.notifying import notifier

    if not settings.desktop_notifications:
        return None
    found = notifier()
    if found is None:
        sys.stderr.write("approvals.desktop_notifications is on, but neither notify-send nor osascript is installed.\n")
    return found


def _asker(options: Common, settings: Settings) -> Callable[[PendingPlan], bool]:
    """Return what puts a plan before whoever sits at this terminal."""
    from agentops.app.pending import approve_pending
    from agentops.cli.commands.approve import approved_blocks
    from agentops.cli.guarding import key_dialogue, plan_reader
    from agentops.cli.prompting import Choice, Prompts
    from agentops.cli.render import page
    from agentops.cli.report import Block, Heading, Tone
    from agentops.cli.views.source import error_blocks

    choices = [
        Choice("look", "look: show it, then decide", "l"),
        Choice("later", "later: leave it waiting", "x"),
        Choice("end", "end: watch no more", "q"),
    ]

    def look_at(pending: PendingPlan) -> bool:
        code = pending.plan.code
        sys.stderr.write("\a")
        said = Prompts().choose(f"Plan {code} waits. Look at it now?", choices, "later")
        if said == "look":
            reader = plan_reader(options, instead="", side_by_side=False)
            try:
                done = approve_pending(settings, pending.plan.digest, reader, key_dialogue(options))
                report: list[Block] = approved_blocks(done, Path(code), pending=True)
            except Interrupted:
                raise
            except AgentopsError as error:
                # A plan that is not approved is no end of the watch, whatever the reason.
                report = [Heading(error.message, Tone.WARN), *error_blocks(error)]
            sys.stderr.write(page(tuple(report), sys.stderr) + "\n")
        else:
            sys.stderr.write(f"Left waiting. Decide it with: {command_line('approve', code)}\n")
        return said != "end" and said is not None

    return look_at
