"""An entry of ``mcp.json`` and the server that it configures: what is written is read back."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

import pytest

from agentops.cli.commands.schema import load_schema
from agentops.core.errors import ConfigError
from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import Classification, ProblemRule, ToolUse
from agentops.providers.mcp.objects.server import Confinement, ServerConfig, ServerLimits, ServerTransport
from agentops.providers.mcp.settings.entry import entry_of, server_of
from agentops.providers.mcp.settings.json_place import offset_of
from agentops.providers.mcp.settings.own_file import servers_in

KNOWN = Classification(
    effect=Effect.READ,
    risk=Risk.LOW,
    facets={"database": "db"},
    inverse=ToolUse(tool="undo", arguments={"id": "{id}"}),
    reads_back=ToolUse(tool="get", fields=("spec.replicas",)),
    sweep={"namespace": "{namespace}"},
    cures=True,
    forms={"sql": "sql-read"},
    problems=(
        ProblemRule(
            rows="r", when={"state": ("open", 1)}, condition="IsOpen", name="x {id}", summary="{id}", facts=("t",)
        ),
    ),
    says="Reads.",
    schema="sha256:" + "a" * 64,
    why="tried",
)
LOCAL = ServerConfig(
    name="db",
    transport=ServerTransport.STDIO,
    command="/opt/db",
    args=("--dsn", "${env:DSN}"),
    env={"LOG": "debug"},
    cwd="/srv",
    allowed=("get",),
    reads_only=True,
    constraints={"get": {"id": {"pattern": "^a"}}},
    classifications={"get": KNOWN},
    confinement=Confinement.BOTH,
    limits=ServerLimits(start_s=5, call_s=2.5, list_bytes=5_000, result_bytes=6_000, calls_per_minute=7),
    enabled=False,
    source="f",
)
REMOTE = ServerConfig(
    name="pd",
    transport=ServerTransport.HTTP,
    url="https://h.example/mcp?key=${keyring:pd.key}",
    headers={"Authorization": "Bearer ${env:PD}"},
    oauth=True,
    source="f",
)


@pytest.mark.parametrize("server", [LOCAL, REMOTE], ids=["local", "remote"])
def test_what_is_written_is_read_back(server: ServerConfig) -> None:
    """Through JSON, whole."""
    assert server_of(server.name, json.loads(json.dumps(entry_of(server))), "f") == server


def test_every_field_has_its_place_in_the_file() -> None:
    """A new field of a server or of a classification is written here too, or nobody could set it."""
    theirs = {one.name for one in fields(ServerConfig)}
    said = {one for server in (LOCAL, REMOTE) for one in theirs if _is_set(server, one)}
    assert said == theirs
    assert {one.name for one in fields(Classification) if not _is_set(KNOWN, one.name)} == set()
    assert {one.name for one in fields(ToolUse) if not _is_set(KNOWN.reads_back, one.name)} == {"arguments"}
    assert {one.name for one in fields(ServerLimits) if not _is_set(LOCAL.limits, one.name)} == set()


def _is_set(value: object, name: str) -> bool:
    declared = next(one for one in fields(value) if one.name == name)  # type: ignore[arg-type]
    plain = declared.default_factory() if declared.default_factory is not MISSING else declared.default
    return bool(getattr(value, name) != plain)


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ((), "{"),
        (("a",), "[1"),
        (("a", 1), '{"b'),
        (("a", 1, 'b"c'), "true"),
        (("a", 9), "[1"),
        (("none",), "{"),
        (("d", "x"), "null"),
    ],
)
def test_the_place_of_a_value_is_found(path: tuple[str | int, ...], at: str) -> None:
    """Or that of the last step that is there."""
    text = '{"a" : [1, {"b\\"c": true}], "d": null}'
    found = offset_of(text, path)
    assert text[found:].startswith(at)


@pytest.mark.parametrize(
    ("entry", "is_taken"),
    [
        (entry_of(LOCAL), True),
        (entry_of(REMOTE), True),
        ({"command": "x"}, True),
        ({"command": 1}, False),
        ({"command": "x", "url": "https://h"}, False),
        ({"command": "x", "cmd": "y"}, False),
        ({"url": "ftp://h/mcp"}, False),
        ({"type": "sse", "url": "https://h/sse"}, False),
        ({"command": "x", "env": {"A": 1}}, False),
        ({"command": "x", "agentops": {"oauth": True}}, False),
        ({"url": "https://h/mcp", "agentops": {"confinement": "none"}}, False),
        ({"command": "x", "agentops": {"limits": {"call_s": 0}}}, False),
        ({"command": "x", "agentops": {"limits": {"list_bytes": 2000.5}}}, False),
        ({"command": "x", "agentops": {"classifications": {"a": {"effect": "none"}}}}, False),
        ({"command": "x", "agentops": {"classifications": {"a": {"schema": "x"}}}}, False),
        ({"command": "x", "agentops": {"classifications": {"a": {"inverse": {"tool": "b", "args": {}}}}}}, False),
        ({"command": "x", "agentops": {"constraints": {"a": {"b": 1}}}}, False),
        ({"command": "x", "agentops": {"allowed": "a"}}, False),
    ],
)
def test_the_published_schema_says_what_the_reader_says(entry: dict[str, Any], is_taken: bool) -> None:
    """An editor and agentops agree about a file."""
    from jsonschema import Draft202012Validator

    document = {"mcpServers": {"it": entry}}
    try:
        by_reader = bool(servers_in(json.dumps(document).encode(), "mcp.json"))
    except ConfigError:
        by_reader = False
    by_schema = Draft202012Validator(load_schema("mcp-servers")).is_valid(json.loads(json.dumps(document)))
    assert (by_reader, by_schema) == (is_taken, is_taken)
