"""An MCP server over standard input and output in the standard library alone, so that a test can have it lie.

It speaks the handshake of 2025-11-25. Its tools: ``echo`` gives its arguments back, ``env`` its environment, ``where``
its working directory and home, ``pid`` its process id; ``reach``, which it does not list, tries to write and to
connect. ``hostile.py`` is the same server, misbehaving.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROTOCOL = "2025-11-25"
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


def write(text: str) -> None:
    """Write to standard output as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def send(message: dict[str, Any]) -> None:
    """Send one message."""
    write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def answer(request: dict[str, Any], result: Any) -> None:
    """Answer a request."""
    send({"id": request["id"], "result": result})


def text(value: str) -> dict[str, Any]:
    """Return a result of one text."""
    return {"content": [{"type": "text", "text": value}]}


def tool(name: str, description: str = "") -> dict[str, Any]:
    """Return one entry of a list of tools."""
    return {"name": name, "description": description or f"The tool {name}.", "inputSchema": SCHEMA}


def reach(write_to: str = "", connect_to: int = 0) -> str:
    """Write a file, connect to a port of this machine, and return for both what came of it."""
    came = {}
    try:
        Path(write_to).write_text("x")
    except OSError as error:
        came["write"] = type(error).__name__
    try:
        socket.create_connection(("127.0.0.1", connect_to), timeout=3).close()
    except OSError as error:
        came["connect"] = type(error).__name__
    return json.dumps(came)


TOOLS = [tool(name) for name in ("echo", "env", "where", "pid")]


def initialize(request: dict[str, Any]) -> None:
    """Shake hands."""
    info = {"name": "plain", "version": "1.2.3"}
    answer(
        request,
        {"protocolVersion": PROTOCOL, "capabilities": {"tools": {}}, "serverInfo": info, "instructions": "Ask."},
    )


def list_tools(request: dict[str, Any]) -> None:
    """Answer with all tools on one page."""
    answer(request, {"tools": TOOLS})


def call(request: dict[str, Any]) -> None:
    """Run a tool."""
    params = request["params"]
    said = {
        "echo": lambda: json.dumps(params.get("arguments")),
        "env": lambda: json.dumps(dict(os.environ)),
        "where": lambda: json.dumps({"cwd": str(Path.cwd()), "home": str(Path.home())}),
        "pid": lambda: str(os.getpid()),
        "reach": lambda: reach(**params["arguments"]),
    }.get(params["name"])
    if said is None:
        send({"id": request["id"], "error": {"code": -32602, "message": f"no tool {params['name']}"}})
    else:
        answer(request, text(said()))


Handler = Callable[[dict[str, Any]], None]
HANDLERS: dict[str, Handler] = {
    "initialize": initialize,
    "tools/list": list_tools,
    "tools/call": call,
}


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        handler = HANDLERS.get(request.get("method", ""))
        if handler is not None:
            handler(request)
        elif "id" in request and "method" in request:
            send({"id": request["id"], "error": {"code": -32601, "message": "Method not found"}})


if __name__ == "__main__":
    main()
