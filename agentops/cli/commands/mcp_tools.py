"""``agentops mcp tools`` and ``trust``: what a server lists now, and which of it may be used."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line
from agentops.core.text import plural

TOOLS_HELP = """List a server's tools, and which are held back.

Starts the server. A tool is offered when a person has trusted it, it is as it was then, and it is allowed.
"""
TOOLS_EPILOG = """\b
Examples:
  agentops mcp tools git
  agentops mcp tools git -v              with the server's words on each
  agentops mcp tools git --output json
"""
TRUST_HELP = """Look at a server's tools, and trust those that may be used.

Starts the server, shows what is new and what has changed since it was trusted, and asks. Only at a terminal. A tool
that changes in any field afterwards is held back until somebody has looked at it again.
"""
TRUST_EPILOG = """\b
Examples:
  agentops mcp trust git                 all that are held back
  agentops mcp trust git git_log git_diff
"""
Server = Annotated[str, typer.Argument(metavar="SERVER", help="Name of the server.", show_default=False)]


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``mcp``."""
    group.command("tools", help=TOOLS_HELP, epilog=TOOLS_EPILOG)(with_common(tools))
    group.command("trust", help=TRUST_HELP, epilog=TRUST_EPILOG)(with_common(trust))


def tools(options: Common, server: Server) -> Result:
    """List the tools of a server."""
    from agentops.app.mcp_sessions import look_at
    from agentops.cli.views.mcp import look_blocks, look_document

    look = look_at(options.settings(), server, "tools")
    held = sum(one.pin is not None for one in look.tools)
    closing: tuple[Block, ...] = ()
    if held:
        what = Paragraph(f"{plural(held, 'tool')} held back until somebody has looked:", Tone.WARN)
        closing = (what, Code(command_line("mcp", "trust", look.server.name)))
    report = (*look_blocks(look, full=bool(options.verbose)), *closing)
    return Result(command="mcp tools", document=look_document(look), report=report)


def trust(
    options: Common,
    server: Server,
    tool: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOOL ...]", help="Only these (default: all held back).", show_default=False),
    ] = None,
) -> Result:
    """Show what would be trusted, ask, and pin it."""
    from agentops.app.mcp_sessions import look_at, trust, trustable
    from agentops.cli.mcp_asking import require_agreement, require_somebody
    from agentops.cli.views.mcp import look_document, trust_blocks

    settings = options.settings()
    require_somebody(options, f"Trust it at a terminal; to look: {command_line('mcp', 'tools', server)}")
    look = look_at(settings, server, "trust")
    chosen = trustable(look, tool or ())
    if chosen:
        shown, full = trust_blocks(look, chosen), trust_blocks(look, chosen, full=True)
        what = plural(len(chosen), "tool")
        require_agreement(shown, f"Trust {what} of {server}?", f"trust {what}", () if full == shown else full)
        trust(settings, look, chosen)
    title = f"{plural(len(chosen), 'tool')} of {look.server.name} trusted" if chosen else "Nothing is held back"
    usable = sum(one.classification.effect.value == "read" for one in chosen)
    counted = (("reads", str(usable)), ("changes", f"{len(chosen) - usable} (only those that --allow names)"))
    report = (Heading(title, Tone.GOOD), *((Pairs(counted),) if chosen else ()))
    document = look_document(look) | {"trusted": [one.name for one in chosen]}
    return Result(command="mcp trust", document=document, report=report)
