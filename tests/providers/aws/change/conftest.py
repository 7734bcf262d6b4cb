"""An account on moto with one thing of each kind that can be changed, and the changer of it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.plan import Change
from agentops.providers.aws.api.client import open_place
from agentops.providers.aws.api.clients import AwsClients, open_clients
from agentops.providers.aws.change.changer import AwsChanger
from tests.support.aws_account import PLACE, REGION, build


class Wire:
    """Passes requests on to moto and keeps each of them, as bytes."""

    def __init__(self, to: str) -> None:
        self.to, self.url = to, ""
        self.sent: list[tuple[str, str, str, bytes]] = []

    def pass_on(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, list[Any]]:
        """Return what moto answers."""
        self.sent.append((method, path, headers.get("X-Amz-Target", ""), body))
        request = urllib.request.Request(self.to + path, data=body or None, method=method, headers=dict(headers))
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), list(answer.headers.items())
        except urllib.error.HTTPError as error:
            return error.code, error.read(), list(error.headers.items())


@pytest.fixture(scope="module")
def wire(moto_url: str) -> Iterator[Wire]:
    """A proxy before moto that keeps all that reaches it."""
    kept = Wire(moto_url)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, data, headers = kept.pass_on(self.command, self.path, dict(self.headers.items()), body)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - names of the server's

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def clients(wire: Wire, account: Mapping[str, str]) -> AwsClients:
    """The three clients of the account."""
    options = {"aws_endpoint": wire.url, "aws_region": REGION, "aws_attempts": 1}
    return open_clients(open_place(options, lambda _secret: None))


@pytest.fixture(scope="module")
def changer(clients: AwsClients) -> AwsChanger:
    """The changer of the account."""
    return AwsChanger(clients, utc_now)


@pytest.fixture(scope="module")
def account(moto_url: str, raw: Callable[[str], Any]) -> dict[str, str]:
    """One thing of each kind; returns the ids that moto gave."""
    return build(raw)


def change(tool: str, kind: str, name: str, **arguments: Any) -> Change:
    """Return a change of a thing of the account."""
    return Change(tool=tool, target=PLACE.ref(kind, name), arguments=arguments)
