"""Real servers over streamable HTTP on loopback, through agentops' own client; none of them is a reviewed host."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentops.core.errors import InDoubt
from agentops.core.tool import Effect
from agentops.providers.mcp.client.session import ServerSession, open_session
from agentops.providers.mcp.objects.server import ServerConfig, ServerLimits, ServerTransport
from agentops.providers.mcp.reviewed.classify import classifications
from tests.real_mcp.conftest import Installed, text_of
from tests.real_mcp.postgres import Postgres
from tests.support.monitoring import free_port

pytestmark = pytest.mark.real


@contextmanager
def _served(folder: Path, command: list[str], port: int, env: Mapping[str, str]) -> Iterator[ServerSession]:
    """Run a server that listens on ``port``, and yield a session with it."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=said, stderr=said)
    config = ServerConfig(
        name="remote",
        transport=ServerTransport.HTTP,
        url=f"http://127.0.0.1:{port}/mcp",
        limits=ServerLimits(start_s=30.0, call_s=3.0),
    )
    session = open_session(config, resolve=lambda _reference: "", home=folder / "home")
    try:
        _await(port, process)
        yield session
    finally:
        session.close()
        process.terminate()
        process.wait(timeout=20)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not listen")


def test_server_everything_over_http(installed: Installed, tmp_path: Path) -> None:
    """Text, an image, a call that reports progress, one that takes too long, and the session goes on."""
    port = free_port()
    command = [installed("everything").path(), "streamableHttp"]
    with _served(tmp_path, command, port, {"PORT": str(port)}) as session:
        assert session.facts().name == "mcp-servers/everything"
        image = session.call("get-tiny-image", {}).parts[1]
        said = text_of(session.call("trigger-long-running-operation", {"duration": 1, "steps": 2}))
        with pytest.raises(InDoubt):
            session.call("trigger-long-running-operation", {"duration": 20, "steps": 2})
        total = text_of(session.call("get-sum", {"a": 1, "b": 2}))
    assert (image.mime, image.text, "completed" in said, total) == ("image/png", "", True, "The sum of 1 and 2 is 3.")


def test_an_address_is_no_reviewed_server(installed: Installed, postgres: Postgres, tmp_path: Path) -> None:
    """The Toolbox over HTTP lists the same tools; who listens on a port nobody knows, so none of them is a read."""
    port = free_port()
    env = {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(postgres.port),
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": "none",
        "POSTGRES_DATABASE": "shop",
    }
    toolbox = [installed("toolbox-postgres").path(), "--prebuilt", "postgres", "--address", "127.0.0.1"]
    with _served(tmp_path, [*toolbox, "--port", str(port)], port, env) as session:
        tools = session.tools()
        found = classifications(session.config, session.facts(), tools)
        said = text_of(session.call("database_overview", {}))
    assert ("pg_version" in said, len(tools)) == (True, 29)
    assert [name for name, one in found.items() if one.effect is Effect.READ] == []
