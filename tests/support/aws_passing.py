"""A proxy before a server of AWS on loopback, that keeps what passes and answers some of it itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@contextmanager
def passing_on(to: str, answer: Callable[[bytes], tuple[int, str] | None], *, late: bool = False) -> Iterator[str]:
    """Serve while the block runs.

    Arguments:
        answer: told each body; None of it passes the request on.
        late: what it answers itself is passed on first, so that it takes effect and only its answer is lost.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            own = answer(body)
            if own and late:
                self._passed(body)
            status, data, headers = (own[0], own[1].encode(), []) if own else self._passed(body)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - names of the server's

        def _passed(self, body: bytes) -> tuple[int, bytes, list[Any]]:
            request = urllib.request.Request(
                to + self.path, data=body or None, method=self.command, headers=dict(self.headers.items())
            )
            try:
                with urllib.request.urlopen(request) as found:
                    return found.status, found.read(), list(found.headers.items())
            except urllib.error.HTTPError as error:
                return error.code, error.read(), list(error.headers.items())

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
