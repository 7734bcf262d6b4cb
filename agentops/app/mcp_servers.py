"""The use cases of ``mcp`` that start nothing: which MCP servers are connected, and with what scope.

Comes in: settings, and what a person says of a server. Goes out: servers as they are configured; never a secret, only
where one is. Each change is recorded before it is made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.app.audit_run import record
from agentops.core.commands import command_line
from agentops.core.errors import ConfigError, Stale, UsageError
from agentops.core.suggestions import closest
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.classified import Classification
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.pins.pin import ServerPin
    from agentops.providers.mcp.pins.store import PinFile
    from agentops.providers.mcp.settings.own_file import ServersFile


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServers:
    """The servers in the order of their names, the file that lists them, and what of it is not followed."""

    servers: tuple[ServerConfig, ...]
    file: Path
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewServer:
    """A server as a person names it: a command and its words, or an address.

    ``entry`` is what else is said of it, in the form of ``mcp.json``.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)


def mcp_servers(settings: Settings) -> McpServers:
    """Return the servers that are connected.

    Raises:
        ConfigError: the file cannot be read or believed.
    """
    file = servers_file(settings)
    servers = file.servers()
    if not settings.folders.led_by or file.root_only:
        return McpServers(servers=servers, file=file.path)
    # Where a variable leads, nothing may be said that permits more; see core/stricter.py.
    notes = tuple(
        f"{file.path}: what it says of the tools of {one.name} permits no change and makes none milder: "
        f"{settings.folders.led_by} leads there, and a variable must not decide what may be changed"
        for one in servers
        if one.classifications or one.allowed
    )
    return McpServers(servers=tuple(map(_stricter, servers)), file=file.path, notes=notes)


def mcp_server(settings: Settings, name: str) -> ServerConfig:
    """Return the server of a name.

    Raises:
        UsageError: none is called so; the hint names the nearest.
        ConfigError: as ``mcp_servers``.
    """
    found = {one.name: one for one in mcp_servers(settings).servers}
    if name in found:
        return found[name]
    near = closest(name, found)
    hint = f"Did you mean {near[0]}?" if near else f"See: {command_line('mcp', 'list')}"
    raise UsageError(f"no MCP server is called {one_line(name, 40)!r}", hint=hint)


def mcp_pins(settings: Settings) -> Mapping[str, ServerPin]:
    """Return what was trusted, by the server's name.

    Raises:
        ConfigError: the file cannot be read or believed; nothing may be offered then.
    """
    return pin_file(settings).servers()


def pin_file(settings: Settings) -> PinFile:
    """Return the file of what this user has trusted."""
    from agentops.providers.mcp.pins.store import PinFile

    return PinFile(path=settings.folders.mcp_pins)


def servers_file(settings: Settings) -> ServersFile:
    """Return the file of servers: the organisation's where there is one, else the user's own."""
    from agentops.providers.mcp.settings.own_file import ServersFile

    system = settings.folders.system / settings.folders.mcp_servers.name
    if system.exists():
        return ServersFile(path=system, root_only=True)
    return ServersFile(path=settings.folders.mcp_servers)


def new_server(settings: Settings, new: NewServer) -> ServerConfig:
    """Return the server that a person names, checked; nothing is written.

    Raises:
        UsageError: it cannot be one; or a secret stands in it.
    """
    from agentops.providers.mcp.settings.entry import server_of
    from agentops.providers.mcp.settings.fields import SettingFault

    where = {"command": new.command[0], "args": list(new.command[1:])} if new.command else {}
    where |= {"type": "http", "url": new.url} if new.url else {}
    try:
        server = server_of(new.name, {**where, **new.entry}, str(servers_file(settings).path))
    except SettingFault as fault:
        said = ".".join(map(str, fault.path))
        raise UsageError(f"{one_line(said, 80)}: {fault.what}" if said else fault.what, hint=fault.hint) from fault
    detector = secret_detector()
    values = [*server.env.items(), *server.headers.items(), *(("", word) for word in (*server.args, server.url))]
    for name, value in values:
        if detector(name, value):
            raise UsageError(
                f"{one_line(name, 60) or 'an argument'} holds what looks like a secret; only where one is may be said",
                hint="Write ${env:NAME} or ${keyring:NAME} in its place.",
                code="literal-secret",
            )
    return server


def add_server(settings: Settings, server: ServerConfig, *, replacing: bool = False) -> None:
    """Connect a server. Nothing is started, and none of its tools is trusted by that.

    Arguments:
        replacing: one of this name may be there already; what was trusted of it is held back where it is another one.

    Raises:
        UsageError: there is one of this name, or of a name that reads the same.
        ConfigError: the file cannot be believed or written.
        AuditError: it could not be recorded; it is not connected.
    """
    put_servers(settings, (server,), "mcp_server_added", replacing=replacing)


def put_servers(
    settings: Settings,
    servers: Sequence[ServerConfig],
    event: str,
    more: Mapping[str, Any] | None = None,
    *,
    replacing: bool = False,
) -> None:
    """Write servers into the user's file; ``event`` and ``more`` are what the record says of it.

    Raises:
        as ``add_server``.
    """
    from agentops.providers.mcp.settings.kept_files import alone

    file = _writable(settings)
    with alone(file.path.parent):
        known = {one.name: one for one in file.servers()}
        names = set(known)
        for server in servers:
            _require_new_name(server.name, names, replacing=replacing)
            names.add(server.name)
        record(settings, event, _redacted({"servers": [on_record(one) for one in servers], **(more or {})}))
        file.write(known | {one.name: one for one in servers})


