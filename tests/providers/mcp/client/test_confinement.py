"""What a server is kept from by bubblewrap, and what is said where there is none."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.confine import ConfinementFact, confinement_offered
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.objects.server import Confinement

Plain = Callable[..., ServerSession]

_NONE = ConfinementFact(offered=False, why="bubblewrap (bwrap) is not installed")


@pytest.fixture
def port() -> Iterator[int]:
    """Listen on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def works(slow: None) -> None:
    """Skip where this machine offers no confinement."""
    fact = confinement_offered()
    if not fact.offered:
        pytest.skip(fact.why)


def _reach(session: ServerSession, **arguments: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(session.call("reach", arguments).parts[0].text)
    return found


@pytest.mark.real
@pytest.mark.parametrize(
    ("confinement", "came"),
    [
        (Confinement.NONE, {}),
        (Confinement.NO_NETWORK, {"connect": "ConnectionRefusedError"}),
        (Confinement.READ_ONLY, {"write": "OSError"}),
        (Confinement.BOTH, {"write": "OSError", "connect": "ConnectionRefusedError"}),
    ],
)
def test_a_confined_server_cannot_reach_what_it_is_kept_from(
    plain: Plain, works: None, port: int, tmp_path: Path, confinement: Confinement, came: dict[str, str]
) -> None:
    """No connection leaves it, not to this machine either; nothing is written outside of its own folders."""
    outside = tmp_path / "outside"
    outside.mkdir()
    session = plain(confinement=confinement)
    assert _reach(session, write_to=str(outside / "file"), connect_to=port) == came


@pytest.mark.real
def test_its_own_folders_stay_writable(plain: Plain, works: None) -> None:
    """HOME, TMPDIR and the folder in which it runs."""
    session = plain(confinement=Confinement.BOTH)
    env = json.loads(session.call("env", {}).parts[0].text)
    cwd = json.loads(session.call("where", {}).parts[0].text)["cwd"]
    came = [_reach(session, write_to=f"{folder}/file") for folder in (env["HOME"], env["TMPDIR"], cwd)]
    assert [one.get("write") for one in came] == [None, None, None]


@pytest.mark.real
def test_sockets_of_services_are_not_there_without_a_network(plain: Plain, works: None) -> None:
    """A socket of Docker would be a way to the network, and to more."""
    session = plain(confinement=Confinement.NO_NETWORK, args=("-c", _LISTS_RUN), command="python3")
    assert session.facts().instructions == "[]"


_LISTS_RUN = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        said = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "n", "version": "1"}}
        answer = {"result": {**said, "instructions": str(os.listdir("/run"))}}
    else:
        answer = {"error": {"code": -32601, "message": "no"}}
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}), flush=True)
"""


@pytest.mark.parametrize("confinement", [one for one in Confinement if one is not Confinement.NONE])
def test_a_server_that_cannot_be_confined_is_not_started(
    plain: Plain, tmp_path: Path, confinement: Confinement
) -> None:
    """Not there means no: it is said why, and what to do."""
    session = plain(confinement=confinement, options={"confinement": lambda: _NONE})
    with pytest.raises(ToolError) as caught:
        session.tools()
    assert (caught.value.message, caught.value.code) == (
        f"MCP server plain is to run confined ({confinement.value}), and cannot here: {_NONE.why}",
        "mcp-confinement",
    )
    assert list((tmp_path / "mcp" / "servers" / "plain").glob("run-*")) == []


def test_a_server_that_is_not_to_be_confined_does_not_ask(plain: Plain) -> None:
    """Nothing is tried on the way of an ordinary server."""

    def fail() -> ConfinementFact:
        raise AssertionError("asked")

    assert plain(options={"confinement": fail}).facts().name == "plain"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'setting up uid map: Permission denied' >&2; exit 1", "setting up uid map: Permission denied"),
        ("exit 1", "cannot make a sandbox on this machine"),
    ],
)
def test_a_program_that_is_there_and_does_not_work_is_no_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str, slow: None
) -> None:
    """Many machines have bubblewrap and forbid what it does: it is tried."""
    program = tmp_path / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    confinement_offered.cache_clear()
    try:
        fact = confinement_offered()
    finally:
        confinement_offered.cache_clear()
    assert (fact.offered, why in fact.why) == (False, True)


def test_no_program_is_taken_from_the_folder_in_which_agentops_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout could bring one with it."""
    (tmp_path / "bwrap").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    confinement_offered.cache_clear()
    try:
        assert confinement_offered() == _NONE
    finally:
        confinement_offered.cache_clear()
