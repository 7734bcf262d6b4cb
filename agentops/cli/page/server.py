"""Serves the approval page on loopback: HTTP in, ``PageRequest`` out, and back. The standard library's server.

Comes in: a site. Goes out: what it answers, over one connection a request. A client that is slow, or sends too much, is
cut off; so many at a time and no more. Must never: listen on anything but the loopback address.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from agentops.cli.page.site import PageResponse
from agentops.cli.page.visit import HOST, MOST_BODY_BYTES, PageRequest

_AT_ONCE = 32
_SLOWEST_S = 10.0

Respond = Callable[[PageRequest], PageResponse]


class PageServer(ThreadingHTTPServer):
    """Listens from when it is made; answers from ``begin`` to ``end``.

    Arguments:
        port: 0 for any that is free.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    # Another program must not be able to take the port over while the page runs.
    allow_reuse_port = False

    def __init__(self, port: int) -> None:
        self.respond: Respond | None = None
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._thread: threading.Thread | None = None
        super().__init__((HOST, port), _PageHandler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def begin(self, respond: Respond) -> None:
        """Answer requests, in threads of their own."""
        self.respond = respond
        self._thread = threading.Thread(target=self.serve_forever, args=(0.2,), name="approval-page", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop answering, and give the port back."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread where there is room for one more; else the connection is closed."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a client that went away is no news, and stderr is the approver's terminal."""


class _PageHandler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = _SLOWEST_S
    server_version = "agentops"
    sys_version = ""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, socket.timeout):  # noqa: UP041 - one name for each thing that a slow client causes
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length[:9]) > MOST_BODY_BYTES or len(length) > 9:
            self.send_error(413)
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        if self.server.respond is None:
            self.send_error(503)
            return
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        # The path of an absolute form (``GET http://...``) is not the page's: a client of ours sends none.
        path = urlsplit(self.path).path if self.path.startswith("/") and not self.path.startswith("//") else ""
        found = self.server.respond(PageRequest(method=self.command, path=path, headers=headers, body=body))
        self.send_response(found.status)
        for name, value in found.all_headers():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the path is a secret."""
