"""``agentops approvals serve`` as a process: a terminal starts it, a browser with the link uses it, Ctrl-C ends it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from agentops.core.clock import utc_now
from agentops.store.pending import PendingPlans, PlanStanding

pytestmark = pytest.mark.slow
_ACCOUNT = Path(__file__).resolve().parents[2] / "support" / "account.py"
_LONGEST_S = 30.0


@dataclass
class Served:
    """A page that was started at a terminal."""

    process: subprocess.Popen[bytes]
    terminal: int
    address: str
    screen: str
    cookie: str = field(default="")

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
        """Send a request as a browser does that has opened the link."""
        link = urlsplit(self.address)
        assert link.hostname is not None
        connection = http.client.HTTPConnection(link.hostname, link.port, timeout=10)
        usual = (
            {"Cookie": self.cookie, "Origin": f"http://{link.netloc}"} if method == "POST" else {"Cookie": self.cookie}
        )
        if body:
            usual["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, body, usual | headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}

    def enter(self) -> str:
        """Open the link, keep the cookie, and return the path of the list."""
        link = urlsplit(self.address)
        status, _, headers = self.ask("GET", link.path)
        assert status == 200
        self.cookie = headers["set-cookie"].partition(";")[0]
        return link.path.partition("enter/")[0]

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C, and return the exit code and what went to stdout."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=_LONGEST_S)
        return self.process.returncode, out.decode()


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[..., Served]]:
    """Start a page at a pseudo-terminal."""
    started: list[Served] = []

    def start(*words: str) -> Served:
        ours, theirs = pty.openpty()
        environ = {"AGENTOPS_HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "xterm", "NO_COLOR": "1"}
        process = subprocess.Popen(
            [sys.executable, str(_ACCOUNT), "approvals", "serve", *words],
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )
        os.close(theirs)
        screen, ends = "", time.monotonic() + _LONGEST_S
        while "ends by itself after" not in screen and time.monotonic() < ends:
            screen += os.read(ours, 65536).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+", screen)
        assert found, screen
        started.append(Served(process=process, terminal=ours, address=found[0], screen=screen))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()
        os.close(one.terminal)


def test_a_person_approves_in_a_browser(keep: Any, serve: Callable[..., Served], home: Path) -> None:
    """From the link on the terminal to a signed approval; stdout is one document."""
    pending = keep()
    served = serve("-o", "json")
    root = served.enter()
    status, listed, headers = served.ask("GET", root)
    assert (status, pending.plan.code in listed, headers["cache-control"]) == (200, True, "no-store")
    place = f"{root}plan/{pending.plan.digest.removeprefix('sha256:')}"
    token = re.search(r'name="token" value="([^"]+)"', served.ask("GET", place)[1])
    assert token
    form = urlencode({"token": token[1], "code": pending.plan.code})
    assert served.ask("POST", f"{place}/approve", form, Origin="http://evil.example")[0] == 403
    assert served.ask("POST", f"{place}/approve", form, Host=f"evil.example:{urlsplit(served.address).port}")[0] == 403
    assert served.ask("POST", f"{place}/approve", form)[0] == 200
    store = PendingPlans(home / "pending", utc_now)
    assert store.find(pending.plan.digest).standing(utc_now()) is PlanStanding.APPROVED
    code, out = served.end()
    document = json.loads(out)
    assert (code, document["status"], document["approved"], document["refused"]) == (0, "ended", 1, 0)
    assert urlsplit(served.address).path not in out


def test_without_a_terminal_there_is_no_page(cli: Callable[..., Any]) -> None:
    """A program that starts one would approve its own plans."""
    done = cli("approvals", "serve", "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (5, "no-terminal")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux lists who listens there")
def test_it_listens_on_loopback_alone(serve: Callable[..., Served]) -> None:
    """The port is not there on any other address of this machine."""
    served = serve()
    port = urlsplit(served.address).port
    listening = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    }
    assert [one for one in listening if int(one.partition(":")[2], 16) == port] == [f"0100007F:{port:04X}"]


def test_a_port_that_is_taken_is_told(home: Path, serve: Callable[..., Served], terminal: Any) -> None:
    """With what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = terminal.at_terminal(["approvals", "serve", "--port", port], [], {"AGENTOPS_HOME": str(home)})
    assert (said.code, f"port {port} cannot be listened on: address already in use" in said.screen) == (1, True)


def test_it_ends_by_itself(serve: Callable[..., Served]) -> None:
    """A page that was forgotten does not stay open."""
    served = serve("--for", "1s")
    out, _ = served.process.communicate(timeout=_LONGEST_S)
    assert (served.process.returncode, b"The approval page has ended." in out) == (0, True)


def test_clients_that_are_slow_or_many_or_wrong_do_no_harm(serve: Callable[..., Served]) -> None:
    """A body that is too long, lines that are no HTTP, more connections than there is room for: the page goes on."""
    served = serve()
    root = served.enter()
    port = urlsplit(served.address).port or 0
    assert served.ask("POST", f"{root}plan/{'0' * 64}/approve", "x" * 9000)[0] == 413
    for raw in (b"\x00" * 300, b"GET /\r\n", b"GET http://127.0.0.1/ HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            one.sendall(raw)
            one.shutdown(socket.SHUT_WR)
            one.recv(100)
    with contextlib.ExitStack() as held:
        for _ in range(60):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        time.sleep(0.3)
    ends = time.monotonic() + _LONGEST_S
    while time.monotonic() < ends:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if served.ask("GET", root)[0] == 200:
                break
        time.sleep(0.1)
    assert served.ask("GET", root)[0] == 200
    assert served.end()[0] == 0
