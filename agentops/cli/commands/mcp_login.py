"""``agentops mcp login`` and ``logout``: sign in to a server that wants OAuth, and forget it."""

from __future__ import annotations

import sys

import typer

from agentops.cli.commands.mcp_tools import Server
from agentops.cli.options import Common, with_common
from agentops.cli.report import Code, Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line
from agentops.core.text import visible

LOGIN_HELP = """Sign in to a server that wants OAuth.

Prints an address to open in a browser, and waits for you to come back from it, five minutes at most. Only at a
terminal. What the server gives is kept in a file that only you can read, and renewed without you.
"""
LOGIN_EPILOG = """\b
Examples:
  agentops mcp add linear --url https://mcp.linear.app/mcp --oauth
  agentops mcp login linear
"""
LOGOUT_HELP = """Forget the sign-in to a server.

Removes what is kept on this machine. The server is not told: withdraw the access there, too.
"""
LOGOUT_EPILOG = """\b
Examples:
  agentops mcp logout linear
"""


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``mcp``."""
    group.command("login", help=LOGIN_HELP, epilog=LOGIN_EPILOG)(with_common(login))
    group.command("logout", help=LOGOUT_HELP, epilog=LOGOUT_EPILOG)(with_common(logout))


def login(options: Common, server: Server) -> Result:
    """Show where to sign in, and wait."""
    from agentops.app.mcp_sign_in import sign_in
    from agentops.cli.mcp_asking import require_somebody

    require_somebody(options, "Sign in at a terminal.")
    facts = sign_in(options.settings(), server, _show)
    report = (
        Heading(f"signed in to {server}", Tone.GOOD),
        Paragraph(f"It calls itself {visible(facts.name) or 'nothing'}."),
        Code(command_line("mcp", "trust", server)),
    )
    return Result(command="mcp login", document={"client": server}, report=report)


def logout(options: Common, server: Server) -> Result:
    """Forget what is kept."""
    from agentops.app.mcp_sign_in import sign_out

    there = sign_out(options.settings(), server)
    title = f"the sign-in to {server} is forgotten" if there else f"nobody was signed in to {server}"
    return Result(command="mcp logout", document={"client": server}, report=(Heading(title, Tone.GOOD),))


def _show(url: str) -> None:
    sys.stderr.write(f"Open this address in a browser, and sign in there:\n\n  {visible(url)}\n\n")
    sys.stderr.flush()
