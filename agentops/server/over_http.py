"""Serves programs over streamable HTTP, on loopback unless TLS is there; each shows a token.

Comes in: a ``Server``, an address, and the programs whose tokens count. Goes out: nothing; it returns when the process
is told to end. Before a request is looked at, its ``Host`` must be ours, it must have no ``Origin`` (no web page is a
client of ours, and a page that rebinds a name to loopback sends one, or another host), and its token must be
somebody's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from anyio import to_thread
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentops.app.mcp_clients import HTTP
from agentops.core.errors import ConfigError, UsageError
from agentops.core.text import one_line
from agentops.server.programs import Programs
from agentops.server.sessions import OpenSessions

PATH = "/mcp"
MOST_BODY_BYTES = 1024 * 1024
_MOST_SESSIONS = 256
_MOST_SESSIONS_OF_ONE = 64
_IDLE_S = 600.0
_MOST_AT_ONCE = 200
_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, and with which certificate."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether nobody else's machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def hosts(self) -> frozenset[str]:
        """The values of ``Host`` that are ours."""
        names = {self.host if ":" not in self.host else f"[{self.host}]"}
        names |= set(_NAMES) if self.is_loopback else set()
        default = {443 if self.certificate else 80}
        return frozenset({f"{name}:{self.port}" for name in names} | (names if self.port in default else set()))


def require_safe(listening: Listening) -> None:
    """Raise unless what goes over the wire is for nobody else to read.

    Raises:
        UsageError: it is not on loopback and has no certificate, or only half of one.
    """
    if (listening.certificate is None) != (listening.key is None):
        raise UsageError(
            "a certificate needs its key, and a key its certificate", hint="--tls-cert FILE --tls-key FILE"
        )
    if not listening.is_loopback and listening.certificate is None:
        raise UsageError(
            f"{one_line(listening.host, 60)} can be reached from other machines: it is served with TLS alone",
            hint="Give --tls-cert and --tls-key, or listen on 127.0.0.1.",
        )


def serve_http(server: Server[Any], listening: Listening, programs: Programs, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to end.

    Arguments:
        programs: whose tokens count, and where those are put on record who show none.
        ready: told the address, once it is listened on.

    Raises:
        UsageError: it is not safe to listen there.
        ConfigError: it cannot be listened on, or the certificate cannot be used.
    """
    require_safe(listening)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=MOST_BODY_BYTES,
        max_sessions=_MOST_SESSIONS,
        session_idle_timeout=_IDLE_S,
        # Ours comes first and is stricter: no origin at all.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    gate = Gate(AuthContextMiddleware(app), app, listening.hosts, programs)
    try:
        config = uvicorn.Config(
            gate,
            host=listening.host,
            port=listening.port,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=_MOST_AT_ONCE,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=20,
            ssl_certfile=listening.certificate,
            ssl_keyfile=listening.key,
        )
        config.load()
    except (OSError, ValueError) as error:
        raise ConfigError(f"the certificate cannot be used: {one_line(str(error), 160)}") from error
    scheme = "https" if listening.certificate else "http"
    served = _Served(config, lambda port: ready(f"{scheme}://{listening.host}:{port}{PATH}"), gate)
    try:
        served.run()
    except SystemExit as error:
        raise ConfigError(
            f"port {listening.port} of {listening.host} cannot be listened on", hint="Choose another with --listen."
        ) from error


class _Served(uvicorn.Server):
    """Tells when it listens, and on which port where any was asked for."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None], gate: Gate) -> None:
        super().__init__(config)
        self._ready = ready
        self._gate = gate

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            self._gate.listens_on(port)
            self._ready(port)


class Gate:
    """What every request passes first. It looks at headers alone, and reads no body of whoever may not come in."""

    def __init__(self, app: ASGIApp, lifespan: ASGIApp, hosts: frozenset[str], programs: Programs) -> None:
        self._app = app
        self._lifespan = lifespan
        self._hosts = hosts
        self._programs = programs
        self._sessions = OpenSessions(most=_MOST_SESSIONS_OF_ONE, idle_s=_IDLE_S)

    def listens_on(self, port: int) -> None:
        """Take the port that was given where any was asked for."""
        self._hosts = frozenset({*self._hosts, *(f"{one.rpartition(':')[0]}:{port}" for one in self._hosts)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        status, why = self._fault(headers)
        subject = ""
        if not status:
            kind, _, token = headers.get("authorization", "").partition(" ")
            subject = self._programs.subject(token.strip()) if kind.lower() == "bearer" and token.strip() else ""
            if not subject:
                status, why = 401, "a token is needed: Authorization: Bearer TOKEN"
        if status:
            await self._on_record(scope, status)
            extra = {"WWW-Authenticate": "Bearer"} if status == 401 else None
            await PlainTextResponse(why, status_code=status, headers=extra)(scope, receive, send)
            return
        shown = AccessToken(token="", client_id=subject, scopes=[], subject=subject)
        let_in = {**scope, "user": AuthenticatedUser(shown)}
        session = headers.get(MCP_SESSION_ID_HEADER)
        if session is not None:
            with self._sessions.using(subject, session, ends=scope["method"] == "DELETE"):
                await self._app(let_in, receive, send)
        elif headers.get(MCP_PROTOCOL_VERSION_HEADER, HANDSHAKE_PROTOCOL_VERSIONS[0]) in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._opened(let_in, receive, send, subject)
        else:
            await self._app(let_in, receive, send)

    async def _opened(self, scope: Scope, receive: Receive, send: Send, subject: str) -> None:
        """Let a request in that may open a session of the older protocol, where its program has room for one."""
        if not self._sessions.has_room(subject):
            why = f"{subject} has {_MOST_SESSIONS_OF_ONE} sessions open: end one"
            await PlainTextResponse(why, status_code=429)(scope, receive, send)
            return
        with self._sessions.opening(subject) as opened:

            async def noticed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    name = Headers(raw=list(message.get("headers", ()))).get(MCP_SESSION_ID_HEADER)
                    if name and message["status"] < 400:
                        opened(name)
                await send(message)

            await self._app(scope, receive, noticed)

    async def _on_record(self, scope: Scope, status: int) -> None:
        """Count who is turned away; nothing that they say of themselves was read, so it is where they come from."""
        refusals = self._programs.refusals
        claims = {"peer": one_line(str((scope.get("client") or ("",))[0]), 60)}
        client = {"name": "", "door": HTTP, "established_by": "nothing", "claims": claims}
        if refusals.count(client, f"http-{status}"):
            await to_thread.run_sync(refusals.write)

    def _fault(self, headers: Headers) -> tuple[int, str]:
        """Return why a request is none of a program's that was told this address; nothing where it is."""
        if headers.get("host", "").lower() not in self._hosts or len(headers.getlist("host")) != 1:
            return 421, "this is not the host that was asked for"
        sites = set(headers.getlist("sec-fetch-site"))
        if "origin" in headers or not sites <= {"none", "same-origin"}:
            return 403, "no web page is served here"
        if len(headers.getlist("authorization")) > 1:
            return 400, "one token is enough"
        return 0, ""
