"""A server that answers as Loki's documentation says; it was never held against a real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


class FakeLoki(ThreadingHTTPServer):
    """Answers each path with what a test put there, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.say("/labels", ["namespace", "pod"])

    def say(self, path: str, data: Any) -> None:
        """Answer a path of the API with ``data``."""
        body = json.dumps({"status": "success", "data": data}).encode()
        self.answers[f"/loki/api/v1{path}"] = (200, body)

    def lines(self, *streams: tuple[dict[str, str], list[tuple[int, str]]]) -> None:
        """Answer a query with streams; times are seconds since the epoch."""
        found = [
            {"stream": labels, "values": [[f"{at}000000000", line] for at, line in lines]} for labels, lines in streams
        ]
        self.say("/query_range", {"resultType": "streams", "result": found, "stats": {}})


class _Handler(BaseHTTPRequestHandler):
    server: FakeLoki

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query, dict(self.headers)))
        status, body = self.server.answers.get(parts.path, (404, b"404 page not found\n"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    """A server of its own for each test."""
    server = FakeLoki()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
