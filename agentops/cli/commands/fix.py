"""``agentops fix``: from an alert to a verified change, or to a plan that somebody else approves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands.approve import duration_s
from agentops.cli.commands.investigate import read_stdin
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Tone
from agentops.cli.result import Result, error_document
from agentops.core.errors import AgentopsError, ExitCode, UsageError
from agentops.core.outcome import Status
from agentops.core.plan import ChangePlan

if TYPE_CHECKING:
    from agentops.app.fix import FixResult
    from agentops.app.run import App
    from agentops.app.services import Investigation
    from agentops.guard.pipeline_result import PipelineResult

HELP = """FixResult an alert: plan, show, ask, apply, verify, or roll back.

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
_INCIDENT = re.compile(r"\d{8}-\d{4,6}(-[a-z0-9-]*)?")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("fix", help=HELP, epilog=EPILOG)(with_common(fix))


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
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan to this file.", show_default=False)
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
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="With --dry-run: exit 3 if the plan would change something.")
    ] = False,
    no_model: Annotated[bool, typer.Option("--no-model", help="Use no model, only triage's known remedies.")] = False,
    model: Annotated[
        str | None, typer.Option("--model", metavar="ID", help="Model id, or scripted:FILE.", show_default=False)
    ] = None,
    max_steps: Annotated[int | None, typer.Option(help="Maximum number of model turns.", show_default=False)] = None,
    max_tokens: Annotated[
        int | None, typer.Option(help="Maximum number of tokens, input and output.", show_default=False)
    ] = None,
    max_usd: Annotated[float | None, typer.Option(help="Maximum cost in US dollars.", show_default=False)] = None,
    max_seconds: Annotated[float | None, typer.Option(help="Maximum run time in seconds.", show_default=False)] = None,
) -> Result:
    """Run the use case and turn what it returns into a result."""
    from agentops.cli.running import running

    _check(what, plan, approval, options, dry_run=dry_run)
    flags = {
        "model": model,
        "max_steps": max_steps,
        "max_tokens": max_tokens,
        "max_usd": max_usd,
        "max_seconds": max_seconds,
    }
    with running("fix", options, flags, use_model=not no_model and plan is None) as app:
        wanted = FixCommand(
            app,
            options,
            out,
            dry_run=dry_run,
            yes=yes,
            wait_s=waiting_s(wait),
            side_by_side=side_by_side,
            exit_code=exit_code,
        )
        if plan is not None:
            return wanted.run_saved(plan, approval or [])
        return wanted.fix(what)


def _check(what: str | None, plan: Path | None, approval: list[Path] | None, options: Common, *, dry_run: bool) -> None:
    if plan is not None and (what is not None or dry_run):
        raise UsageError(
            "--plan takes neither WHAT nor --dry-run",
            hint="Leave them out. To review a plan: agentops approve PLAN",
        )
    if approval and plan is None:
        raise UsageError("--approval needs --plan", hint="agentops fix --plan plan.json --approval plan.approval.json")
    if what is None and plan is None and options.sandbox is None:
        raise UsageError(
            "nothing to fix was given",
            hint="Give an incident id (agentops history), an ALERT or --plan; or try: agentops fix --sandbox",
        )


