"""``ServerConfig``: one MCP server that a person connected, with the scope that it was given.

Comes in from settings (``settings/``). Values of ``env`` and ``headers`` are never secrets: they are literals, or
references such as ``${env:NAME}`` and ``${keyring:NAME}`` that are resolved when the server is started and handed to it
alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from agentops.providers.mcp.objects.classified import Classification

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""What a server may be called: it stands in tool names, references, records and policies."""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: a loopback address, or ``localhost``; no other name is taken for it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ServerTransport(StrEnum):
    """How a server is spoken to."""

    STDIO = "stdio"
    HTTP = "http"


class Confinement(StrEnum):
    """What the operating system keeps a stdio server from; said where the system offers no way to do it."""

    NONE = "none"
    NO_NETWORK = "no-network"
    READ_ONLY = "read-only"
    BOTH = "no-network+read-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Caps of one server. Times in seconds, sizes in bytes.

    Arguments:
        start_s: until the server has shaken hands and listed its tools.
        call_s: for one call.
        list_bytes: all that ``tools/list`` answers.
        result_bytes: one result, before it is excerpted.
        calls_per_minute: more are refused.
    """

    start_s: float = 30.0
    call_s: float = 60.0
    list_bytes: int = 2_000_000
    result_bytes: int = 2_000_000
    calls_per_minute: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """One configured server.

    Arguments:
        name: as the person called it; see ``NAME``.
        command, args, cwd: of a stdio server; ``cwd`` is absolute, or empty for a fresh empty folder.
        env: all that the server's process is given beside PATH, HOME (a folder of its own), LANG and TMPDIR; it
            inherits nothing else.
        url, headers: of an HTTP server.
        oauth: whether an HTTP server is signed in to by OAuth.
        allowed: the tools that may be called at all; empty means: those that are classified as reads.
        reads_only: no change of it is offered, whatever ``allowed`` names.
        constraints: of a tool's argument, a JSON Schema that its value must fit:
            ``{"query": {"sql": {"maxLength": 4000}}}``.
        classifications: what the person says that its tools do, by tool; beside those that ship.
        source: the file in which it is configured.
    """

    name: str
    transport: ServerTransport
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    oauth: bool = False
    allowed: tuple[str, ...] = ()
    reads_only: bool = False
    constraints: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    classifications: Mapping[str, Classification] = field(default_factory=dict)
    confinement: Confinement = Confinement.NONE
    limits: ServerLimits = field(default_factory=ServerLimits)
    enabled: bool = True
    source: str = ""

    @property
    def identity(self) -> str:
        """What tells this server from another of its name: the command line as it was configured, or the address.

        References to secrets stand in it as they were written, so it holds none and may be recorded.
        """
        return self.url if self.transport is ServerTransport.HTTP else " ".join((self.command, *self.args))

    def may_use(self, tool: str, *, reads: bool) -> bool:
        """Return whether a tool is within what the server may be used for.

        Arguments:
            reads: it is classified as a read.
        """
        if self.reads_only and not reads:
            return False
        return tool in self.allowed if self.allowed else reads
