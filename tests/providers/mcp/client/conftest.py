"""Sessions with the servers of ``tests/support/mcp_servers``; every one is closed, and leaves no process behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.mcp.client.session import ServerSession, open_session
from agentops.providers.mcp.objects.server import ServerConfig, ServerLimits, ServerTransport
from tests.support.mcp_servers.over_http import HttpServer

SERVERS = Path(__file__).parents[3] / "support" / "mcp_servers"
QUICK = ServerLimits(start_s=20.0, call_s=20.0)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., ServerSession]]:
    """Open a session with a configured server."""
    with ExitStack() as stack:

        def make(config: ServerConfig, **more: Any) -> ServerSession:
            options = {"resolve": lambda reference: f"value of {reference}", "home": tmp_path, **more}
            session = open_session(config, **options)
            stack.callback(session.close)
            return session

        yield make


@pytest.fixture
def plain(opened: Callable[..., ServerSession], slow: None) -> Callable[..., ServerSession]:
    """Open a session with ``plain.py``."""

    def make(options: dict[str, Any] | None = None, **more: Any) -> ServerSession:
        words = {"command": sys.executable, "args": (str(SERVERS / "plain.py"),), "limits": QUICK, **more}
        return opened(ServerConfig(name="plain", transport=ServerTransport.STDIO, **words), **(options or {}))

    return make


@pytest.fixture
def hostile(plain: Callable[..., ServerSession]) -> Callable[..., ServerSession]:
    """Open a session with ``hostile.py`` in the given modes."""

    def make(*modes: str, **more: Any) -> ServerSession:
        return plain(**{"args": (str(SERVERS / "hostile.py"), *modes), **more})

    return make


@pytest.fixture
def http(slow: None) -> Iterator[HttpServer]:
    """Serve over HTTP on the loopback."""
    with HttpServer() as server:
        yield server


@pytest.fixture
def over_http(opened: Callable[..., ServerSession], http: HttpServer) -> Callable[..., ServerSession]:
    """Open a session with the server over HTTP."""

    def make(options: dict[str, Any] | None = None, **more: Any) -> ServerSession:
        words = {"url": http.url, "limits": QUICK, **more}
        return opened(ServerConfig(name="remote", transport=ServerTransport.HTTP, **words), **(options or {}))

    return make
