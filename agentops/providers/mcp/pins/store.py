"""``PinFile``: the pins of one installation, in a file that nobody else may write.

Comes in: the file's path. Goes out: ``ServerPin``s by the server's name. A file that cannot be believed pins nothing,
and nothing is offered: it raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentops.core.errors import ConfigError, Stale
from agentops.core.foreign_documents import read_json
from agentops.core.own_files import read_own
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import NAME
from agentops.providers.mcp.objects.tool import ForeignTool
from agentops.providers.mcp.pins.pin import ServerPin, ToolPin
from agentops.providers.mcp.settings.kept_files import alone, replace

VERSION = 1
_MOST_BYTES = 64 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FIELDS = frozenset(ForeignTool(name="x").fields)
_HINT = "Move it away and look at the servers again: agentops mcp trust SERVER"
_TEXTS = ("identity", "launch", "server_name", "at", "by")


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFile:
    """The file; it is read anew each time."""

    path: Path

    def servers(self) -> dict[str, ServerPin]:
        """Return the pins by server; none when there is no file.

        Raises:
            NotOwn: others could have written it.
            ConfigError: it cannot be used.
        """
        data = read_own(self.path, _MOST_BYTES)
        return {} if data is None else pins_in(data, str(self.path))

    def put(self, name: str, pin: ServerPin | None, *, instead_of: ServerPin | None = None) -> None:
        """Keep the pin of a server; None forgets it.

        Arguments:
            instead_of: what must be there until now, where something is kept.

        Raises:
            Stale: another one is there: somebody has trusted it meanwhile.
            ConfigError: the file cannot be believed or written.
        """
        with alone(self.path.parent):
            known = self.servers()
            if pin is not None and known.get(name) != instead_of:
                raise Stale(f"{name} was trusted anew meanwhile", hint="Look at it again.")
            kept = {other: one for other, one in known.items() if other != name}
            self._write(kept if pin is None else {**kept, name: pin})

    def _write(self, pins: Mapping[str, ServerPin]) -> None:
        document = {"version": VERSION, "servers": {name: _written(pin) for name, pin in sorted(pins.items())}}
        replace(self.path, json.dumps(document, indent=1).encode() + b"\n")


def pins_in(data: bytes, source: str) -> dict[str, ServerPin]:
    """Return the pins of a file's bytes.

    Raises:
        ConfigError: they cannot be used; nothing is pinned then.
    """
    try:
        document = read_json(data.decode())
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise ValueError(f"it is no file of pins of version {VERSION}")
        servers = _object(document.get("servers"), "servers")
        return {name: _server(name, one) for name, one in servers.items()}
    except ValueError as error:
        raise ConfigError(f"{one_line(source)}: {one_line(str(error))}", hint=_HINT) from error


def _server(name: str, value: Any) -> ServerPin:
    if not NAME.fullmatch(name):
        raise ValueError("a server's name cannot be one")
    found = _object(value, name)
    texts = {key: _text(found.get(key, ""), f"{name}.{key}") for key in _TEXTS}
    if not _DIGEST.fullmatch(texts["launch"]):
        raise ValueError(f"{name}.launch is no digest")
    tools = _object(found.get("tools", {}), f"{name}.tools")
    return ServerPin(**texts, tools={tool: _tool(tool, one) for tool, one in tools.items()})


def _tool(name: str, value: Any) -> ToolPin:
    found = _object(value, name)
    fields = _object(found.get("fields"), f"{name}.fields")
    if set(fields) != _FIELDS or not all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in fields.values()):
        raise ValueError(f"the pin of {name} does not cover every field of a tool")
    fingerprint = _text(found.get("fingerprint"), f"{name}.fingerprint")
    if not _DIGEST.fullmatch(fingerprint):
        raise ValueError(f"the fingerprint of {name} is no digest")
    return ToolPin(name=name, fingerprint=fingerprint, fields=fields, said=_object(found.get("said", {}), name))


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} is no text")
    return value


def _written(pin: ServerPin) -> dict[str, Any]:
    tools = {
        name: {"fingerprint": one.fingerprint, "fields": dict(one.fields), "said": dict(one.said)}
        for name, one in sorted(pin.tools.items())
    }
    return {**{key: getattr(pin, key) for key in _TEXTS}, "tools": tools}
