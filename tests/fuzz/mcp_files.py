"""The files of MCP servers that are fuzzed: ours, what was trusted, and those of other clients; with their good inputs.

Comes in: bytes. Each reader gives what it took, and ``Broken`` is for its caller in ``targets.py`` to raise: the laws
are returned as what must be true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.pins.judge import judge
from agentops.providers.mcp.pins.pin import ServerPin, launch_of, pin_of
from agentops.providers.mcp.pins.store import PinFile, pins_in
from agentops.providers.mcp.settings.entry import entry_of, server_of
from agentops.providers.mcp.settings.fields import SettingFault
from agentops.providers.mcp.settings.foreign import foreign_servers
from agentops.providers.mcp.settings.own_file import servers_in
from agentops.providers.mcp.settings.references import literal_secret

SECRET = "hunter2x9Qhunter2x9Q"
SERVER = ServerConfig(name="git", transport=ServerTransport.STDIO, command="uvx", args=("mcp-server-git",))
TOOLS = (
    ForeignTool(name="log", description="Shows.", input_schema={"type": "object", "properties": {"n": {}}}),
    ForeignTool(name="diff", annotations={"readOnlyHint": True}),
)
_ENTRIES: dict[str, Any] = {
    "git": {"command": "uvx", "args": ["mcp-server-git"], "env": {"TOKEN": "${env:TOKEN}"}, "cwd": "/srv"},
    "pd": {"type": "http", "url": "https://h.example/mcp", "headers": {"Authorization": "Bearer ${keyring:pd}"}},
}
_OURS = {
    "allowed": ["log"],
    "constraints": {"log": {"n": {"maximum": 9}}},
    "classifications": {"log": {"effect": "read", "risk": "low", "inverse": {"tool": "x", "arguments": {}}}},
    "limits": {"call_s": 9.5, "calls_per_minute": 3},
    "confinement": "read-only",
}


def own_files() -> tuple[bytes, ...]:
    """Return good files of ours."""
    both = {"git": {**_ENTRIES["git"], "agentops": _OURS}, "pd": _ENTRIES["pd"]}
    return (json.dumps({"mcpServers": both}, indent=1).encode(), b'{"mcpServers": {}}')


def own(data: bytes) -> Iterator[tuple[bool, str]]:
    """Read a file of ours; yield what must be true of it."""
    for server in servers_in(data, "mcp.json"):
        again = server_of(server.name, json.loads(json.dumps(entry_of(server))), "mcp.json")
        yield again == server, "a server that is written is not read back"
        values = (*server.env.items(), *server.headers.items())
        yield not any(literal_secret(name, value) for name, value in values), "a literal secret was taken"
        yield "\n" not in server.identity, "a command line of two lines"


def pin_files() -> tuple[bytes, ...]:
    """Return a good file of pins."""
    pin = ServerPin(
        identity=SERVER.identity,
        launch=launch_of(SERVER),
        server_name="git",
        tools={tool.name: pin_of(tool, lambda value: value) for tool in TOOLS},
    )
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        file = PinFile(path=Path(folder) / "pins.json")
        file.put("git", pin)
        return (file.path.read_bytes(),)


def pinned(data: bytes) -> Iterator[tuple[bool, str]]:
    """Read a file of pins; yield what must be true of it."""
    pins = pins_in(data, "mcp-pins.json")
    for pin in pins.values():
        changed = [ForeignTool(name=tool.name, description="evil", input_schema=tool.input_schema) for tool in TOOLS]
        offered = judge(SERVER, ServerFacts(name="git"), pin, changed).offered
        yield not offered, "a tool that nobody has trusted is offered"
        # A pin may be gone; what is offered is as it was pinned all the same.
        offered = judge(SERVER, ServerFacts(name="git"), pin, TOOLS).offered
        yield all(one.tool in TOOLS for one in offered), "another tool is offered than the one that is listed"


def foreign_files() -> tuple[bytes, ...]:
    """Return good files of other clients."""
    servers = {
        "My Git": {"command": "uvx", "args": ["x", "--token", SECRET, "${A:-b}"], "env": {"API_TOKEN": SECRET}},
        "pd": {"url": "https://h.example/mcp", "headers": {"Authorization": f"Bearer {SECRET}"}, "timeout": 5000},
    }
    vscode = '{"servers": {"a": {"command": "./x", "args": ["${input:k}", "${workspaceFolder}"]}}, // note\n}'
    return json.dumps({"mcpServers": servers}).encode(), vscode.encode()


def foreign(data: bytes) -> Iterator[tuple[bool, str]]:
    """Read a file of another client; yield what must be true of it."""
    found = foreign_servers(data.decode("utf-8", "replace"), Path("/work"), Path("/home/ana"), _is_secret)
    for one in found:
        yield bool(one.left_out) != bool(one.entry), "a server is neither taken nor left out"
        values = (*one.entry.get("args", ()), *one.entry.get("env", {}).values(), one.entry.get("url", ""))
        values = (*values, *one.entry.get("headers", {}).values())
        yield not any(SECRET in value for value in values), "a secret was taken over"
        try:
            server_of(one.name, one.entry, "mcp.json") if one.entry else None
        except SettingFault as fault:
            yield bool(fault.what), "a fault without words"


def _is_secret(name: str, value: str) -> bool:
    return SECRET in value or literal_secret(name, value)
