"""The server ``mcp_servers/shelf.py`` as a person connected and trusted it, for tests through the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agentops.providers.mcp.client.session import open_session
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.pins.pin import ServerPin, launch_of, pin_of
from agentops.providers.mcp.pins.store import PinFile
from agentops.providers.mcp.settings.entry import entry_of, server_of

SERVER = Path(__file__).parent / "mcp_servers" / "shelf.py"
READ = {"effect": "read", "risk": "low"}
CLASSES: Mapping[str, Any] = {
    "list_things": {**READ, "facets": {"namespace": "namespace"}, "sweep": {}, "says": "Lists what stands there."},
    "get_thing": READ,
    "set_size": {
        "effect": "change",
        "risk": "medium",
        "says": "Sets a size.",
        "facets": {"namespace": "namespace"},
        "reads_back": {"tool": "get_thing", "arguments": {"name": "{name}"}, "fields": ["size"]},
        "inverse": {"tool": "set_size", "arguments": {"name": "{name}", "size": "{before:size}"}},
    },
    "drop_thing": {"effect": "change", "risk": "high"},
}
ALLOWED = ("list_things", "get_thing", "set_size", "drop_thing", "query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A connected server: its state file, and its entry in ``mcp.json``."""

    state: Path
    config: ServerConfig

    @property
    def calls(self) -> list[Any]:
        """Every call that changed something, as it reached the server."""
        return list(json.loads(self.state.read_text())["calls"])

    @property
    def things(self) -> dict[str, Any]:
        """What stands there now."""
        return dict(json.loads(self.state.read_text())["things"])

    def misbehave(self, *flags: str) -> None:
        """Have the server do so from its next start or call on."""
        self.put(flags=list(flags))

    def put(self, **values: Any) -> None:
        """Write values into the state."""
        self.state.write_text(json.dumps({**json.loads(self.state.read_text()), **values}))


def connect(home: Path, *words: str, name: str = "shelf", trust: bool = True, **ours: Any) -> Shelf:
    """Connect a server in a home, and trust its tools as they are.

    Arguments:
        words: how it misbehaves; see the server.
        ours: what the entry says under ``agentops``, besides what it says by default.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = home.parent / f"{name}.json"
    state.write_text(json.dumps({"things": {"web": {"size": 1, "namespace": "shop"}}, "calls": [], "flags": []}))
    entry = {
        "command": sys.executable,
        "args": [str(SERVER), str(state), *words],
        "agentops": {"allowed": list(ALLOWED), "classifications": CLASSES, **ours},
    }
    config = server_of(name, entry, str(home / "mcp.json"))
    path = home / "mcp.json"
    known = json.loads(path.read_text())["mcpServers"] if path.exists() else {}
    path.write_text(json.dumps({"mcpServers": {**known, name: entry_of(config)}}))
    path.chmod(0o600)
    if trust:
        trust_now(home, config)
    return Shelf(state=state, config=config)


def trust_now(home: Path, config: ServerConfig) -> None:
    """Pin what a server lists now, as a person does who has looked at it."""
    session = open_session(replace(config), resolve=str, home=home.parent / "trusting")
    try:
        facts, tools = session.facts(), session.tools()
    finally:
        session.close()
    pin = ServerPin(
        identity=config.identity,
        launch=launch_of(config),
        server_name=facts.name,
        tools={tool.name: pin_of(tool, lambda value: value) for tool in tools},
    )
    PinFile(path=home / "mcp-pins.json").put(config.name, pin)
