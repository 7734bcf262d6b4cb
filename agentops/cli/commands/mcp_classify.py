"""``agentops mcp classify`` and ``allow``: what only the person who connected a server can say of its tools."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.commands.mcp_tools import Server
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Heading, Pairs, Paragraph, Quote, Table, Tone
from agentops.cli.result import Result
from agentops.cli.views.mcp import does
from agentops.core.commands import command_line
from agentops.core.homographs import marked
from agentops.core.risk import Risk
from agentops.core.text import one_line, plural
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


ALLOW_HELP = """Say which tools of a server may be used, changes included.

Without any name a server may be used for its reads. The first name keeps those reads, and adds to them. A change that
is allowed can be planned: it is still shown, approved and recorded. Starts the server, and asks; only at a terminal.
"""
ALLOW_EPILOG = """\b
Examples:
  agentops mcp allow git git_add git_commit
  agentops mcp allow git git_show --revoke
"""


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``mcp``."""
    group.command("allow", help=ALLOW_HELP, epilog=ALLOW_EPILOG)(with_common(allow))
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
    from agentops.app.mcp_servers import classify, require_own_word
    from agentops.app.mcp_sessions import look_at
    from agentops.cli.mcp_asking import require_agreement, require_somebody
    from agentops.cli.views.mcp import tool_document

    settings = options.settings()
    require_own_word(settings)
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


def allow(
    options: Common,
    server: Server,
    tool: Annotated[
        list[str], typer.Argument(metavar="TOOL ...", help="The server's names of the tools.", show_default=False)
    ],
    revoke: Annotated[bool, typer.Option("--revoke", help="Allow them no longer.")] = False,
) -> Result:
    """Show what would be allowed, ask, and write it into the user's file."""
    from agentops.app.mcp_classify import allowed_with
    from agentops.app.mcp_servers import allow, require_own_word
    from agentops.app.mcp_sessions import look_at
    from agentops.cli.mcp_asking import require_agreement, require_somebody

    settings = options.settings()
    require_own_word(settings)
    require_somebody(options, "Allow it at a terminal, or in mcp.json.")
    look = look_at(settings, server, "allow")
    allowed = allowed_with(look, tool, revoked=revoke)
    known = {one.name: one for one in look.tools}
    rows = tuple((marked(name), does(known[name]) if name in known else "not listed any more") for name in tool)
    now = "no longer allowed" if revoke else "allowed from now on"
    others = len(set(allowed) - set(tool))
    blocks: list[Block] = [
        Heading(f"{look.server.name}: {now}"),
        Table(("tool", "does"), rows),
        Paragraph(f"Beside {'them' if revoke else 'these'}: {plural(others, 'tool')} as until now."),
    ]
    if not revoke and any(name in known and known[name].classification.effect is Effect.CHANGE for name in tool):
        blocks.append(Paragraph("A change can be planned then; it is still shown and approved each time.", Tone.WARN))
    what = plural(len(allowed), "tool")
    require_agreement(blocks, f"Allow {what} in all, and no other?", f"allow {what}")
    allow(settings, look.server, allowed)
    report = (Heading(f"{look.server.name} may be used for {what}", Tone.GOOD),)
    return Result(command="mcp allow", document={"allowed": list(allowed)}, report=report)
