"""``agentops mcp``: the MCP servers whose tools agentops may use, each with its scope and its pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from agentops.cli.commands import mcp_install
from agentops.cli.options import Common, with_common
from agentops.cli.report import Paragraph, Table, Tone
from agentops.cli.result import Result

if TYPE_CHECKING:
    from agentops.providers.mcp.objects.server import ServerConfig

LIST_EPILOG = """\b
Examples:
  agentops mcp list
  agentops mcp list --output json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="mcp", help="Connect MCP servers, and say what they may be used for.", no_args_is_help=True
    )
    group.command("list", help="List the connected servers.", epilog=LIST_EPILOG)(with_common(list_servers))
    mcp_install.register(group)

    @group.callback()
    def mcp() -> None:
        """Keep ``mcp`` a group while it has one command."""

    app.add_typer(group)


def list_servers(options: Common) -> Result:
    """List the configured servers; none is started."""
    from agentops.app.mcp_servers import mcp_servers

    found = mcp_servers(options.settings())
    columns = ("name", "transport", "server", "confined", "state")
    table = Table(columns, tuple(map(_row, found.servers)), () if options.verbose else ("server",))
    empty = Paragraph("No MCP servers are connected. Connect one: agentops mcp add NAME -- COMMAND", Tone.PLAIN)
    return Result(
        command="mcp list",
        document={"servers": [server_document(one) for one in found.servers], "file": str(found.file)},
        report=(table if found.servers else empty, Paragraph(str(found.file), Tone.QUIET)),
    )


def server_document(server: ServerConfig) -> dict[str, Any]:
    """Return a server as JSON tells it: of variables and headers the names alone."""
    return {
        "name": server.name,
        "transport": server.transport.value,
        "identity": server.identity,
        "enabled": server.enabled,
        "env": sorted(server.env),
        "headers": sorted(server.headers),
        "allowed": list(server.allowed),
        "confinement": server.confinement.value,
    }


def _row(server: ServerConfig) -> tuple[str, ...]:
    state = "on" if server.enabled else "off"
    return (server.name, server.transport.value, server.identity, server.confinement.value, state)
