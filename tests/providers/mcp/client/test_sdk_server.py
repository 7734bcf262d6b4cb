"""The SDK's own server, over both transports: the newest era of the protocol as somebody else speaks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from tests.providers.mcp.client.conftest import QUICK, SERVERS

_SDK = str(SERVERS / "sdk.py")


@pytest.fixture
def sdk_port() -> Iterator[int]:
    """Serve over HTTP in a process of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, _SDK, str(port)], **quiet) as process:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
        process.kill()


@pytest.fixture(params=["stdio", "http"])
def sdk(request: pytest.FixtureRequest, opened: Callable[..., ServerSession], slow: None) -> ServerSession:
    """A session with it."""
    words: dict[str, Any] = {"transport": ServerTransport.STDIO, "command": sys.executable, "args": (_SDK,)}
    if request.param == "http":
        port = request.getfixturevalue("sdk_port")
        words = {"transport": ServerTransport.HTTP, "url": f"http://127.0.0.1:{port}/mcp"}
    return opened(ServerConfig(name="sdk", limits=QUICK, **words))


def test_it_is_spoken_to_in_the_newest_era(sdk: ServerSession) -> None:
    """Discovered, listed and called, with what is structured."""
    assert (sdk.facts().name, sdk.facts().protocol) == ("on-the-sdk", "2026-07-28")
    assert [tool.name for tool in sdk.tools()] == ["add", "ask", "count", "shout"]
    found = sdk.call("add", {"a": 2, "b": 3})
    assert (found.parts[0].text, found.structured, found.is_error) == ("5", {"result": 5}, False)


def test_notifications_do_not_disturb_an_answer(sdk: ServerSession) -> None:
    """Progress that nobody asked for comes before it."""
    assert sdk.call("count", {"to": 20}).parts[0].text == "counted to 20"


def _failure(session: ServerSession, tool: str, arguments: dict[str, Any]) -> str:
    """Return the code of a refusal, or ``failed`` for a result that says so."""
    try:
        return "failed" if session.call(tool, arguments).is_error else "done"
    except ToolError as error:
        return error.code


def test_wrong_arguments_are_said_by_the_server(sdk: ServerSession) -> None:
    """As a result that failed."""
    assert _failure(sdk, "add", {"a": "x"}) == "failed"


def test_a_question_to_a_person_is_declined(sdk: ServerSession) -> None:
    """Nobody was offered to it; the call does not hang, and is not sent again."""
    assert _failure(sdk, "ask", {}) == "mcp-refused"
