"""``agentops do``: a request in one's own words to one plan, shown, approved, applied and verified."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands.ask import interrupted_request
from agentops.cli.model_options import (
    DryRun,
    DryRunExitCode,
    MaxSeconds,
    MaxSteps,
    MaxTokens,
    MaxUsd,
    ModelId,
    PlanDetails,
    PlanOut,
    SideBySide,
    Wait,
    Yes,
    check_dry_run,
    check_exit_code,
    limit_flags,
)
from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.report import Block, Code, Paragraph, Tone
from agentops.cli.result import Result, error_document
from agentops.cli.times import waiting_s
from agentops.cli.words import check_words, words_given
from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError, ExitCode, Interrupted, PolicyRefused
from agentops.core.outcome import Status
from agentops.core.plan import Approval, ChangePlan

if TYPE_CHECKING:
    from agentops.app.do import DoResult
    from agentops.app.run import App

HELP = """Do what you ask: plan, ask, apply, verify, roll back.

WORDS are your own, in quotes, or '-' for standard input. They go to the model whole, and are the only instruction that
it gets. It reads what it needs and drafts one plan; nothing changes without permission from policy, a server-side dry
run, an approval of exactly the plan that was shown, and an audit record written before it. Needs a model.
"""
EPILOG = """\b
Examples:
  agentops do "scale web to 3 and put the canary behind the Service" --namespace shop
  agentops do "allow only web to reach the database" --dry-run
  agentops do "create a namespace for team blue with a quota of 4 CPUs" --out plan.json --dry-run
  agentops do "suspend the nightly report" --sandbox
  agentops do --resume 7f54                      what was planned and not carried out

\b
Exit codes: 0 done as asked (or already so, or dry run), 1 error, 4 refused by policy, 5 not approved or stale,
6 rolled back, 7 a person is needed, 9 not possible.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("do", help=HELP, epilog=EPILOG)(with_common(do, PLACE))


def do(
    options: Common,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What to do, or '-'.", show_default=False)
    ] = None,
    out: PlanOut = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = None,
    side_by_side: SideBySide = False,
    details: PlanDetails = False,
    exit_code: DryRunExitCode = False,
    model: ModelId = None,
    max_steps: MaxSteps = None,
    max_tokens: MaxTokens = None,
    max_usd: MaxUsd = None,
    max_seconds: MaxSeconds = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="INCIDENT", help="Resume an earlier request.", show_default=False),
    ] = None,
) -> Result:
    """Run the use case and turn what it returns into a result."""
    from agentops.app.do import do as carry_out
    from agentops.app.do import resume as go_on
    from agentops.cli.guarding import asking, place
    from agentops.cli.running import running

    check_words(words, resume, "do")
    check_exit_code(dry_run=dry_run, exit_code=exit_code)
    check_dry_run(dry_run=dry_run, yes=yes)
    options = options if resume is None else options.where_begun(resume)
    where = place(options)
    flags = limit_flags(model, max_steps, max_tokens, max_usd, max_seconds)
    terminal = partial(asking, options=options, yes=yes, wait_s=waiting_s(wait), side_by_side=side_by_side)
    try:
        with running("do", options, flags, use_model=True) as app:
            who = terminal(app, instead=lambda plan: _instead(plan, out, where), with_evidence=True)
            if resume is None:
                done = carry_out(app, words_given(words, "do"), who, stop_at_plan=dry_run, save_to=out)
            else:
                done = go_on(app, resume, who, stop_at_plan=dry_run, save_to=out)
            code = ExitCode.FOUND if exit_code and _would_change(done) else done.exit_code
            app.finish(done.status, code)
            return _result(app, done, _commands(done, out, where), code, details=details, side_by_side=side_by_side)
    except Interrupted as stop:
        if not stop.incident:
            raise
        return interrupted_request(stop, options, "do")


