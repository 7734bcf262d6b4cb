"""An API server that cannot be trusted: a simulated cluster's answers over HTTP, recorded, and spoilt on the way.

``HostileServer(sandbox.server.api, mode, seed=...)`` answers as the simulated cluster does and keeps each request. A
mode says what becomes of an answer; the same seed spoils the same fields. ``only`` narrows it to paths that hold a
text, ``methods`` to some methods, and without ``dry_runs`` only what would be carried out is spoilt.
"""

from __future__ import annotations

import functools
import gzip
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from agentops.sandbox.wire.api import Api
from agentops.sandbox.wire.request import ApiRequest, Response, User

_ADMIN = User(name="admin", groups=("system:masters",))
_MIB = 1 << 20
_CHUNK = b"x" * (256 * 1024)
_JUNK = (None, True, 7, -1, 2.5, "junk", "", [], {}, [7], ["junk"], {"name": 7}, [{"name": []}], [None])

Answer = tuple[int, Mapping[str, str], Any]
"""Status, headers, and the body: bytes with a length, or an iterator of raw bytes until the connection closes."""


class HostileServer:
    """Serves while it is entered; ``kubeconfig`` leads to it."""

    def __init__(
        self,
        api: Api,
        folder: Path,
        mode: str = "honest",
        *,
        seed: int = 0,
        only: str = "",
        methods: tuple[str, ...] = ("GET", "POST", "PATCH", "DELETE"),
        dry_runs: bool = True,
    ) -> None:
        self.api, self.mode, self.only, self.methods = api, MODES[mode], only, methods
        self.dry_runs = dry_runs
        self.random = random.Random(f"{mode}/{seed}")
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.spoilt = 0
        self.kubeconfig = folder / f"kubeconfig-{mode}-{seed}"
        self.context = "hostile"
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> HostileServer:
        cluster = {"name": "c", "cluster": {"server": self.url}}
        context = {"name": self.context, "context": {"cluster": "c", "user": "u", "namespace": "shop"}}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "users": [{"name": "u", "user": {"token": "not-a-secret"}}],
            "contexts": [context],
            "current-context": self.context,
        }
        self.kubeconfig.write_text(json.dumps(document), encoding="utf-8")
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def paths(self, method: str = "GET") -> list[str]:
        """Return the paths that were asked for, in order."""
        return [path for asked, path, _ in self.requests if asked == method]

    def answer(self, request: ApiRequest) -> Answer:
        """Return what goes back, spoilt where the mode says so."""
        with self.lock:
            self.requests.append((request.method, request.path, dict(request.query)))
        response = self.api.handle(request)
        body = response.body if response.chunks is None else b"".join(response.chunks)
        honest = (response.code, {"Content-Type": response.content_type, **response.headers}, body)
        is_meant = self.only in request.path and request.method in self.methods
        if not is_meant or (request.dry_run and not self.dry_runs):
            return honest
        with self.lock:
            spoilt = self.mode(self, request, response, honest)
        if spoilt is not honest:
            self.spoilt += 1
        return spoilt


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: HostileServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = ApiRequest(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items() if name.lower() != "authorization"},
            body=self.rfile.read(length) if length else b"",
            user=_ADMIN,
        )
        code, headers, body = self.server.owner.answer(request)
        try:
            if callable(body):
                self.close_connection = True
                body(self.connection, self.server.owner.stopping)
                return
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            if isinstance(body, bytes):
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = "Content-Length" in headers
                return
            self.close_connection = True
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in body:
                if self.server.owner.stopping.is_set():
                    return
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815


# -- what becomes of an answer -------------------------------------------------------------------------------------

Mode = Callable[[HostileServer, ApiRequest, Response, Answer], Answer]


def _edited(edit: Callable[[HostileServer, ApiRequest, Any], Any]) -> Mode:
    """Return the mode that changes the decoded document of each good answer."""

    def mode(server: HostileServer, request: ApiRequest, response: Response, honest: Answer) -> Answer:
        if response.code >= 300 or "json" not in response.content_type:
            return honest
        before = json.dumps(document := json.loads(honest[2]), sort_keys=True)
        after = edit(server, request, document)
        if json.dumps(after, sort_keys=True) == before:
            return honest
        return response.code, honest[1], json.dumps(after).encode()

    return mode


def _wrong_types(server: HostileServer, _request: ApiRequest, document: Any) -> Any:
    def walk(value: Any, depth: int) -> Any:
        if depth > 1 and server.random.random() < 0.02:
            return server.random.choice(_JUNK)
        if isinstance(value, dict):
            return {key: walk(item, depth + 1) for key, item in value.items()}
        return [walk(item, depth + 1) for item in value] if isinstance(value, list) else value

    return walk(document, 0)


def _first_item(change: Callable[[dict[str, Any]], None]) -> Callable[[HostileServer, ApiRequest, Any], Any]:
    def edit(_server: HostileServer, _request: ApiRequest, document: Any) -> Any:
        items = document.get("items")
        if isinstance(items, list) and items and "groups" not in document:
            change(items[0])
        return document

    return edit


def _of_lists(change: Callable[[dict[str, Any]], Any]) -> Mode:
    def edit(_server: HostileServer, _request: ApiRequest, document: Any) -> Any:
        is_list = str(document.get("kind")).endswith("List") and "items" in document
        return change(document) if is_list and "Discovery" not in document["kind"] else document

    return _edited(edit)


