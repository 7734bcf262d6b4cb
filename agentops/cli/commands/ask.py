"""``agentops ask``: a question in one's own words, an answer with cited evidence; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.model_options import MaxSeconds, MaxSteps, MaxTokens, MaxUsd, ModelId, limit_flags
from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.result import Result, error_document
from agentops.cli.words import check_words, words_given
from agentops.core.errors import Interrupted, ModelError

if TYPE_CHECKING:
    from agentops.app.requests import Replied
    from agentops.app.run import App

HELP = """Answer a question, with cited evidence; change nothing.

WORDS are your own, in quotes, or '-' for standard input. They go to the model whole, and are the only instruction that
it gets; it has read tools only, and an answer that cites nothing it has read is no answer. Needs a model.
"""
EPILOG = """\b
Examples:
  agentops ask "what runs here?" --namespace shop
  agentops ask "why does web have two ReplicaSets?" --sandbox
  agentops ask "who may delete pods in shop?" --output json
  agentops ask - < question.txt

\b
Exit codes: 0 answered, 1 error, or no answer that evidence supports, 9 not possible.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("ask", help=HELP, epilog=EPILOG)(with_common(ask, PLACE))


def ask(
    options: Common,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="Your question, or '-'.", show_default=False)
    ] = None,
    model: ModelId = None,
    max_steps: MaxSteps = None,
    max_tokens: MaxTokens = None,
    max_usd: MaxUsd = None,
    max_seconds: MaxSeconds = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="INCIDENT", help="Resume an interrupted question.", show_default=False),
    ] = None,
) -> Result:
    """Run the use case and turn what it returns into a result."""
    from agentops.app.ask import ask as answer
    from agentops.app.ask import resume as go_on
    from agentops.cli.running import running

    check_words(words, resume, "ask")
    options = options if resume is None else options.where_begun(resume)
    flags = limit_flags(model, max_steps, max_tokens, max_usd, max_seconds)
    try:
        with running("ask", options, flags, use_model=True) as app:
            found = answer(app, words_given(words, "ask")) if resume is None else go_on(app, resume)
            return _result(app, found)
    except Interrupted as stop:
        if not stop.incident:
            raise
        return interrupted_request(stop, options, "ask")


def interrupted_request(stop: Interrupted, options: Common, command: str) -> Result:
    """Return what an interrupted request had come to: all that was read is kept."""
    from agentops.app.history import stored_incident
    from agentops.cli.report import Code, Heading, Tone
    from agentops.cli.views.request import interrupted_blocks, request_document

    found = stored_incident(options.settings(), stop.incident)
    document = request_document(found.incident, found.reply, found.evidence, found.usage)
    return Result(
        command=command,
        status="interrupted",
        exit_code=stop.exit_code,
        document=document | {"errors": [error_document(stop)]},
        report=(*interrupted_blocks(found), Heading(stop.message, Tone.WARN), Code(stop.hint)),
    )


def _result(app: App, found: Replied) -> Result:
    from agentops.app.ask import exit_code_of
    from agentops.cli.report import Paragraph, Tone
    from agentops.cli.views.finding import usage_line
    from agentops.cli.views.request import above_blocks, answer_blocks, asked_blocks, request_document
    from agentops.core.jsonable import to_json

    incident, reply = found.incident, found.reply
    document = request_document(incident, reply, found.evidence, found.usage)
    if not reply.supported:
        error = ModelError("its answer is not supported by evidence that was observed", code="model-unsupported")
        document["errors"] = [error_document(error)]
    document["audit"] = to_json(app.log_head)
    report = (
        *asked_blocks(incident),
        *above_blocks(reply, found.evidence),
        Paragraph(usage_line(found.usage, reply.by), Tone.QUIET),
        *answer_blocks(incident, reply),
    )
    return Result(command="ask", status=reply.standing, exit_code=exit_code_of(found), document=document, report=report)
