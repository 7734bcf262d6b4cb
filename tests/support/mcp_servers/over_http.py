"""An MCP server over streamable HTTP in the standard library alone, in a thread of the test, that can be told to lie.

``HttpServer()`` listens on a free port of the loopback; ``url`` leads to it. Each request that comes in is kept in
``seen``. How a message is answered is a function of it: those in ``handlers``, or ``first`` for a whole request.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

PROTOCOL = "2025-11-25"


@dataclass
class Seen:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    message: dict[str, Any] = field(default_factory=dict)


Request = BaseHTTPRequestHandler
Message = dict[str, Any]
Handler = Callable[[Request, Message], None]


def reply(request: Request, body: bytes, *, status: int = 200, **headers: str) -> None:
    """Answer with a whole body."""
    request.send_response(status)
    for name, value in {"content_type": "application/json", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def result(request: Request, message: Message, value: Any) -> None:
    """Answer a message with a result."""
    reply(request, json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": value}).encode())


def error(request: Request, message: Message, code: int, words: str, status: int = 200) -> None:
    """Answer a message with an error of the protocol."""
    body = {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": code, "message": words}}
    reply(request, json.dumps(body).encode(), status=status)


def initialize(request: Request, message: Message) -> None:
    """Shake hands, without a session."""
    info = {"name": "over-http", "version": "2.0"}
    result(request, message, {"protocolVersion": PROTOCOL, "capabilities": {"tools": {}}, "serverInfo": info})


def list_tools(request: Request, message: Message) -> None:
    """Answer with one tool."""
    result(request, message, {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]})


def call(request: Request, message: Message) -> None:
    """Give the arguments back."""
    said = json.dumps(message["params"].get("arguments"))
    result(request, message, {"content": [{"type": "text", "text": said}]})


class HttpServer:
    """A server in a thread; a context manager. ``certificate``: of TLS, with its key; None speaks plainly."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.handlers: dict[str, Handler] = {"initialize": initialize, "tools/list": list_tools, "tools/call": call}
        self.seen: list[Seen] = []
        self._connections: list[socket.socket] = []
        self.first: Callable[[BaseHTTPRequestHandler, dict[str, Any]], bool] = lambda _request, _message: False
        """Called with every request; answers it itself where it returns True."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/mcp"

    def calls(self) -> list[Seen]:
        """Return the calls of tools that came in."""
        return [one for one in self.seen if one.message.get("method") == "tools/call"]

    def __enter__(self) -> HttpServer:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more, and close what is open; a second time is no mistake."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

            def handle(self) -> None:
                server._connections.append(self.connection)
                with suppress(OSError, ValueError):
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                message = json.loads(body) if body.startswith(b"{") else {"form": dict(parse_qsl(body.decode()))}
                server.seen.append(Seen("POST", self.path, {k.lower(): v for k, v in self.headers.items()}, message))
                if server.first(self, message):
                    return
                handler = server.handlers.get(message.get("method", ""))
                if handler is not None:
                    handler(self, message)
                elif "id" in message and "method" in message:
                    error(self, message, -32601, "Method not found", 404)
                else:
                    reply(self, b"", status=202)

            def do_GET(self) -> None:
                server.seen.append(Seen("GET", self.path, {k.lower(): v for k, v in self.headers.items()}))
                if not server.first(self, {}):
                    reply(self, b"", status=405)

            def do_DELETE(self) -> None:
                self.do_GET()

        return _Handler
