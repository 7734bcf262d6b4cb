"""``agentops fix``: from an alert to a verified change, or to a plan that somebody else approves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands.investigate import read_stdin
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
    check_model_options,
    limit_flags,
)
from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.report import Block, Tone
from agentops.cli.result import Result, error_document
from agentops.cli.times import waiting_s
from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError, UsageError
from agentops.core.jsonable import to_json
from agentops.core.plan import ChangePlan
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.fixing.result import FixResult
    from agentops.app.run import App
    from agentops.cli.ending import Place
    from agentops.guard.pipeline_result import PipelineResult

HELP = """Fix an alert: plan, ask, apply, verify, roll back.

WHAT is an incident id (agentops history), or an ALERT as for investigate. Nothing changes without permission from
policy, a server-side dry run, an approval of exactly the plan that was shown, and an audit record written before it.

With --dry-run it stops at the plan. With --plan it runs a saved plan exactly as it is, or says what has changed since.
"""
EPILOG = """\b
Examples:
  agentops fix --sandbox=bad-image-tag                  try it: no cluster, no key
  agentops fix alert.json --dry-run                     what would be changed, and what it would touch
  agentops fix 20261122-0312 --dry-run --out plan.json  save the plan of an incident
  agentops approve plan.json --out plan.approval.json   a person signs exactly this plan
  agentops fix --plan plan.json --approval plan.approval.json
  agentops fix alert.json --yes --no-input              only what policy pre-approves

\b
Exit codes: 0 applied (or dry run, nothing to fix, cause outside the cluster), 1 error, 4 refused by policy,
5 not approved or stale, 6 rolled back, 7 a person is needed, 9 no plan: no fix is known.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("fix", help=HELP, epilog=EPILOG)(with_common(fix, PLACE))


def fix(
    options: Common,
    what: Annotated[
        str | None, typer.Argument(metavar="WHAT", help="An incident id, or an ALERT.", show_default=False)
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="Run the saved plan in this file.", show_default=False)
    ] = None,
    approval: Annotated[
        list[Path] | None,
        typer.Option(
            "--approval", metavar="FILE", help="File of a signed approval; may be repeated.", show_default=False
        ),
    ] = None,
    out: PlanOut = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = None,
    side_by_side: SideBySide = False,
    details: PlanDetails = False,
    exit_code: DryRunExitCode = False,
    no_model: Annotated[bool, typer.Option("--no-model", help="Use no model, only triage's known remedies.")] = False,
    model: ModelId = None,
    max_steps: MaxSteps = None,
    max_tokens: MaxTokens = None,
    max_usd: MaxUsd = None,
    max_seconds: MaxSeconds = None,
) -> Result:
    """Run the use case and turn what it returns into a result."""
    from agentops.app.fix import fix as fix_alert
    from agentops.app.saved_plan import run_saved_plan
    from agentops.app.stored_incident import is_incident_id
    from agentops.cli.ending import Place
    from agentops.cli.guarding import asking, not_wanted, place
    from agentops.cli.running import running

    flags = limit_flags(model, max_steps, max_tokens, max_usd, max_seconds)
    check_dry_run(dry_run=dry_run, yes=yes)
    if plan is None:
        _check_new_plan(approval, dry_run=dry_run, exit_code=exit_code)
        check_model_options(model, no_model=no_model)
        options.require_one_namespace(what)
        if what is None and options.sandbox is None:
            what = _last_incident(options)
            if not what:
                return not_wanted("fix", "To fix another one: agentops fix ID; agentops history lists them")
        options = options.where_begun(what) if is_incident_id(what) else options
    else:
        making = flags | {"no_model": no_model, "out": out, "exit_code": exit_code, "dry_run": dry_run}
        _check_saved_plan(what, making)
    where = place(options)
    terminal = partial(asking, options=options, yes=yes, wait_s=waiting_s(wait), side_by_side=side_by_side)
    with running("fix", options, flags, use_model=not no_model and plan is None) as app:
        if plan is not None:
            who = terminal(app, instead=lambda _: signed_command(plan, where))
            result = run_saved_plan(app, plan, approval or (), who)
            return _saved_result(app, result, plan, where, details=details, side_by_side=side_by_side)
        who = terminal(app, instead=lambda made: _instead(made, out, where), with_evidence=True)
        done = fix_alert(app, what, read_stdin, who, stop_at_plan=dry_run, save_to=out)
        kept = out if done.rounds else None
        run_in = Place(
            flags=where, embedded=app.sandbox is not None, out=kept, exit_code=exit_code, named=what is not None
        )
        return _result(app, done, run_in, details=details, side_by_side=side_by_side)


