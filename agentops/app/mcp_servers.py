"""The use cases of ``mcp``: which MCP servers are connected, and with what scope. Each change is recorded first.

Comes in: settings. Goes out: servers as they are configured; never a secret, only where one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.settings.own_file import ServersFile


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServers:
    """The servers in the order of their names, and the file that lists them."""

    servers: tuple[ServerConfig, ...]
    file: Path


def mcp_servers(settings: Settings) -> McpServers:
    """Return the servers that are connected.

    Raises:
        ConfigError: the file cannot be read or believed.
    """
    file = servers_file(settings)
    return McpServers(servers=file.servers(), file=file.path)


def servers_file(settings: Settings) -> ServersFile:
    """Return the file of servers: the organisation's where there is one, else the user's own."""
    from agentops.providers.mcp.settings.own_file import ServersFile

    system = settings.folders.system / settings.folders.mcp_servers.name
    if system.exists():
        return ServersFile(path=system, root_only=True)
    return ServersFile(path=settings.folders.mcp_servers)
