"""An MCP server on the official SDK's own server, which speaks both eras: ``python sdk.py [PORT]``.

Without a port over standard input and output, else over HTTP on the loopback.
"""

from __future__ import annotations

import sys
from typing import Any

from mcp.server import MCPServer  # noqa: TID253 - this is a program of its own
from mcp.server.mcpserver import Context  # noqa: TID253
from pydantic import BaseModel


class Word(BaseModel):
    """What a person is asked for."""

    word: str


server = MCPServer("on-the-sdk", version="4.5", instructions="A server of both eras.")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def shout(text: str) -> dict[str, Any]:
    """Return a text in capital letters, structured."""
    return {"text": text.upper()}


@server.tool()
async def count(context: Context, to: int) -> str:
    """Count, and tell of each number before the answer."""
    for number in range(to):
        await context.report_progress(number, to)
    return f"counted to {to}"


@server.tool()
async def ask(context: Context) -> str:
    """Ask a person for a word."""
    answer = await context.elicit("Which word?", Word)
    return f"{answer.action}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