def _result(
    app: App, done: DoResult, commands: tuple[str, ...], code: ExitCode, *, details: bool, side_by_side: bool
) -> Result:
    from agentops.cli.views.finding import usage_line
    from agentops.cli.views.fix import (
        outcome_blocks,
        outcome_details,
        plan_as_shown,
        refusal_blocks,
        refusal_documents,
        result_document,
        then_lines,
    )
    from agentops.cli.views.request import above_blocks, asked_blocks, closing_blocks, request_document, whole_blocks
    from agentops.core.jsonable import to_json

    found, reply = done.replied, done.replied.reply
    document: dict[str, Any] = request_document(found.incident, reply, found.evidence, found.usage)
    if done.ended is not None:
        document |= result_document(done.ended)
    if done.refusals:
        document["refusals"] = refusal_documents(done.refusals)
    if done.kept is not None:
        document["kept"] = str(done.kept)
    if errors := _errors(done):
        document["errors"] = [error_document(error) for error in errors]
    document["next"] = list(commands)
    document["audit"] = to_json(app.log_head)
    blocks = [*asked_blocks(found.incident), *above_blocks(reply, found.evidence)]
    blocks.append(Paragraph(usage_line(found.usage, reply.by), Tone.QUIET))
    if done.ended is not None:
        blocks += plan_as_shown(done.ended, details=details, side_by_side=side_by_side)
        blocks += outcome_details(done.ended) if details else []
        blocks += outcome_blocks(done.ended, then=then_lines(done.ended, hint=False))
    blocks += [*refusal_blocks(done.refusals), *_for_others(done, commands), *whole_blocks(reply)]
    blocks += closing_blocks(found.incident, reply, commands[0] if commands else "")
    return Result(command="do", status=done.status, exit_code=code, document=document, report=tuple(blocks))


def _errors(done: DoResult) -> list[AgentopsError]:
    """Return why it did not come to a verified change, each reason once."""
    if done.ended is not None:
        return [done.ended.error] if done.ended.error is not None else []
    return list({one.error.message: one.error for one in done.refusals}.values())


def _would_change(done: DoResult) -> bool:
    return done.ended is not None and done.ended.outcome.status is Status.DRY_RUN


def _commands(done: DoResult, out: Path | None, where: str) -> tuple[str, ...]:
    """Return what can be typed next, best first: what carries out a plan that nobody has agreed to yet."""
    from agentops.cli.ending import approval_steps

    if done.is_refused and done.exit_code is ExitCode.REFUSED:
        refused = next(one.change for one in done.refusals if isinstance(one.error, PolicyRefused))
        return (command_line("policy", "explain", "--tool", refused.tool, "--target", refused.target),)
    if done.ended is None or done.ended.outcome.status not in (Status.DRY_RUN, Status.DECLINED):
        return ()
    plan, path = done.ended.planned.plan, out or done.kept
    again = f"{command_line('do', '--resume', done.replied.incident.short_id)}{where}"
    if path is None or plan.servers.startswith("sandbox:"):
        return (again,)
    signed = approval_steps(plan, path, where)
    return signed if plan.obligation.approval is Approval.TWO_PERSON else (again, *signed)


def _for_others(done: DoResult, commands: tuple[str, ...]) -> list[Block]:
    """Return how somebody else approves the plan; the first command is the closing line's."""
    if len(commands) < 2 or done.ended is None:
        return []
    if done.ended.planned.plan.obligation.approval is Approval.TWO_PERSON:
        said = "Two other people must approve it, each with one of the approve commands; the last command runs it:"
        return [Paragraph(said, Tone.WARN), Code("\n".join(commands))]
    return [Paragraph("Or have it approved by somebody else:", Tone.QUIET), Code("\n".join(commands[1:]))]


def _instead(plan: ChangePlan, out: Path | None, where: str) -> str:
    """Return what a person can run when nobody can be asked here."""
    from agentops.cli.commands.fix import signed_command

    if out is not None:
        return signed_command(out, where)
    return f"Run this at a terminal: {command_line('do', '--resume', plan.intent.incident)}{where}"
