"""``ToolPin`` and ``ServerPin``: what a person looked at and trusted, so that any change of it is seen.

A pin covers every field of a tool (``ForeignTool.fields``) by its digest. Beside the digests it keeps the fields as
they were shown, without secrets, so that a change can be shown as a diff; the digests decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.core.digest import digest
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.tool import ForeignTool

_MARK_CHARS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPin:
    """One trusted tool. ``fields``: each field's digest; ``said``: the fields as they were shown."""

    name: str
    fingerprint: str
    fields: Mapping[str, str]
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPin:
    """One trusted server.

    Arguments:
        identity: its command line or address, as it was configured.
        launch: the digest over all that decides which program or address is spoken to.
        server_name: what it calls itself.
        at, by: when it was last trusted, and by whom.
    """

    identity: str
    launch: str
    server_name: str
    tools: Mapping[str, ToolPin] = field(default_factory=dict)
    at: str = ""
    by: str = ""


def pin_of(tool: ForeignTool, redact: Callable[[Any], Any]) -> ToolPin:
    """Return the pin of a tool as it is now.

    Arguments:
        redact: takes secrets out of a JSON value; nothing else of it is stored.

    Raises:
        ValueError, TypeError: a field is no JSON.
    """
    return ToolPin(
        name=tool.name,
        fingerprint=tool.fingerprint,
        fields={name: digest(value) for name, value in tool.fields.items()},
        said={name: redact(value) for name, value in tool.fields.items()},
    )


def launch_of(server: ServerConfig) -> str:
    """Return the digest over what decides which server it is: all that it is started with, or its address.

    References to secrets count as they are written: another token makes no other server.
    """
    return digest(
        {
            "command": server.command,
            "args": list(server.args),
            "cwd": server.cwd,
            "env": dict(server.env),
            "url": server.url,
            "headers": dict(server.headers),
        }
    )


def started_as(server: ServerConfig) -> str:
    """Return what a plan is bound to: the server's identity, and a mark of all else that it is started with.

    The same program with another variable or folder may act on another database.
    """
    mark = launch_of(server).removeprefix("sha256:")[:_MARK_CHARS]
    return f"{server.identity} (started as {mark})"
