"""The sockets of the simulated API server: HTTP/1.1 on 127.0.0.1, a thread for each connection.

Comes in: the store and what answers logs and usage. Goes out: a URL that kubectl and any Kubernetes client can use.
Must never: listen on anything but loopback, or decide anything itself (that is ``api``).
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from agentops.core.clock import utc_now
from agentops.sandbox.admission.writes import writer_for
from agentops.sandbox.store import ObjectStore
from agentops.sandbox.wire.api import Api, ApiServices
from agentops.sandbox.wire.certificates import Authority, Pair
from agentops.sandbox.wire.faults import Faults
from agentops.sandbox.wire.logs import LogSource
from agentops.sandbox.wire.metrics import UsageSource
from agentops.sandbox.wire.request import ANONYMOUS, ApiRequest, Response, User, check_size, json_response
from agentops.sandbox.wire.status import ApiRefusal, bad_request, not_simulated


class ApiServer:
    """A Kubernetes API server for one store, on an ephemeral loopback port.

    Without TLS and tokens everyone is admin; with either, a request without credentials is anonymous.

    Arguments:
        store: the cluster's objects.
        logs: where container logs come from.
        usage: where metrics.k8s.io gets its numbers; None leaves the group out.
        tokens: bearer token -> user.
        tls: serve HTTPS with a certificate of an own CA; users may then come with client certificates.
        random: for generated names; seed it for a deterministic run.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        logs: LogSource,
        usage: UsageSource | None = None,
        tokens: Mapping[str, User] | None = None,
        tls: bool = False,
        random: Random | None = None,
    ) -> None:
        self._stopping = threading.Event()
        writer = writer_for(store, random or Random())  # noqa: S311  names, not secrets
        parts = ApiServices(
            store=store,
            logs=logs,
            usage=usage,
            tokens=tokens or {},
            writer=writer,
            open_to_all=not tls and not tokens,
        )
        self.api = Api(parts, self._stopping)
        self._authority = Authority(utc_now()) if tls else None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def ca_certificate(self) -> str:
        """The PEM certificate of the CA that clients have to trust; empty without TLS."""
        return self._authority.certificate if self._authority else ""

    def client_certificate(self, user: User) -> Pair:
        """Return a certificate with which a client is ``user``.

        Raises:
            ValueError: the server has no TLS.
        """
        if self._authority is None:
            raise ValueError("client certificates need tls=True")
        return self._authority.client(user)

    @property
    def faults(self) -> Faults:
        """What is to go wrong, for tests and training."""
        return self.api.faults

    def cut_watches(self) -> None:
        """End every watch that is open now, as a network fault would."""
        self.api.reader.cut()

    def expire_tokens(self) -> None:
        """Make every bearer token that is known so far expire now."""
        self.api.tokens.expire()

    def start(self) -> str:
        """Begin to serve; return the URL, without a trailing slash."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        if self._authority is not None:
            self._server.secure(_tls_context(self._authority))
        self._server.api = self.api
        port = self._server.server_address[1]
        self.api.address = f"127.0.0.1:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox-api", daemon=True
        )
        self._thread.start()
        return f"{'https' if self._authority else 'http'}://127.0.0.1:{port}"

    def stop(self) -> None:
        """End every stream and connection and close the port; may be called twice."""
        self._stopping.set()
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._thread.join()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    api: Api

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*arguments)

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS; the handshake happens in the connection's own thread, so that a slow client holds up nobody."""
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  a client that went away
        return

    def close_connections(self) -> None:
        """Shut every open connection down, so that its thread ends."""
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "agentops-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        """Finish the TLS handshake, and remember who the certificate says the client is."""
        self.request.settimeout(None)
        self._user = ANONYMOUS
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
            self._user = _certified(self.request)
        super().setup()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal belongs to the product."""

    def _serve(self) -> None:
        try:
            response = self.server.api.handle(self._read())
        except (ApiRefusal, ValueError) as error:  # the request could not even be read
            refusal = error if isinstance(error, ApiRefusal) else bad_request("the request could not be read")
            response = json_response(refusal.body(), refusal.http_code)
            self.close_connection = True
        try:
            self._send(response)
        except (BrokenPipeError, ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _read(self) -> ApiRequest:
        parts = urlsplit(self.path)
        if self.headers.get("Upgrade"):
            raise not_simulated("connection upgrades (exec, attach, port-forward)")
        return ApiRequest(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
            user=self._user,
        )

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            length = int(self.headers.get("Content-Length") or 0)
            check_size(length)
            return self.rfile.read(length) if length else b""
        body = b""
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            check_size(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline(64)
        self.rfile.readline(64)
        return body

    def _send(self, response: Response) -> None:
        self.send_response(response.code)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Cache-Control", "no-cache, private")
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.chunks is not None:
            self._stream(response)
            return
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _stream(self, response: Response) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        chunks = response.chunks
        try:
            for chunk in chunks or ():
                if chunk:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                elif self._client_left():
                    self.close_connection = True
                    return
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()

    def _client_left(self) -> bool:
        # Nothing is due from the client while a stream is open, so readable means closed.
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable)


def _tls_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.certificate)
    pair = authority.server()
    # ssl reads a certificate from a file only; the folder is private and goes at once.
    with tempfile.TemporaryDirectory(prefix="agentops-sandbox-") as folder:
        place = Path(folder) / "server.pem"
        place.touch(mode=0o600)
        place.write_text(pair.key + pair.certificate, encoding="ascii")
        context.load_cert_chain(place)
    return context


def _certified(connection: ssl.SSLSocket) -> User:
    certificate = connection.getpeercert()
    if not certificate:
        return ANONYMOUS
    parts: list[tuple[str, str]] = [pair for group in certificate["subject"] for pair in group]  # type: ignore[misc]
    names = [value for field, value in parts if field == "commonName"]
    return User(name=names[0], groups=tuple(value for field, value in parts if field == "organizationName"))
