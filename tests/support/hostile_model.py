"""A model endpoint that cannot be trusted: endless answers, silence with pings, redirects, errors without end.

``HostileModel(mode)`` serves while it is entered; ``url`` is for ``ANTHROPIC_BASE_URL``. ``requests`` holds the path
and headers of each request.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LONG = "x" * 100_000


class HostileModel:
    """Serves one mode; ``elsewhere`` is where a redirect leads."""

    def __init__(self, mode: str, elsewhere: str = "") -> None:
        self.mode, self.elsewhere = mode, elsewhere
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> HostileModel:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


_START = _event("message_start", message={"usage": {"input_tokens": 1, "output_tokens": 1}})


def _endless(block: Mapping[str, Any], delta: Mapping[str, Any]) -> Callable[[HostileModel], Iterator[bytes]]:
    def events(_model: HostileModel) -> Iterator[bytes]:
        yield _START + _event("content_block_start", index=0, content_block=block)
        while True:
            yield _event("content_block_delta", index=0, delta=delta)

    return events


def _endless_blocks(_model: HostileModel) -> Iterator[bytes]:
    yield _START
    index = 0
    while True:
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": _LONG})
        index += 1


def _huge_event(_model: HostileModel) -> Iterator[bytes]:
    yield _START + b'event: content_block_delta\ndata: {"type":"'
    while True:
        yield _LONG.encode()


def _pings(model: HostileModel) -> Iterator[bytes]:
    yield _START
    while not model.stopping.wait(0.05):
        yield _event("ping")


def _endless_error(_model: HostileModel) -> Iterator[bytes]:
    yield b'{"type":"error","error":{"type":"api_error","message":"'
    while True:
        yield _LONG.encode()


def _bomb(_model: HostileModel) -> Iterator[bytes]:
    packed = gzip.compress(_LONG.encode() * 100, 9)
    while True:
        yield packed


STREAMS: Mapping[str, tuple[int, Callable[[HostileModel], Iterator[bytes]]]] = {
    "endless-text": (200, _endless({"type": "text", "text": ""}, {"type": "text_delta", "text": _LONG})),
    "endless-thinking": (
        200,
        _endless({"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": _LONG}),
    ),
    "endless-tool": (
        200,
        _endless(
            {"type": "tool_use", "id": "t", "name": "kubernetes_get", "input": {}},
            {"type": "input_json_delta", "partial_json": _LONG},
        ),
    ),
    "endless-blocks": (200, _endless_blocks),
    "huge-event": (200, _huge_event),
    "pings": (200, _pings),
    "endless-error": (500, _endless_error),
    "gzip-bomb": (200, _bomb),
}
"""What is streamed until the connection closes, by mode, with its status."""


def _handler(model: HostileModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            model.requests.append((self.path, dict(self.headers)))
            self.close_connection = True
            try:
                self._answer()
            except OSError:
                return

        do_GET = do_POST  # noqa: N815  a redirect by 302 or 303 comes as GET

        def _answer(self) -> None:
            if model.mode.startswith("redirect-"):
                self.send_response(int(model.mode.removeprefix("redirect-")))
                self.send_header("Location", f"{model.elsewhere}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if model.mode == "header-drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not model.stopping.wait(0.05):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                return
            code, events = STREAMS[model.mode]
            self.send_response(code)
            self.send_header("Content-Type", "text/event-stream" if code == 200 else "application/json")
            self.send_header("Connection", "close")
            if model.mode == "gzip-bomb":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            for piece in events(model):
                self.wfile.write(piece)
                self.wfile.flush()

    return Handler
