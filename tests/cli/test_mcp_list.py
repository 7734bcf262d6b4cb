"""``agentops mcp list``: which MCP servers are connected, from a file that nobody else may write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
GIT = {"command": "uvx", "args": ["mcp-server-git"], "env": {"GIT_TOKEN": "${env:GIT_TOKEN}"}}


def _write(home: Path, document: object) -> Path:
    home.mkdir(mode=0o700, exist_ok=True)
    path = home / "mcp.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    path.chmod(0o600)
    return path


def test_nothing_is_connected_at_first(cli: Cli) -> None:
    """An empty list says how a server is connected."""
    assert "agentops mcp add NAME" in cli("mcp", "list").out


def test_servers_are_listed_without_the_values_they_are_given(cli: Cli, home: Path) -> None:
    """Of variables and headers only the names are shown."""
    _write(home, {"mcpServers": {"git": GIT}})
    found = cli("mcp", "list", "-o", "json").document["servers"]
    assert found == [
        {
            "name": "git",
            "transport": "stdio",
            "identity": "uvx mcp-server-git",
            "enabled": True,
            "env": ["GIT_TOKEN"],
            "headers": [],
            "allowed": [],
            "confinement": "none",
            "trusted": 0,
        }
    ]


def test_a_file_that_others_can_write_is_refused(cli: Cli, home: Path) -> None:
    """Whoever writes it has a program run as this user."""
    _write(home, {"mcpServers": {"git": GIT}}).chmod(0o666)
    done = cli("mcp", "list")
    assert (done.code, "chmod go-w" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ({"command": "x", "env": {"DB_PASSWORD": "hunter2x9Q"}}, 6, "it holds a secret"),
        ({"command": "x", "args": ["postgres://u:s3cr3tpw@h/d"]}, 6, "it holds a secret"),
        ({"command": "x", "args": ["--token", "abcd1234efgh"]}, 7, "it holds a secret"),
        ({"type": "http", "url": "https://h/mcp", "headers": {"Authorization": "Bearer abcdefghij"}}, 7, "a secret"),
        ({"type": "http", "url": "http://h.example/mcp"}, 5, "could be read and altered"),
        ({"command": "x", "cmd": "y"}, 5, "no setting is called so"),
        ({"command": "x", "env": {"LD_PRELOAD": "/x.so"}}, 6, "which code the server runs"),
        ({"command": "x", "agentops": {"limits": {"call_s": True}}}, 7, "it is no number"),
        ({"command": "x", "agentops": {"oauth": True}}, 6, "says nothing of a server over stdio"),
        ({"command": "x", "agentops": {"constraints": {"t": {"a": {"patern": "^x"}}}}}, 8, "did you mean pattern"),
        ({"command": "x", "agentops": {"constraints": {"t": {"a": {"minimum": "1"}}}}}, 8, "minimum"),
        ({"command": "x", "agentops": {"constraints": {"t": {"a": {"pattern": "(?=x)"}}}}}, 8, "no JSON Schema"),
        ({"command": "x", "agentops": {"constraints": {"t": {"a": {"$ref": "https://x"}}}}}, 8, "cannot be used"),
        ({"command": "x", "args": ["a\u202eb"]}, 6, "hidden characters"),
        ({"command": "x\u0000"}, 4, "hidden characters"),
        ({"command": "x", "env": {"A": "\u200b"}}, 6, "hidden characters"),
        ({"command": "x", "password": "hunter2x9Q"}, 5, "no setting is called so"),
        ({"command": "x", "args": ["${input:key}"]}, 6, "a reference that is none of ours"),
        ({"command": "x", "agentops": {"classifications": {"t": {"effect": "none"}}}}, 8, "none of: read, change"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(cli: Cli, home: Path, entry: object, line: int, said: str) -> None:
    """One mistake refuses the file; nothing of a secret is repeated."""
    path = _write(home, {"mcpServers": {"it": entry}})
    done = cli("mcp", "list")
    assert (done.code, f"{path}:{line}:" in done.err, said in done.err) == (2, True, True)
    for secret in ("hunter2x9Q", "s3cr3tpw", "abcd1234efgh", "abcdefghij"):
        assert secret not in done.err


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"mcpServers": []}', '{"mcpServers": {"A B": {}}}', '{"servers": {}}']
)
def test_what_is_no_such_file_is_refused(cli: Cli, home: Path, text: str) -> None:
    """A usage error, never a traceback."""
    _write(home, text)
    assert cli("mcp", "list").code == 2
