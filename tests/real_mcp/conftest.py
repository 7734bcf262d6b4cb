"""What tests against real MCP servers share: the servers that are installed here, and a PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.real_mcp import postgres as real_postgres
from tests.real_mcp.postgres import Postgres
from tests.real_mcp.servers import PLACE, SERVERS, RealServer

Installed = Callable[[str], RealServer]


@pytest.fixture
def installed() -> Installed:
    """Return a server by its key; skip with the reason where it is not installed here."""

    def find(key: str) -> RealServer:
        server = SERVERS[key]
        if not server.path():
            pytest.skip(f"{server.package} is neither on PATH nor below {PLACE} (tests/real_mcp/install.py)")
        return server

    return find


@pytest.fixture(scope="module")
def postgres(slow: None) -> Iterator[Postgres]:
    """A real PostgreSQL with the database ``shop``: a table ``incidents`` of two rows in it."""
    why = real_postgres.missing()
    if why:
        pytest.skip(why)
    with real_postgres.running() as server:
        assert server.run("CREATE DATABASE shop").returncode == 0
        made = (
            "CREATE TABLE incidents (id int PRIMARY KEY, title text); INSERT INTO incidents VALUES (1, 'a'), (2, 'b')"
        )
        assert server.run(made, database="shop").returncode == 0
        yield server
