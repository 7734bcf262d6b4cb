"""Reads one entry of ``mcpServers`` in our own strict form, and writes it back.

Comes in: the name and the decoded entry. Goes out: a ``ServerConfig``, or a ``SettingFault``. The keys beside
``agentops`` are those that MCP clients share (``command``, ``args``, ``env``, ``cwd``; ``type``, ``url``, ``headers``).

Must never: take a secret as it is written; only a reference to one may stand in a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from agentops.core.json_schema import wrong_schema
from agentops.providers.mcp.objects.server import (
    NAME,
    Confinement,
    ServerConfig,
    ServerLimits,
    ServerTransport,
    is_loopback,
)
from agentops.providers.mcp.settings.classes import classification_of, classification_written
from agentops.providers.mcp.settings.fields import (
    SettingFault,
    Steps,
    choice_at,
    flag_at,
    number_at,
    object_at,
    require_known,
    text_at,
    texts_at,
)
from agentops.providers.mcp.settings.references import literal_secret, references_in, wrong_reference

STDIO_KEYS = ("type", "command", "args", "env", "cwd", "agentops")
HTTP_KEYS = ("type", "url", "headers", "agentops")
OUR_KEYS = ("allowed", "reads_only", "constraints", "classifications", "confinement", "limits", "oauth", "enabled")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# A token of RFC 9110, section 5.6.2.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
# Who may say these decides what a server's process runs, whatever its command says.
_LOADER = re.compile(r"(?:LD|DYLD)_.*|PYTHONPATH|PYTHONSTARTUP|NODE_OPTIONS|BASH_ENV|ENV|IFS|SHELLOPTS", re.ASCII)
_HTTP = ("http", "streamable-http", "streamableHttp")
LIMITS: Mapping[str, tuple[float, float]] = {
    "start_s": (0.1, 600),
    "call_s": (0.1, 3600),
    "list_bytes": (1_000, 50_000_000),
    "result_bytes": (1_000, 50_000_000),
    "calls_per_minute": (1, 10_000),
}
"""The least and the most that a limit may be."""
_SECRET = "it holds a secret; a file may only say where one is"  # noqa: S105 - a message
_SECRET_HINT = "Write ${env:NAME} or ${keyring:NAME} in its place; 'agentops mcp add' shows how."  # noqa: S105


def server_of(name: str, value: Any, source: str) -> ServerConfig:
    """Return the server that an entry configures.

    Raises:
        SettingFault: the entry cannot be used; the path begins behind the server's name.
    """
    if not NAME.fullmatch(name):
        raise SettingFault((), "a server's name has 1 to 32 of a-z, 0-9 and '-', and begins and ends with no '-'")
    entry = object_at(value, ())
    transport = _transport(entry)
    require_known(entry, STDIO_KEYS if transport is ServerTransport.STDIO else HTTP_KEYS, ())
    ours = object_at(entry.get("agentops", {}), ("agentops",))
    require_known(ours, OUR_KEYS, ("agentops",))
    given = _stdio(entry) if transport is ServerTransport.STDIO else _http(entry)
    return ServerConfig(name=name, transport=transport, source=source, **given, **_ours(ours, transport))


def entry_of(server: ServerConfig) -> dict[str, Any]:
    """Return the entry that ``server_of`` reads back as ``server``; what is as it is by default is left out."""
    if server.transport is ServerTransport.STDIO:
        found: dict[str, Any] = {"command": server.command, "args": list(server.args)}
        found |= {"env": dict(server.env)} if server.env else {}
        found |= {"cwd": server.cwd} if server.cwd else {}
    else:
        found = {"type": "http", "url": server.url}
        found |= {"headers": dict(server.headers)} if server.headers else {}
    plain = ServerLimits()
    limits = {name: getattr(server.limits, name) for name in LIMITS}
    ours: dict[str, Any] = {
        "allowed": list(server.allowed),
        "constraints": {tool: dict(per) for tool, per in server.constraints.items()},
        "classifications": {tool: classification_written(one) for tool, one in server.classifications.items()},
        "limits": {name: value for name, value in limits.items() if value != getattr(plain, name)},
        "oauth": server.oauth,
        "reads_only": server.reads_only,
    }
    ours = {name: value for name, value in ours.items() if value}
    ours |= {"confinement": server.confinement.value} if server.confinement is not Confinement.NONE else {}
    ours |= {} if server.enabled else {"enabled": False}
    return found | ({"agentops": ours} if ours else {})


def _transport(entry: Mapping[str, Any]) -> ServerTransport:
    kind = entry.get("type", "stdio" if "command" in entry else "http" if "url" in entry else "")
    if kind == "sse":
        hint = "Give the address of its streamable HTTP endpoint, often .../mcp."
        raise SettingFault(("type",), "the old transport over server-sent events is not spoken", hint)
    if kind == "stdio" and "command" in entry:
        return ServerTransport.STDIO
    if kind in _HTTP and "url" in entry:
        return ServerTransport.HTTP
    hint = 'Give "command" and "args" of a local server, or "type": "http" and "url" of a remote one.'
    raise SettingFault((), "it says neither a command nor an address", hint)


def _stdio(entry: Mapping[str, Any]) -> dict[str, Any]:
    command = text_at(entry["command"], ("command",))
    if not command or command != command.strip() or command.startswith("-"):
        raise SettingFault(("command",), "it is no program")
    if any(space in command for space in " \t") and not command.startswith("/"):
        raise SettingFault(("command",), "it has spaces in it", 'Put each argument of its own into "args".')
    _require_no_secret(("command",), "", command)
    if references_in(command):
        raise SettingFault(("command",), "which program is started may not depend on a secret")
    args = texts_at(entry.get("args", []), ("args",))
    for index, word in enumerate(args):
        flag = args[index - 1] if index and args[index - 1].startswith("-") else ""
        name, _, rest = word.partition("=")
        said, value = (name, rest) if word.startswith("-") and rest else (flag, word)
        _require_no_secret(("args", index), said.lstrip("-"), value)
    cwd = text_at(entry.get("cwd", ""), ("cwd",))
    if cwd and (not PurePosixPath(cwd).is_absolute() or ".." in PurePosixPath(cwd).parts):
        raise SettingFault(("cwd",), "it is no absolute path of a folder")
    return {"command": command, "args": args, "cwd": cwd, "env": _env(entry.get("env", {}))}


def _env(value: Any) -> dict[str, str]:
    found = {}
    for name, said in object_at(value, ("env",)).items():
        path: Steps = ("env", name)
        if not _VARIABLE.fullmatch(name):
            raise SettingFault(path, "it cannot be the name of a variable")
        if _LOADER.fullmatch(name):
            raise SettingFault(path, "it would say which code the server runs", 'Say so in "command" and "args".')
        found[name] = text_at(said, path)
        _require_no_secret(path, name, found[name])
    return found


def _http(entry: Mapping[str, Any]) -> dict[str, Any]:
    url = text_at(entry["url"], ("url",))
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingFault(("url",), "it is no address") from error
    if parts.scheme not in ("http", "https") or not host or any(space in url for space in " \t"):
        raise SettingFault(("url",), "it is no http or https address")
    if parts.username is not None or parts.password is not None:
        hint = 'Put it into "headers", as a reference: "Authorization": "Bearer ${env:NAME}"'
        raise SettingFault(("url",), "it holds a login", hint, quotable=False)
    if parts.scheme == "http" and not is_loopback(host):
        hint = "Use https; http is for a server on this machine."
        raise SettingFault(("url",), "what is sent there could be read and altered on the way", hint)
    _require_no_secret(("url",), "", url)
    if references_in(url.partition("?")[0]):
        raise SettingFault(("url",), "only the query of an address may refer to a secret")
    for piece in parts.query.split("&"):
        name, _, said = piece.partition("=")
        _require_no_secret(("url",), name, said)
    headers = {}
    for name, said in object_at(entry.get("headers", {}), ("headers",)).items():
        if not _HEADER.fullmatch(name):
            raise SettingFault(("headers", name), "it cannot be the name of a header")
        headers[name] = text_at(said, ("headers", name))
        _require_no_secret(("headers", name), name, headers[name])
    return {"url": url, "headers": headers}


def _ours(ours: Mapping[str, Any], transport: ServerTransport) -> dict[str, Any]:
    is_http = transport is ServerTransport.HTTP
    for name, is_theirs in (("confinement", not is_http), ("oauth", is_http)):
        if name in ours and not is_theirs:
            raise SettingFault(("agentops", name), f"it says nothing of a server over {transport.value}")
    found: dict[str, Any] = {
        "allowed": texts_at(ours.get("allowed", []), ("agentops", "allowed")),
        "reads_only": flag_at(ours.get("reads_only", False), ("agentops", "reads_only")),
        "oauth": flag_at(ours.get("oauth", False), ("agentops", "oauth")),
        "enabled": flag_at(ours.get("enabled", True), ("agentops", "enabled")),
        "constraints": _constraints(ours.get("constraints", {})),
        "limits": _limits(object_at(ours.get("limits", {}), ("agentops", "limits"))),
    }
    if "confinement" in ours:
        found["confinement"] = choice_at(ours["confinement"], ("agentops", "confinement"), Confinement)
    written = object_at(ours.get("classifications", {}), ("agentops", "classifications"))
    path = ("agentops", "classifications")
    found["classifications"] = {tool: classification_of(one, (*path, tool)) for tool, one in written.items()}
    return found


def _constraints(value: Any) -> dict[str, dict[str, Mapping[str, object]]]:
    path: Steps = ("agentops", "constraints")
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    for tool, per in object_at(value, path).items():
        found[tool] = {}
        for name, schema in object_at(per, (*path, tool)).items():
            found[tool][name] = object_at(schema, (*path, tool, name))
            if wrong := wrong_schema(found[tool][name]):
                raise SettingFault((*path, tool, name), f"it is no JSON Schema that can be used: {wrong}")
    return found


def _limits(found: Mapping[str, Any]) -> ServerLimits:
    path: Steps = ("agentops", "limits")
    require_known(found, LIMITS, path)
    kept: dict[str, Any] = {}
    for name, value in found.items():
        number = number_at(value, (*path, name), *LIMITS[name])
        if not name.endswith("_s") and not isinstance(number, int):
            raise SettingFault((*path, name), "it is no whole number")
        kept[name] = number
    return ServerLimits(**kept)


def _require_no_secret(path: Steps, name: str, value: str) -> None:
    wrong = wrong_reference(value)
    if wrong:
        hint = "Known are ${env:NAME} and ${keyring:NAME}."
        raise SettingFault(path, "it holds a reference that is none of ours", hint)
    if literal_secret(name, value):
        raise SettingFault(path, _SECRET, _SECRET_HINT, quotable=False)