def remove_server(settings: Settings, name: str) -> ServerConfig:
    """Disconnect a server, and forget what was trusted of it and who signed in to it.

    Raises:
        UsageError: none is called so.
        ConfigError: a file cannot be believed or written.
        AuditError: it could not be recorded; it is still connected.
    """
    from agentops.providers.mcp.client.oauth import forget_sign_in
    from agentops.providers.mcp.settings.kept_files import alone

    file = _writable(settings)
    gone = mcp_server(settings, name)
    pins = pin_file(settings)
    with alone(file.path.parent):
        record(settings, "mcp_server_removed", _redacted({"servers": [on_record(gone)]}))
        file.write({one.name: one for one in file.servers() if one.name != name})
    if name in pins.servers():
        pins.put(name, None)
    forget_sign_in(settings.folders.data, name)
    return gone


def classify(settings: Settings, server: ServerConfig, tool: str, said: Classification) -> None:
    """Say what a tool of the user's own server does; it counts for the input schema that it names, and no other.

    Raises:
        ConfigError: the file cannot be believed or written; or what it says would not be followed.
        AuditError: it could not be recorded; nothing is written.
    """
    from agentops.providers.mcp.settings.classes import classification_written

    said_now = replace(server, classifications={**server.classifications, tool: said})
    payload = {"tool": one_line(tool, 128), "said": classification_written(said)}
    _rewrite(settings, server, said_now, "mcp_tool_classified", payload)


def allow(settings: Settings, server: ServerConfig, tools: Collection[str]) -> None:
    """Have these tools, and no other, be what a server may be used for; a change that is named can be planned.

    Raises:
        as ``classify``.
    """
    allowed = tuple(sorted(tools))
    payload = {"allowed": [one_line(tool, 128) for tool in allowed]}
    _rewrite(settings, server, replace(server, allowed=allowed), "mcp_tools_allowed", payload)


def require_own_word(settings: Settings) -> None:
    """Raise where what is said of a tool would not count; asked before a server is started and a person is asked.

    Raises:
        ConfigError: a variable leads to the folder.
    """
    settings.folders.require_deciding("what is said of a tool in mcp.json")


def _rewrite(
    settings: Settings, before: ServerConfig, now: ServerConfig, event: str, payload: Mapping[str, Any]
) -> None:
    """Put a server in place of what it was; recorded first, and only in the user's own folder."""
    from agentops.providers.mcp.settings.kept_files import alone

    require_own_word(settings)
    file = _writable(settings)
    with alone(file.path.parent):
        known = {one.name: one for one in file.servers()}
        if known.get(before.name) != before:
            raise Stale(f"{before.name} was configured anew meanwhile", hint="Look at it again.")
        record(settings, event, _redacted({"server": before.name, "identity": before.identity, **payload}))
        file.write(known | {before.name: now})


def on_record(server: ServerConfig) -> dict[str, Any]:
    """Return what the audit log keeps of a server: of variables and headers the names alone."""
    from agentops.providers.mcp.settings.entry import entry_of

    entry = entry_of(server)
    return {"name": server.name, **entry, "env": sorted(server.env), "headers": sorted(server.headers)}


def secret_detector() -> Any:
    """Return a function of a name and a value: whether the redactor finds a secret there, references aside."""
    from agentops.providers.mcp.settings.references import literal_secret, references_in
    from agentops.redaction.redactor import SecretRedactor

    redactor = SecretRedactor()

    def is_secret(name: str, value: str) -> bool:
        if literal_secret(name, value):
            return True
        for reference in references_in(value):
            value = value.replace(str(reference), "")
        if not value:
            return False
        found = redactor.value({name: value}) if name else redactor.text(value)
        return bool(found != ({name: value} if name else value))

    return is_secret


def _redacted(payload: dict[str, Any]) -> dict[str, Any]:
    from agentops.redaction.redactor import SecretRedactor

    found: dict[str, Any] = SecretRedactor().value(payload)
    return found


def _writable(settings: Settings) -> ServersFile:
    file = servers_file(settings)
    if file.root_only:
        raise ConfigError(
            f"the MCP servers are your organisation's: {file.path} lists them",
            hint="Ask whoever administers this machine.",
            code="organisation-decides",
        )
    return file


def _require_new_name(name: str, known: Collection[str], *, replacing: bool) -> None:
    from agentops.providers.mcp.pins.names import likeness

    if name in known and not replacing:
        hint = f"Choose another name, or replace it: {command_line('mcp', 'add', name, '--replace')} ..."
        raise UsageError(f"an MCP server is called {name} already", hint=hint)
    twin = next((other for other in known if other != name and likeness(other) == likeness(name)), "")
    if twin:
        raise UsageError(f"{name} can be taken for {twin}, which is connected already", hint="Choose another name.")


def _stricter(server: ServerConfig) -> ServerConfig:
    from agentops.providers.mcp.objects.classified import Classification

    why = "said in a file to which a variable leads: counted as the worst"
    known = {tool: Classification(why=why) for tool in server.classifications}
    return replace(server, classifications=known, reads_only=True)
