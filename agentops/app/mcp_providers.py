"""The connected MCP servers as providers of a run, beside those that agentops ships.

Comes in: settings. Goes out: providers. Where no server is connected nothing is imported and one file is looked for;
where one is, two files are read. A server is started by the first call that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.providers import PROVIDERS

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.provider import Provider, ProviderContext
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.objects.session import McpSession


def providers_of(settings: Settings) -> tuple[Provider, ...]:
    """Return every provider: those that ship, and one for each connected MCP server that is switched on.

    Raises:
        ConfigError: the servers' file, or what was trusted of them, cannot be read or believed.
    """
    return (*PROVIDERS, *_servers(settings))


def _servers(settings: Settings) -> tuple[Provider, ...]:
    folders = settings.folders
    if not folders.mcp_servers.exists() and not (folders.system / folders.mcp_servers.name).exists():
        return ()
    from agentops.app.mcp_servers import mcp_pins, mcp_servers
    from agentops.providers.mcp.provider import McpProvider

    servers = [one for one in mcp_servers(settings).servers if one.enabled]
    pins = mcp_pins(settings) if servers else {}

    def open_server(config: ServerConfig, context: ProviderContext) -> McpSession:
        from agentops.app.mcp_sessions import server_session

        return server_session(settings, config, learn=context.learn, redact=context.redacted)

    return tuple(McpProvider(one, pins.get(one.name), open_server) for one in servers)