class FixCommand:
    """One call of ``fix`` with what was asked for."""

    def __init__(
        self,
        app: App,
        options: Common,
        out: Path | None,
        *,
        dry_run: bool,
        yes: bool,
        wait_s: float,
        side_by_side: bool,
        exit_code: bool,
    ) -> None:
        self._app = app
        self._options = options
        self._out = out
        self._dry_run = dry_run
        self._yes = yes
        self._wait_s = wait_s
        self._side_by_side = side_by_side
        self._exit_code = exit_code
        self._incident = ""

    def fix(self, what: str | None) -> Result:
        """Investigate (or open the incident), plan, and carry out."""
        from agentops.app.guarding import fix, prepare_drafting, require_nothing_open
        from agentops.cli.guarding import asking

        require_nothing_open(self._app)
        who = asking(
            self._app,
            self._options,
            yes=self._yes,
            wait_s=self._wait_s,
            side_by_side=self._side_by_side,
            instead=self._instead,
            incident=lambda: self._incident,
        )
        prepare_drafting(self._app, who)
        found = self._found(what)
        self._incident = found.incident.id
        done = fix(self._app, found, who, stop_at_plan=self._dry_run)
        if self._out is not None and done.rounds:
            from agentops.store.plans import save_plan

            save_plan(self._out, done.rounds[-1].planned.plan)
        return self._result(done)

    def _found(self, what: str | None) -> Investigation:
        if what is not None and _INCIDENT.fullmatch(what):
            return self._app.reopen(what)
        return self._app.investigate(what, read_stdin)

    def _instead(self, _plan: ChangePlan) -> str:
        """Return what a person can run when nobody can be asked here."""
        from agentops.cli.guarding import place

        where = place(self._options)
        if self._out is not None:
            return _signed(self._out, where)
        return f"Run this at a terminal: agentops fix {self._incident}{where}"

    def run_saved(self, path: Path, approvals: list[Path]) -> Result:
        """Run a saved plan."""
        from agentops.app.guarding import run_saved
        from agentops.cli.ending import approval_steps
        from agentops.cli.guarding import asking, place
        from agentops.cli.views.fix import result_blocks, result_document
        from agentops.store.plans import load_approval, load_plan

        plan, given = load_plan(path), [load_approval(one) for one in approvals]
        where = place(self._options)
        who = asking(
            self._app,
            self._options,
            yes=self._yes,
            wait_s=self._wait_s,
            side_by_side=self._side_by_side,
            instead=lambda _: _signed(path, where),
        )
        result = run_saved(self._app, plan, given, who)
        document = result_document(result)
        wants_two = result.error is not None and result.error.code == "two-people"
        commands = approval_steps(plan, path, where) if wants_two else ()
        if result.error is not None:
            document["errors"] = [self._error_document(result.error, commands)]
        seen = self._is_unseen(result)
        blocks = result_blocks(result, side_by_side=self._side_by_side, with_plan=seen, hint=not wants_two)
        blocks += [Code("\n".join(commands))] if commands else []
        return self._finish(result.outcome.status, result.error, document, blocks)

    def _is_unseen(self, result: PipelineResult) -> bool:
        """Return whether the plan was not shown yet: whoever was asked has seen it a moment ago."""
        return not any(one.stage == "asked" for one in result.outcome.stages)

    def _result(self, done: FixResult) -> Result:
        from agentops.cli.ending import Place, ending_of
        from agentops.cli.guarding import place
        from agentops.cli.views.fix import fix_document, refusal_blocks, result_blocks
        from agentops.cli.views.incident import incident_document

        found = done.found
        document = incident_document(found.incident, found.finding, found.evidence, found.problems, found.usage)
        document |= fix_document(done)
        where = Place(
            flags=place(self._options),
            embedded=self._app.sandbox is not None,
            out=self._out if done.rounds else None,
            exit_code=self._exit_code,
        )
        ending = ending_of(done, where)
        blocks: list[Block] = [Heading(found.finding.conclusion, Tone.STRONG)]
        for result in done.rounds:
            seen = self._is_unseen(result)
            blocks += result_blocks(result, side_by_side=self._side_by_side, with_plan=seen, hint=False)
        blocks += refusal_blocks(done.refusals)
        if self._app.no_model_reason:
            document["model"] = {"used": False, "why": self._app.no_model_reason}
        if ending.errors:
            document["errors"] = [self._error_document(error, ending.commands) for error in ending.errors]
        document["next"] = list(ending.commands)
        return self._ended(ending.status, ending.code, document, [*blocks, *ending.blocks])

    def _error_document(self, error: AgentopsError, commands: tuple[str, ...]) -> dict[str, Any]:
        found = error_document(error)
        return found | {"hint": "; then: ".join(commands)} if error.code == "two-people" and commands else found

    def _finish(
        self, status: Status, error: AgentopsError | None, document: dict[str, Any], blocks: list[Block]
    ) -> Result:
        code = error.exit_code if error is not None else status.exit_code
        if status is Status.DRY_RUN and self._exit_code:
            code = ExitCode.FOUND
        return self._ended(status.value, code, document, blocks)

    def _ended(self, status: str, code: ExitCode, document: dict[str, Any], blocks: list[Block]) -> Result:
        document["audit"] = self._app.finish(status, code)
        return Result(command="fix", status=status, exit_code=code, document=document, report=tuple(blocks))


def waiting_s(text: str | None) -> float:
    """Return how long to wait for another run, from ``--wait``; seconds.

    Raises:
        UsageError: it is no time.
    """
    return 0.0 if text is None else float(duration_s(text, "--wait"))


def _signed(path: Path, where: str) -> str:
    return f"Run this at a terminal: agentops approve {path}; then: agentops fix --plan {path} --approval FILE{where}"
