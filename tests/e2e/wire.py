"""A tap on the wire between the product and the API server: what was sent, and a hand on the plug.

Comes in: the product's requests, over HTTP on loopback. Goes out: the same requests, with the suite's own credentials,
to the cluster; and a list of them. A test can have the product die right before or right after a write.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.client import Client

_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive"})
_ALL = ["All"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request of the product."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query} {json.dumps(self.body)[:200]}"

    @property
    def asks(self) -> bool:
        """Whether it stores nothing by its nature: a read, or a question about permissions."""
        return self.method == "GET" or "/authorization.k8s.io/" in self.path

    @property
    def dry(self) -> bool:
        """Whether the API server takes it for a dry run.

        A deletion's options are those of the body when there is one, and the query's only when there is none. An
        eviction's are in the ``deleteOptions`` of its body, or in the query.
        """
        body = self.body if isinstance(self.body, dict) else None
        if self.method == "DELETE" and body is not None:
            return body.get("dryRun") == _ALL
        if self.path.endswith("/eviction") and body is not None:
            options = body.get("deleteOptions") or {}
            return options.get("dryRun") == _ALL or self.query.get("dryRun") == _ALL
        return self.query.get("dryRun") == _ALL

    @property
    def writes(self) -> bool:
        """Whether the cluster may be another one afterwards."""
        return not (self.asks or self.dry)


class Tap:
    """Serves on loopback and passes on; ``sent`` is what came by since ``clear``."""

    def __init__(self, client: Client) -> None:
        self.sent: list[Sent] = []
        self.before_write: Callable[[Sent], None] = _nothing
        self.after_write: Callable[[Sent], None] = _nothing
        tap = self

        class Handler(_Handler):
            pass

        Handler.tap, Handler.client = tap, client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def clear(self) -> None:
        """Forget what came by, and take the hand off the plug."""
        self.sent.clear()
        self.before_write = self.after_write = _nothing

    @property
    def writes(self) -> list[str]:
        """What was sent since ``clear`` and could have changed something."""
        return [str(one) for one in self.sent if one.writes]

    @property
    def trials(self) -> list[str]:
        """The dry runs that were sent since ``clear``."""
        return [f"{one.method} {one.path}" for one in self.sent if one.dry and not one.asks]

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)


def _nothing(_sent: Sent) -> None:
    """Let it pass."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tap: Tap
    client: Client

    def _pass_on(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        sent = _sent(self.command, self.path, data)
        self.tap.sent.append(sent)
        if sent.writes:
            self.tap.before_write(sent)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        response = self.client.raw(self.command, self.path, headers, data)
        if sent.writes:
            self.tap.after_write(sent)
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in _HOP | {"date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.data)))
        self.end_headers()
        self.wfile.write(response.data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names that http.server calls

    def handle_one_request(self) -> None:
        """Serve one request; that whoever asked is dead by now is what some tests are about."""
        try:
            super().handle_one_request()
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _sent(method: str, target: str, data: bytes | None) -> Sent:
    parts = urlsplit(target)
    try:
        body = json.loads(data) if data else None
    except ValueError:
        body = "not JSON"
    return Sent(method=method, path=parts.path, query=parse_qs(parts.query), body=body)
