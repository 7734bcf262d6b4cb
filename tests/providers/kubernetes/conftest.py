"""A tiny API server on loopback: objects it was given, and faults on demand.

It answers lists (paged) and single objects of the manifests in ``objects``, scripted answers for any path, and records
every request. It is only for faults and for wire-level checks; behaviour of a whole cluster is the sandbox's part.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from agentops.providers.kubernetes.api.client import Cluster, connect
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.objects.kinds import BUILTIN

# Time-outs long enough for a busy machine; only the tests of time-outs themselves are in a hurry.
FAST = Patience(connect_s=10.0, read_s=10.0, deadline_s=30.0, attempts=4, backoff_s=0.01, backoff_cap_s=0.02)
HURRIED = Patience(connect_s=1.0, read_s=0.5, deadline_s=1.5, attempts=4, backoff_s=0.01, backoff_cap_s=0.02)


class Stub:
    """The server's side: what it holds, what it was asked, what goes wrong."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        self.scripted: dict[str, list[Any]] = {}
        self.requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.bodies: list[Any] = []
        self.logs: dict[str, bytes] = {}
        self.port = 0

    def script(self, path: str, *answers: Any) -> None:
        """Answer ``path`` with these, one a request, the last one for ever.

        An answer is ``(status, body)``, ``(status, body, headers)`` or a callable that takes the handler.
        """
        self.scripted[path] = list(answers)

    def paths(self) -> list[str]:
        """Return the paths asked for so far."""
        return [path for _, path, _, _ in self.requests]

    def query(self, path: str) -> dict[str, str]:
        """Return the query of the last request for ``path``."""
        return [query for _, asked, query, _ in self.requests if asked == path][-1]

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """Return the scripted answer, or the one that the objects give."""
        if path in self.scripted:
            answers = self.scripted[path]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if path in self.logs:
            return (200, self.logs[path])
        for kind in BUILTIN:
            mine = [item for item in self.objects if item["kind"] == kind.kind]
            for namespace in {"", *(item["metadata"].get("namespace", "") for item in mine)}:
                inside = [item for item in mine if not namespace or item["metadata"].get("namespace", "") == namespace]
                if path == kind.path(namespace=namespace):
                    return _list(kind.kind, kind.api_version, inside, query)
                for item in inside:
                    if path == kind.path(namespace=namespace, name=item["metadata"]["name"]):
                        return (200, item)
            if path == kind.path() or (kind.namespaced and path.endswith("/" + kind.plural)):
                return _list(kind.kind, kind.api_version, [], query)
        return (404, {"kind": "Status", "status": "Failure", "message": f'"{path}" not found', "code": 404})


def _list(kind: str, api_version: str, items: list[dict[str, Any]], query: dict[str, str]) -> Any:
    wanted = dict(part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if "=" in part)
    if "metadata.name" in wanted:
        items = [item for item in items if item["metadata"]["name"] == wanted["metadata.name"]]
    start = int(query.get("continue", "0"))
    size = int(query.get("limit", "0")) or len(items)
    metadata: dict[str, Any] = {"resourceVersion": "1"}
    if start + size < len(items):
        metadata |= {"continue": str(start + size), "remainingItemCount": len(items) - start - size}
    bare = [{k: v for k, v in item.items() if k not in {"kind", "apiVersion"}} for item in items[start : start + size]]
    return (200, {"kind": kind + "List", "apiVersion": api_version, "metadata": metadata, "items": bare})


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            stub.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._serve(self.command)

        do_PATCH = do_DELETE = do_POST  # noqa: N815 — the base class names them

        def _serve(self, method: str) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            stub.requests.append((method, parts.path, query, dict(self.headers)))
            answer = stub.answer(parts.path, query)
            if callable(answer):
                answer(self)
                return
            status, body, *rest = answer
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for key, value in (rest[0] if rest else {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def torn(handler: BaseHTTPRequestHandler) -> None:
    """Promise 1,000 bytes, send 10, close."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"items":[')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    try:
        for _ in range(600):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    """Send the head of an answer byte by byte, for ever."""
    handler.close_connection = True
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(600):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing for longer than anybody waits."""
    time.sleep(1)
    handler.close_connection = True


@pytest.fixture
def faults() -> dict[str, Callable[[BaseHTTPRequestHandler], None]]:
    """Ways in which a server can fail to answer, by name."""
    return {"cut": cut, "torn": torn, "drip": drip, "drip-head": drip_head, "silent": silent}


@pytest.fixture
def stub() -> Iterator[Stub]:
    """An API server with nothing in it."""
    stub = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


def kubeconfig_text(port: int, user: dict[str, Any] | None = None) -> str:
    """Return a kubeconfig with two contexts, as JSON (which is YAML)."""
    server = {"server": f"http://127.0.0.1:{port}"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "one", "cluster": server}],
        "users": [{"name": "me", "user": user if user is not None else {"token": "sesame"}}],
        "contexts": [
            {"name": "test", "context": {"cluster": "one", "user": "me", "namespace": "shop"}},
            {"name": "other", "context": {"cluster": "one", "user": "me"}},
        ],
    }
    return json.dumps(document)


@pytest.fixture
def write_kubeconfig(tmp_path: Path) -> Callable[..., Path]:
    """Write a kubeconfig for a port and return its path."""

    def write(port: int, user: dict[str, Any] | None = None) -> Path:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig_text(port, user))
        return path

    return write


@pytest.fixture
def connect_to_stub(stub: Stub, write_kubeconfig: Callable[..., Path], tmp_path: Path) -> Callable[[Patience], Cluster]:
    """Make a client for the stub with a given patience."""

    def make(patience: Patience) -> Cluster:
        return connect(
            kubeconfig=write_kubeconfig(stub.port),
            context=None,
            namespace=None,
            cache_dir=tmp_path / "cache",
            patience=patience,
        )

    return make


@pytest.fixture
def cluster(connect_to_stub: Callable[[Patience], Cluster]) -> Cluster:
    """A cluster client for the stub that pauses briefly."""
    return connect_to_stub(FAST)


@pytest.fixture
def hurried(connect_to_stub: Callable[[Patience], Cluster]) -> Cluster:
    """A cluster client for the stub that soon gives up."""
    return connect_to_stub(HURRIED)
