"""A server on loopback between agentops and moto that fails as a test says, and passes all else on."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[[str, int], tuple[int, bytes] | None]
"""Told what is asked (the operation where it can be seen, else the path) and how often it was; None passes it on."""


def operation_of(path: str, headers: Any, body: bytes) -> str:
    """Return the operation of a request of any of AWS's protocols but REST, of which it is the path."""
    if headers.get("X-Amz-Target"):
        return str(headers["X-Amz-Target"]).rpartition(".")[2]
    if b"Action=" in body:
        return body.partition(b"Action=")[2].partition(b"&")[0].decode()
    return path.rpartition("/operation/")[2] or path


@contextmanager
def failing(target: str, fault: Fault, seen: list[tuple[str, str]] | None = None) -> Iterator[str]:
    """Serve on loopback while the block runs; yield the address.

    Arguments:
        seen: each operation is appended, with the id of the key that it was signed with.
    """
    asked: dict[str, int] = {}
    lock = Lock()
    host = urlsplit(target).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name = operation_of(self.path, self.headers, body)
            with lock:
                asked[name] = asked.get(name, 0) + 1
                number = asked[name]
                if seen is not None:
                    signed = str(self.headers.get("Authorization", "")).partition("Credential=")[2]
                    seen.append((name, signed.partition("/")[0]))
            told = fault(name, number)
            if told is not None:
                self._answer(told[0], told[1], [])
                return
            connection = http.client.HTTPConnection(host, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            self._answer(answer.status, answer.read(), answer.getheaders())
            connection.close()

        def _answer(self, status: int, data: bytes, headers: list[tuple[str, str]]) -> None:
            self.send_response_only(status)
            for key, value in headers:
                if key.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