def _fixed(code: int, headers: Mapping[str, str], body: Any) -> Mode:
    def mode(_server: HostileServer, _request: ApiRequest, _response: Response, _honest: Answer) -> Answer:
        return code, headers, body() if callable(body) else body

    return mode


def _redirect(code: int) -> Mode:
    def mode(server: HostileServer, request: ApiRequest, _response: Response, _honest: Answer) -> Answer:
        return code, {"Location": f"{server.url}/elsewhere{request.path}"}, b""

    return mode


def _on_success(change: Callable[[Answer], Answer]) -> Mode:
    def mode(_server: HostileServer, _request: ApiRequest, response: Response, honest: Answer) -> Answer:
        return change(honest) if response.code < 300 else honest

    return mode


def _endless() -> Iterator[bytes]:
    yield b'{"kind":"List","items":["'
    while True:
        yield _CHUNK


def _huge_list() -> Iterator[bytes]:
    item = json.dumps({"metadata": {"name": "a", "namespace": "shop", "uid": "u"}, "spec": {}}).encode() + b","
    yield b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":['
    for _ in range(100 * _MIB // (len(item) * 1000)):
        yield item * 1000
    yield item[:-1] + b"]}"


def _tiny_items() -> Iterator[bytes]:
    yield b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":['
    for _ in range(12):
        yield b"{}," * (_MIB // 3)
    yield b"{}]}"


def _dripping(honest: Answer) -> Answer:
    def drip() -> Iterator[bytes]:
        for byte in honest[2]:
            yield bytes((byte,))
            time.sleep(1)

    return honest[0], {"Content-Type": "application/json"}, drip()


def _drip_headers(honest: Answer) -> Answer:
    def send(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stopping.wait(1):
            connection.sendall(b"X")

    return honest[0], {}, send


@functools.cache
def _packed() -> bytes:
    return gzip.compress(b" " * _MIB, 9) * 300


def _bomb(_honest: Answer) -> Answer:
    return 200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, _packed()


def _raw(change: Callable[[bytes], bytes]) -> Mode:
    return _on_success(lambda honest: (honest[0], honest[1], change(honest[2])))


def _endless_pages(server: HostileServer, _request: ApiRequest, document: Any) -> Any:
    if isinstance(document.get("items"), list) and "Discovery" not in str(document.get("kind")):
        document["metadata"] = {"resourceVersion": "1", "continue": f"token-{server.random.random()}"}
    return document


def _grown(size: int) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        item.setdefault("metadata", {})["annotations"] = {f"note-{n}": "x" * 10_000 for n in range(size // 10_000)}

    return change


def _with(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: {**document, **fields}


_LOGIN = b"<!DOCTYPE html><html><title>Sign in</title><body>Please sign in</body></html>"
_STATUS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
_DEEP = b'{"kind":"PodList","items":[' + b"[" * 200_000 + b"]" * 200_000 + b"]}"

MODES: Mapping[str, Mode] = {
    "honest": lambda _server, _request, _response, honest: honest,
    "wrong-types": _edited(_wrong_types),
    "impossible-name": _edited(_first_item(lambda item: item["metadata"].update(name="../../etc\x00 \u202e"))),
    "no-name": _edited(_first_item(lambda item: item["metadata"].pop("name", None))),
    "item-without-metadata": _edited(_first_item(lambda item: item.pop("metadata", None))),
    "other-namespace": _edited(_first_item(lambda item: item["metadata"].update(namespace="elsewhere"))),
    "redirect-302": _redirect(302),
    "redirect-307": _redirect(307),
    "endless-stream": _fixed(200, {"Content-Type": "application/json"}, _endless),
    "huge-list": _fixed(200, {"Content-Type": "application/json"}, _huge_list),
    "tiny-items": _fixed(200, {"Content-Type": "application/json"}, _tiny_items),
    "slow-drip": _on_success(_dripping),
    "header-drip": _on_success(_drip_headers),
    "truncated": _on_success(
        lambda honest: (honest[0], {**honest[1], "Content-Length": str(len(honest[2]) + 999)}, honest[2])
    ),
    "half": _raw(lambda body: body[: len(body) // 2]),
    "gzip-bomb": _on_success(_bomb),
    "wrong-content-type": _fixed(200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + b"\x00" * 64),
    "login-page": _fixed(200, {"Content-Type": "text/html"}, _LOGIN),
    "status-200": _fixed(200, {"Content-Type": "application/json"}, json.dumps(_STATUS).encode()),
    "failure-200": _fixed(
        200, {"Content-Type": "application/json"}, json.dumps(_STATUS | {"status": "Failure", "code": 500}).encode()
    ),
    "empty-object": _fixed(200, {"Content-Type": "application/json"}, b"{}"),
    "null": _fixed(200, {"Content-Type": "application/json"}, b"null"),
    "items-null": _of_lists(_with(items=None)),
    "items-object": _of_lists(_with(items={"metadata": {"name": "a"}})),
    "items-strings": _of_lists(_with(items=["a", 7, None])),
    "list-without-metadata": _of_lists(
        lambda document: {key: value for key, value in document.items() if key != "metadata"}
    ),
    "huge-annotations": _edited(_first_item(_grown(4 * _MIB))),
    "deep": _fixed(200, {"Content-Type": "application/json"}, _DEEP),
    "duplicate-keys": _raw(lambda body: body.replace(b'"metadata":{', b'"metadata":7,"metadata":{', 3)),
    "not-utf8": _raw(lambda body: body.replace(b'"name":"', b'"name":"\xff\xfe', 2)),
    "endless-continue": _edited(_endless_pages),
}
"""What an answer can be spoilt by, by name."""
