"""``agentops investigate``: an alert in, a finding with cited evidence out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from agentops.cli.model_options import (
    MaxSeconds,
    MaxSteps,
    MaxTokens,
    MaxUsd,
    ModelId,
    check_model_options,
    limit_flags,
)
from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.report import Block, Code, Heading, Paragraph, Tone
from agentops.cli.result import Result, error_document
from agentops.core.errors import AlertError, ExitCode, Interrupted, ModelError, UsageError

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.app.services import Investigation

HELP = """Find the root cause of an alert; change nothing.

ALERT is a FILE (JSON or YAML of a sender named below or of any other, or text), '-' for standard input,
k8s:NAMESPACE/KIND/NAME, aws:SERVICE/TYPE/ID, alertmanager:NAME or cloudwatch:ALARM for one that fires, or a sentence in
quotes. With --sandbox and no ALERT, the scenario's own alert is used.

Without a model key, or with --no-model, the finding comes from the triage sweep alone and says so.
"""

EPILOG = """\b
Examples:
  agentops investigate --sandbox
  agentops investigate --sandbox=missing-config-key --no-model
  agentops investigate alert.json --context prod-eu
  agentops investigate cloudwatch:orders-too-old
  agentops investigate "checkout is slow since 14:00" --namespace shop
  curl -s http://alertmanager:9093/api/v2/alerts | agentops investigate - --output json
  agentops investigate --resume 20261122-1559
"""


class NamesSenders(TyperCommand):
    """A command whose help names whose alerts are recognised; the registry is imported when the help is asked for."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the senders before the examples."""
        from agentops.alerts.registry import FORMATS, senders

        with formatter.section("Senders that are recognised"):
            formatter.write_text(", ".join(senders()))
            formatter.write_text(f"The {len(FORMATS)} forms that they send are in docs/alerts.md.")
        super().format_epilog(ctx, formatter)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("investigate", cls=NamesSenders, help=HELP, epilog=EPILOG)(with_common(investigate, PLACE))


def investigate(
    options: Common,
    alert: Annotated[
        str | None,
        typer.Argument(metavar="ALERT", help="A file, '-', k8s:NAMESPACE/KIND/NAME, or words.", show_default=False),
    ] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Use no model, only the triage sweep.")] = False,
    model: ModelId = None,
    max_steps: MaxSteps = None,
    max_tokens: MaxTokens = None,
    max_usd: MaxUsd = None,
    max_seconds: MaxSeconds = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="INCIDENT", help="Resume an interrupted investigation.", show_default=False),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 unless no problem was found.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Show all that was seen, as agentops show does.")] = False,
) -> Result:
    """Run the use case and turn what it returns into a result."""
    from agentops.app.investigate import investigate as find_cause
    from agentops.app.investigate import resume as go_on
    from agentops.cli.running import running

    if alert is None and resume is None and options.sandbox is None:
        raise UsageError(
            "no ALERT was given",
            hint="Give a file, '-', k8s:NAMESPACE/KIND/NAME or a sentence; or try: agentops investigate --sandbox",
        )
    if alert is not None and resume is not None:
        raise UsageError("--resume takes no ALERT", hint="Leave out one of them.")
    check_model_options(model, no_model=no_model)
    options.require_one_namespace(alert)
    if resume is not None:
        options = options.where_begun(resume)
    flags = limit_flags(model, max_steps, max_tokens, max_usd, max_seconds)
    try:
        with running("investigate", options, flags, use_model=not no_model) as app:
            found = go_on(app, resume) if resume is not None else find_cause(app, alert, read_stdin)
            return _result(app, found, exit_code, details=details)
    except Interrupted as stop:
        if not stop.incident:
            raise
        return _interrupted(stop, options)


def _interrupted(stop: Interrupted, options: Common) -> Result:
    """Return what an interrupted run had come to; triage's finding is there before the model is asked."""
    from agentops.app.history import stored_incident
    from agentops.cli.views.incident import stored_blocks, stored_document

    found = stored_incident(options.settings(), stop.incident)
    return Result(
        command="investigate",
        status="interrupted",
        exit_code=stop.exit_code,
        document=stored_document(found) | {"errors": [error_document(stop)]},
        report=(*stored_blocks(found), Heading(stop.message, Tone.WARN), Code(stop.hint)),
    )


def read_stdin() -> bytes:
    """Return standard input, no more of it than an alert may have.

    Raises:
        AlertError: it is a terminal, or too long.
    """
    from agentops.alerts.source import read_capped

    if sys.stdin.isatty():
        raise AlertError(
            "standard input is a terminal", hint="Pipe the alert in: cat alert.json | agentops investigate -"
        )
    return read_capped(sys.stdin.buffer)


def _result(app: App, found: Investigation, exit_code: bool, *, details: bool) -> Result:
    from agentops.cli.views.incident import incident_blocks, incident_document
    from agentops.core.jsonable import to_json

    page = (found.incident, found.finding, found.evidence, found.problems, found.usage)
    remarks: list[Block] = []
    document = incident_document(*page)
    code = found.exit_code
    if exit_code and code is ExitCode.DONE and found.status != "done":
        code = ExitCode.FOUND
    if found.model_error is not None:
        document["errors"] = [error_document(found.model_error)]
        remarks = _no_answer(found.model_error)
    elif app.no_model_reason:
        document["model"] = {"used": False, "why": app.no_model_reason}
        remarks.append(Paragraph(f"Found without a model: {app.no_model_reason}.", Tone.WARN))
    blocks = incident_blocks(*page, details=details, remarks=remarks)
    app.finish(found.status, code)
    document["audit"] = to_json(app.log_head)
    return Result(command="investigate", status=found.status, exit_code=code, document=document, report=tuple(blocks))


def _no_answer(error: ModelError) -> list[Block]:
    text = f"The model could not be used, so this finding comes from triage alone. {error.message}"
    blocks: list[Block] = [Heading("No answer from the model", Tone.WARN), Paragraph(text, Tone.WARN)]
    return [*blocks, Paragraph(error.hint, Tone.QUIET)] if error.hint else blocks
