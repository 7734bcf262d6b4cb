"""The list of a server's tools: every page, within caps; and whether a tool is still what it was when it was listed.

Must never: follow pages without an end, or keep more than ``ServerLimits.list_bytes``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.mcp.client.connection import AnswerLost, CallRefused, ServerConnection
from agentops.providers.mcp.client.decode import tool_of
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.tool import ForeignTool

_MOST_PAGES = 100


async def listed(connection: ServerConnection, config: ServerConfig) -> tuple[ForeignTool, ...]:
    """Return all tools in the order of their names; a name that stands twice in the list stands twice here.

    Raises:
        ToolError: no list came, or what came is none, or longer than it may be.
    """
    found: list[ForeignTool] = []
    cursor: str | None = None
    room = config.limits.list_bytes
    for _ in range(_MOST_PAGES):
        try:
            exchange = await connection.page(cursor, config.limits.start_s)
        except (AnswerLost, CallRefused) as error:
            raise _bad_list(config, str(error)) from error
        page = exchange.answer or {}
        entries = page.get("tools")
        if not isinstance(entries, list):
            raise _bad_list(config, "its answer holds no list of tools")
        room -= len(json.dumps(page, ensure_ascii=False, default=str).encode("utf-8", "replace"))
        if room < 0 or exchange.cut:
            raise _bad_list(config, f"it is longer than {config.limits.list_bytes:,} bytes")
        found += filter(None, map(tool_of, entries))
        following = page.get("nextCursor")
        if not isinstance(following, str) or following == cursor:
            return tuple(sorted(found, key=lambda tool: (tool.name, tool.fingerprint)))
        cursor = following
    raise _bad_list(config, f"it has more than {_MOST_PAGES} pages")


def require_unchanged(
    before: Sequence[ForeignTool], now: Sequence[ForeignTool], name: str, config: ServerConfig
) -> None:
    """Raise unless a tool is what it was when it was listed first.

    Raises:
        ToolError: it is not there any more, or another one; what was approved was not that.
    """
    if {tool.fingerprint for tool in before if tool.name == name} != {
        tool.fingerprint for tool in now if tool.name == name
    }:
        raise ToolError(
            f"{one_line(name, 80)} of MCP server {config.name} has changed since it was listed, and was not called",
            hint="Start again: what it is now is compared with what was trusted.",
            code="mcp-tool-changed",
        )


def _bad_list(config: ServerConfig, why: str) -> ToolError:
    return ToolError(f"the tools of MCP server {config.name} cannot be listed: {why}", code="mcp-list")
