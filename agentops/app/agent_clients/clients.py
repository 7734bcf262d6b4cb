"""Agent clients that agentops can be put into as an MCP server: where each keeps its servers, and in which form.

Comes in: an environment, a platform, a folder. Goes out: a path, and the entry that the client reads. Data only; no
file is opened here. Each form was taken from what the client itself writes (``claude mcp add``, ``copilot mcp add``,
``codex mcp add``) or from its documentation, where it has no such command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.suggestions import closest
from agentops.core.text import one_line

_XDG = "XDG_CONFIG_HOME"


class FileForm(StrEnum):
    """How a client's file is written."""

    JSON = "json"
    TOML = "toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentClient:
    """A program that reads a list of MCP servers.

    Arguments:
        name: what a person types.
        title: what its maker calls it.
        file: below the home folder, on Linux and where no other is named.
        mac_file: below the home folder on macOS; empty: the same as ``file``.
        variable: names another folder for the file; its last name stays.
        project_file: below a project's folder, for the project alone; empty: it has none.
        key: the object in the file that holds the servers by name.
        form: how the file is written.
        more: what the client wants in an entry besides command, arguments and environment.
        see: what to do in the client to see the server.
    """

    name: str
    title: str
    file: str
    see: str
    mac_file: str = ""
    variable: str = ""
    project_file: str = ""
    key: str = "mcpServers"
    form: FileForm = FileForm.JSON
    more: Mapping[str, Any] = field(default_factory=dict)

    def path(self, environ: Mapping[str, str], platform: str) -> Path:
        """Return the user's own file of this client.

        Arguments:
            platform: as ``sys.platform`` says it.
        """
        home = Path(environ.get("HOME") or Path.home())
        if self.mac_file and platform == "darwin":
            return home / self.mac_file
        told = environ.get(self.variable, "") if self.variable else ""
        if not told:
            return home / self.file
        # XDG_CONFIG_HOME stands for .config alone, a client's own variable for the whole folder of the file.
        kept = -1 if self.variable != _XDG else 1
        return Path(told).expanduser().joinpath(*Path(self.file).parts[kept:])

    def entry(self, command: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, Any]:
        """Return the server's entry, as the client reads it."""
        said = dict(self.more) | {"command": command, "args": list(arguments)}
        return said | ({"env": dict(environment)} if environment else {})


CLIENTS = (
    AgentClient(
        name="claude-code",
        title="Claude Code",
        file=".claude.json",
        variable="CLAUDE_CONFIG_DIR",
        project_file=".mcp.json",
        more={"type": "stdio"},
        see="claude mcp get {server}",
    ),
    AgentClient(
        name="claude-desktop",
        title="Claude Desktop",
        file=".config/Claude/claude_desktop_config.json",
        mac_file="Library/Application Support/Claude/claude_desktop_config.json",
        variable=_XDG,
        see="start Claude Desktop again; Settings > Developer lists {server}",
    ),
    AgentClient(
        name="copilot",
        title="GitHub Copilot CLI",
        file=".copilot/mcp-config.json",
        variable="COPILOT_HOME",
        project_file=".mcp.json",
        more={"type": "local", "tools": ["*"]},
        see="copilot mcp get {server}",
    ),
    AgentClient(
        name="vscode",
        title="Visual Studio Code",
        file=".config/Code/User/mcp.json",
        mac_file="Library/Application Support/Code/User/mcp.json",
        variable=_XDG,
        project_file=".vscode/mcp.json",
        key="servers",
        more={"type": "stdio"},
        see="run 'MCP: List Servers' from the command palette",
    ),
    AgentClient(
        name="cursor",
        title="Cursor",
        file=".cursor/mcp.json",
        project_file=".cursor/mcp.json",
        see="Settings > MCP lists {server}",
    ),
    AgentClient(
        name="codex",
        title="Codex",
        file=".codex/config.toml",
        variable="CODEX_HOME",
        key="mcp_servers",
        form=FileForm.TOML,
        see="codex mcp get {server}",
    ),
)


def client_named(name: str) -> AgentClient:
    """Return the client of this name.

    Raises:
        UsageError: there is none.
    """
    for client in CLIENTS:
        if client.name == name:
            return client
    names = [client.name for client in CLIENTS]
    near = closest(name, names)
    meant = f"Did you mean {near[0]}? " if near else ""
    shown = one_line(name, 40)
    raise UsageError(f"no agent client is called {shown!r}", hint=f"{meant}There are: {', '.join(names)}")
