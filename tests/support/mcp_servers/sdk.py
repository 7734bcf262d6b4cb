"""An MCP server on the official SDK's own server, which speaks both eras: ``python sdk.py``."""

from __future__ import annotations

from typing import Any

from mcp.server import MCPServer  # noqa: TID253 - this is a program of its own

server = MCPServer("on-the-sdk", version="4.5", instructions="A server of both eras.")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def shout(text: str) -> dict[str, Any]:
    """Return a text in capital letters, structured."""
    return {"text": text.upper()}


if __name__ == "__main__":
    server.run("stdio")