def _last_incident(options: Common) -> str:
    """Return the last incident where a person at this terminal takes it, empty where they do not.

    It is never taken without being asked for.

    Raises:
        UsageError: there is none, or nobody can be asked.
    """
    from agentops.app.history import last_incident
    from agentops.cli.guarding import is_taken
    from agentops.cli.prompting import cannot_ask

    last = last_incident(options.settings())
    if last is None:
        raise UsageError(
            "nothing to fix was given",
            hint="Give an incident id (agentops history), an ALERT or --plan; or try: agentops fix --sandbox",
        )
    short = last.id.rpartition("-")[2]
    hint = f"The last incident: {command_line('fix', short)}"
    if cannot_ask(no_input=options.no_input):
        raise UsageError("nothing to fix was given", hint=hint)
    said = f"Fix the last incident, {short}? {last.alert} on {last.target}: {one_line(last.conclusion, 120)}"
    return last.id if is_taken(said) else ""


def _check_saved_plan(what: str | None, making: Mapping[str, Any]) -> None:
    """Raise where something was said that only the making of a plan can heed: a saved one is run as it is.

    Arguments:
        making: the options that act while a plan is made; those that were not given are None or False.
    """
    said = [f"--{name.replace('_', '-')}" for name, value in making.items() if value not in (None, False)]
    said[:0] = ["WHAT"] if what is not None else []
    if said:
        raise UsageError(
            f"--plan runs a saved plan as it is, without {' and '.join(said)}",
            hint="Leave that out. To review a plan: agentops approve PLAN",
        )


def _check_new_plan(approval: list[Path] | None, *, dry_run: bool, exit_code: bool) -> None:
    if approval:
        raise UsageError("--approval needs --plan", hint="agentops fix --plan plan.json --approval plan.approval.json")
    check_exit_code(dry_run=dry_run, exit_code=exit_code)


def _result(app: App, done: FixResult, where: Place, *, details: bool, side_by_side: bool) -> Result:
    from agentops.cli.ending import ending_of
    from agentops.cli.views.finding import CLOSING_CHARS, conclusion_block
    from agentops.cli.views.fix import fix_document, outcome_details, plan_as_shown, refusal_blocks
    from agentops.cli.views.incident import incident_document
    from agentops.cli.views.shorter import said_once, shorter

    found = done.found
    ending = ending_of(done, where)
    document = incident_document(found.incident, found.finding, found.evidence, found.problems, found.usage)
    document |= fix_document(done)
    if app.no_model_reason:
        document["model"] = {"used": False, "why": app.no_model_reason}
    if ending.errors:
        document["errors"] = [_error_document(error, ending.commands) for error in ending.errors]
    document["next"] = list(ending.commands)
    # A dry run that would change something may end with another code than the use case says.
    app.finish(ending.status, ending.code)
    document["audit"] = to_json(app.log_head)
    blocks: list[Block] = []
    if done.rounds:
        said = shorter(found.finding.conclusion)
        said = said if details else said_once(said, CLOSING_CHARS)
        blocks.append(conclusion_block(found.finding, said, Tone.STRONG))
    for result in done.rounds if details else done.rounds[-1:]:
        blocks += plan_as_shown(result, details=details, side_by_side=side_by_side)
        blocks += outcome_details(result) if details else []
    # Of one refusal the last lines say why; the list is for several, and for what is left out of a plan.
    if details or done.rounds or len(done.refusals) > 1:
        blocks += refusal_blocks(done.refusals)
    blocks += [*ending.above, *ending.blocks]
    return Result(command="fix", status=ending.status, exit_code=ending.code, document=document, report=tuple(blocks))


def _saved_result(
    app: App, result: PipelineResult, path: Path, where: str, *, details: bool, side_by_side: bool
) -> Result:
    from agentops.cli.ending import approval_steps, steps_of_two
    from agentops.cli.views.fix import outcome_blocks, outcome_details, plan_as_shown, result_document, then_lines

    error = result.error
    wants_two = error is not None and error.code == "two-people"
    commands = approval_steps(result.planned.plan, path, where) if wants_two else ()
    document = result_document(result)
    if error is not None:
        document["errors"] = [_error_document(error, commands)]
    document["audit"] = to_json(app.log_head)
    blocks = plan_as_shown(result, details=details, side_by_side=side_by_side)
    blocks += outcome_details(result) if details else []
    blocks += outcome_blocks(result, then=tuple(steps_of_two(commands)) if commands else then_lines(result))
    return Result(
        command="fix", status=result.status, exit_code=result.exit_code, document=document, report=tuple(blocks)
    )


def _error_document(error: AgentopsError, commands: tuple[str, ...]) -> dict[str, Any]:
    found = error_document(error)
    return found | {"hint": "; then: ".join(commands)} if error.code == "two-people" and commands else found


def _instead(plan: ChangePlan, out: Path | None, where: str) -> str:
    """Return what a person can run when nobody can be asked here."""
    if out is not None:
        return signed_command(out, where)
    return f"Run this at a terminal: {command_line('fix', plan.intent.incident)}{where}"


def signed_command(path: Path, where: str) -> str:
    """Return how a saved plan is approved elsewhere and then run."""
    run = f"{command_line('fix', '--plan', path, '--approval', 'FILE')}{where}"
    return f"Run this at a terminal: {command_line('approve', path)}; then: {run}"
