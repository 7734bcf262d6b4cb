"""``agentops mcp classify``: what a tool does, as only the person who connected its server can say."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.commands.mcp_tools import Server
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Heading, Pairs, Paragraph, Quote, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line
from agentops.core.homographs import marked
from agentops.core.risk import Risk
from agentops.core.text import one_line
from agentops.core.tool import Effect

CLASSIFY_HELP = """Say what a tool of a server does: read or change.

A tool that nobody has classified counts as a change of critical risk. Starts the server, shows the tool, and asks. It
counts for the input schema that the tool has now. A server's own hints can only make it stricter. Only at a terminal.
"""
CLASSIFY_EPILOG = """\b
Examples:
  agentops mcp classify mine get_status --effect read
  agentops mcp classify mine restart --effect change --risk medium

A read is called without asking, by a model too. Facets for policy, what undoes a change and what reads it back are said
in mcp.json (docs/mcp/README.md).
"""


def register(group: typer.Typer) -> None:
    """Add the command to the group ``mcp``."""
    group.command("classify", help=CLASSIFY_HELP, epilog=CLASSIFY_EPILOG)(with_common(classify))


def classify(
    options: Common,
    server: Server,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The server's name of the tool.", show_default=False)],
    effect: Annotated[Effect, typer.Option("--effect", help="Whether it reads or changes.")] = Effect.CHANGE,
    risk: Annotated[
        Risk | None, typer.Option("--risk", help="Of a change (default: critical).", show_default=False)
    ] = None,
) -> Result:
    """Show the tool, ask, and write it into the user's file."""
    from agentops.app.mcp_classify import own_classification
    from agentops.app.mcp_servers import classify
    from agentops.app.mcp_sessions import look_at
    from agentops.cli.mcp_asking import require_agreement, require_somebody
    from agentops.cli.views.mcp import tool_document

    settings = options.settings()
    require_somebody(options, "Classify it at a terminal, or in mcp.json.")
    look = look_at(settings, server, "classify")
    found, said = own_classification(look, tool, effect, risk)
    what = "reads" if effect is Effect.READ else f"changes something, {said.risk.value} risk"
    name = marked(one_line(found.name, 80))
    blocks: list[Block] = [
        Heading(f"{name} of {look.server.name} {what}?"),
        Pairs((("until now", found.classification.why or found.classification.effect.value),)),
        Quote(found.description or "The server says nothing of it."),
    ]
    if effect is Effect.READ:
        blocks.append(Paragraph("A read is called without asking, by a model too.", Tone.WARN))
    require_agreement(blocks, f"Say that {name} {what}?", f"it {what}")
    classify(settings, look.server, found.name, said)
    follow = command_line("mcp", "trust", look.server.name, found.name)
    report = (
        Heading(f"{name} of {look.server.name} {what}", Tone.GOOD),
        *((Paragraph(f"It is held back still: {follow}"),) if found.pin is not None else ()),
    )
    document = tool_document(found) | {"effect": effect.value, "risk": said.risk.value, "classified": True}
    return Result(command="mcp classify", document={"mcp_tools": [document]}, report=report)
