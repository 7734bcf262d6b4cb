"""``mcp.json``: the servers that this user, or the organisation, has connected.

Comes in: the file's path. Goes out: ``ServerConfig``s, or one ``ConfigError`` with the line that is wrong. The form is
the one that MCP clients share::

    {"mcpServers": {"git": {"command": "uvx", "args": ["mcp-server-git"], "agentops": {"allowed": ["git_log"]}}}}

A file that others could have written is refused: a server is a program that runs as this user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentops.core.errors import ConfigError
from agentops.core.foreign_documents import read_json
from agentops.core.own_files import read_own
from agentops.core.source_place import SourcePlace, place_at, place_of
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.settings.entry import entry_of, server_of
from agentops.providers.mcp.settings.fields import SettingFault
from agentops.providers.mcp.settings.json_place import offset_of
from agentops.providers.mcp.settings.kept_files import replace

SERVERS_KEY = "mcpServers"
_MOST_BYTES = 1 << 20
_HINT = "Correct it, or move the file away and start again: agentops mcp add"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersFile:
    """One file of servers; reads it anew each time.

    ``root_only``: it is the organisation's, and only root may have written it.
    """

    path: Path
    root_only: bool = False

    def servers(self) -> tuple[ServerConfig, ...]:
        """Return the servers in the order of their names; none when there is no file.

        Raises:
            NotOwn: others could have written it.
            ConfigError: it cannot be used; with the place.
        """
        data = read_own(self.path, _MOST_BYTES, root_only=self.root_only)
        return () if data is None else servers_in(data, str(self.path))

    def write(self, servers: Mapping[str, ServerConfig]) -> None:
        """Put these servers in place of those that are there.

        Raises:
            ConfigError: it cannot be written.
        """
        entries = {name: entry_of(server) for name, server in sorted(servers.items())}
        data = json.dumps({SERVERS_KEY: entries}, indent=2, ensure_ascii=False).encode() + b"\n"
        # What we would refuse to read must not be written.
        servers_in(data, str(self.path))
        replace(self.path, data)


def servers_in(data: bytes, source: str) -> tuple[ServerConfig, ...]:
    """Return the servers of a file's bytes, in the order of their names.

    Raises:
        ConfigError: they cannot be used; with the place in ``source``.
    """
    text, document = decoded(data, source)
    try:
        entries = _entries(document)
        return tuple(_server(name, entries[name], source) for name in sorted(entries))
    except SettingFault as fault:
        raise fault_error(fault, source, text) from fault


def decoded(data: bytes, source: str, hint: str = _HINT) -> tuple[str, Any]:
    """Return the text of a JSON file, and its value.

    Raises:
        ConfigError: it is no JSON that can be used; with the place where the grammar says so.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{one_line(source)} is not UTF-8 text", hint="Save it as UTF-8.") from error
    try:
        return text, read_json(text)
    except json.JSONDecodeError as error:
        place = place_at(source, text, error.lineno, error.colno)
        raise ConfigError(f"{_said(place)}: {one_line(error.msg)}", hint=hint, place=place) from error
    except ValueError as error:
        raise ConfigError(f"{one_line(source)}: {one_line(str(error))}", hint=hint) from error


def fault_error(fault: SettingFault, source: str, text: str, hint: str = _HINT) -> ConfigError:
    """Return the error of a setting, with its line in the file."""
    place = place_of(source, text, offset_of(text, fault.path))
    where = ".".join(str(step) for step in fault.path)
    named = f"{one_line(where, 120)}: " if where else ""
    return ConfigError(
        f"{_said(place)}: {named}{fault.what}", hint=fault.hint or hint, place=place if fault.quotable else None
    )


def _said(place: SourcePlace) -> str:
    return one_line(f"{place.file}:{place.line}")


def _entries(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, dict) or set(document) - {"$schema"} != {SERVERS_KEY}:
        raise SettingFault((), f'it is no object with one key "{SERVERS_KEY}"')
    entries = document[SERVERS_KEY]
    if not isinstance(entries, dict):
        raise SettingFault((SERVERS_KEY,), "it is no object of servers by name")
    return entries


def _server(name: str, entry: Any, source: str) -> ServerConfig:
    try:
        return server_of(name, entry, source)
    except SettingFault as fault:
        raise SettingFault((SERVERS_KEY, name, *fault.path), fault.what, fault.hint, quotable=fault.quotable) from fault
