"""The use case ``mcp import``: servers that another MCP client has configured become servers here.

Comes in: a file, or the name of a client. Goes out: what would be connected, and once a person has agreed, what was.
A file is read because somebody names it or asks what there is, never because it lies in the working directory. Which
bytes were agreed to is remembered by their digest. Nothing is started, and no tool is trusted by it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.app.mcp_servers import mcp_servers, put_servers, secret_detector, servers_file
from agentops.core.clock import to_iso, utc_now
from agentops.core.digest import digest_bytes
from agentops.core.errors import ConfigError, UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.core.own_files import read_own
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.settings.foreign import ForeignServer

CLIENTS = ("claude-code", "claude-desktop", "vscode", "cursor")
_PROJECT_FILES = {"claude-code": ".mcp.json", "vscode": ".vscode/mcp.json", "cursor": ".cursor/mcp.json"}
_MOST_BYTES = 32 << 20
_NOTED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSource:
    """A file of a client that is there. ``seen``: ``new``, ``unchanged`` since it was imported, or ``changed``."""

    client: str
    path: Path
    digest: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Importable:
    """One server of a file. ``server`` is None where it is left out, and ``why`` says why."""

    given: str
    name: str
    server: ServerConfig | None
    notes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What importing a file would connect."""

    source: ImportSource
    servers: tuple[Importable, ...]

    @property
    def usable(self) -> tuple[ServerConfig, ...]:
        """The servers that would be connected."""
        return tuple(one.server for one in self.servers if one.server is not None)


def import_sources(settings: Settings, folder: Path, home: Path) -> tuple[ImportSource, ...]:
    """Return the files of other clients that there are: the user's, and the project's in ``folder``.

    Raises:
        ConfigError: what was imported before cannot be read.
    """
    known = _remembered(settings)
    places = [
        (client, path)
        for client in CLIENTS
        for path in dict.fromkeys((*client_files(client, home), *_project_files(client, folder)))
    ]
    return tuple(_source(client, path, known) for client, path in places if path.is_file())


def client_files(client: str, home: Path) -> tuple[Path, ...]:
    """Return where a client keeps the user's own servers on this machine."""
    mac = sys.platform == "darwin"
    support = home / "Library/Application Support" if mac else home / ".config"
    return {
        "claude-code": (home / ".claude.json",),
        "claude-desktop": (support / "Claude/claude_desktop_config.json",),
        "vscode": (support / "Code/User/mcp.json",),
        "cursor": (home / ".cursor/mcp.json",),
    }[client]


def chosen_sources(settings: Settings, what: str, folder: Path, home: Path) -> tuple[ImportSource, ...]:
    """Return the files that a person means.

    Arguments:
        what: a path, or one of ``CLIENTS`` for all files of that client.
        folder: the working directory.

    Raises:
        UsageError: there is no such file.
    """
    if what not in CLIENTS:
        return (_source("file", (folder / Path(what).expanduser()).absolute(), _remembered(settings)),)
    found = [one for one in import_sources(settings, folder, home) if one.client == what]
    if not found:
        places = ", ".join(map(str, (*client_files(what, home), *_project_files(what, folder))))
        raise UsageError(f"{what} has no file of servers here", hint=f"Looked at: {places}")
    return tuple(found)


def plan_import(settings: Settings, source: ImportSource, home: Path) -> ImportPlan:
    """Return what importing a file would connect; nothing is written.

    Raises:
        ConfigError: it holds no servers that can be read, or was changed since it was found.
    """
    from agentops.providers.mcp.pins.names import likeness
    from agentops.providers.mcp.settings.foreign import foreign_servers

    data = read_foreign(source.path, "a file of MCP servers", _MOST_BYTES)
    if digest_bytes(data) != source.digest:
        raise ConfigError(f"{one_line(str(source.path))} was changed while it was read", hint="Try again.")
    try:
        text = data.decode("utf-8-sig")
        found = foreign_servers(text, _project_of(source.path), home, secret_detector())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{one_line(str(source.path))} is not UTF-8 text", hint="Save it as UTF-8.") from error
    except ConfigError as error:
        hint = "Name a file of Claude Code, Claude Desktop, VS Code or Cursor that lists MCP servers."
        raise ConfigError(f"{one_line(str(source.path))}: {error.message}", hint=hint) from error
    taken = {likeness(one.name): one.name for one in mcp_servers(settings).servers}
    path = str(servers_file(settings).path)
    return ImportPlan(source=source, servers=tuple(_importable(one, taken, path) for one in found))


def import_servers(settings: Settings, plan: ImportPlan) -> None:
    """Connect the servers of a plan that a person has agreed to, and remember by its digest what was agreed to.

    Raises:
        UsageError: there is a server of the same name.
        ConfigError: a file cannot be believed or written.
        AuditError: it could not be recorded; nothing is connected.
    """
    more = {"from": str(plan.source.path), "digest": plan.source.digest}
    put_servers(settings, plan.usable, "mcp_servers_imported", more)
    _remember(settings, plan)


def _project_files(client: str, folder: Path) -> tuple[Path, ...]:
    return (folder / _PROJECT_FILES[client],) if client in _PROJECT_FILES else ()


def _source(client: str, path: Path, known: Mapping[str, Any]) -> ImportSource:
    found = digest_bytes(read_foreign(path, "a file of MCP servers", _MOST_BYTES))
    before = known.get(str(path), {}).get("digest", "")
    seen = "new" if not before else "unchanged" if before == found else "changed"
    return ImportSource(client=client, path=path, digest=found, seen=seen)


def _importable(one: ForeignServer, taken: dict[str, str], path: str) -> Importable:
    """Return what becomes of a server; ``taken`` are the names that there are, by what they look like."""
    from agentops.providers.mcp.pins.names import likeness
    from agentops.providers.mcp.settings.entry import server_of
    from agentops.providers.mcp.settings.fields import SettingFault

    given, twin = one_line(one.given, 60), taken.get(likeness(one.name), "")
    why = one.left_out
    if not why and twin:
        why = f"a server is called {twin} already" if twin == one.name else f"its name can be taken for {twin}"
    if not why:
        try:
            server = server_of(one.name, one.entry, path)
        except SettingFault as fault:
            said = one_line(".".join(map(str, fault.path)), 80)
            why = f"{said}: {fault.what}" if said else fault.what
        else:
            taken[likeness(one.name)] = one.name
            return Importable(given=given, name=one.name, server=server, notes=one.notes)
    return Importable(given=given, name=one.name, server=None, why=why)


def _project_of(path: Path) -> Path:
    return path.parent.parent if path.parent.name in (".vscode", ".cursor") else path.parent


def _remembered(settings: Settings) -> Mapping[str, Any]:
    path = settings.folders.mcp_imports
    data = read_own(path, _NOTED_BYTES)
    try:
        found = read_json(data) if data else {}
    except ValueError as error:
        raise ConfigError(f"{path} is no JSON", hint="Remove it: it only says what was imported.") from error
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ConfigError(f"{path} does not say what was imported", hint="Remove it.")
    return found


def _remember(settings: Settings, plan: ImportPlan) -> None:
    from agentops.providers.mcp.settings.kept_files import alone, replace

    path = settings.folders.mcp_imports
    servers: Sequence[str] = [one.name for one in plan.usable]
    with alone(path.parent):
        noted = {"digest": plan.source.digest, "at": to_iso(utc_now()), "servers": servers}
        known = {**_remembered(settings), str(plan.source.path): noted}
        replace(path, json.dumps(known, indent=2).encode() + b"\n")
