"""``agentops mcp add`` and ``remove``: recorded first, never with a secret, and nothing is trusted by it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def _records(cli: Cli) -> list[dict[str, Any]]:
    found = cli("audit", "log", "-o", "json").document["records"]
    return [one["payload"] for one in found if one["event"].startswith("mcp_")]


def _events(cli: Cli) -> list[str]:
    return [one["event"] for one in cli("audit", "log", "-o", "json").document["records"] if "mcp_" in one["event"]]


def _file(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "mcp.json").read_text())["mcpServers"]
    return found


def test_a_command_is_kept_in_the_form_that_clients_share(cli: Cli, home: Path) -> None:
    """What stands behind -- is the server's command, whatever it looks like; the file is this user's alone."""
    done = cli("mcp", "add", "git", "--env", "GIT_TOKEN", "--env", "LANG=C", "--", "uvx", "x", "-o", "json", "--help")
    assert (done.code, "agentops mcp trust git" in done.out) == (0, True)
    assert _file(home) == {
        "git": {
            "command": "uvx",
            "args": ["x", "-o", "json", "--help"],
            "env": {"GIT_TOKEN": "${env:GIT_TOKEN}", "LANG": "C"},
        }
    }
    assert stat.S_IMODE((home / "mcp.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nowhere/mcp-server", "/nowhere/mcp-server is not there now: it must be there when it starts."),
        ("no-such-mcp-server", "no-such-mcp-server is not there now: it is looked for on PATH when it starts."),
    ],
)
def test_a_program_that_is_not_there_is_said(cli: Cli, command: str, said: str) -> None:
    """It is connected all the same; a path is not looked for elsewhere."""
    done = cli("mcp", "add", "git", "--", command)
    assert (done.code, said in " ".join(done.out.split())) == (0, True)


def test_an_address_is_kept_with_its_scope(cli: Cli, home: Path) -> None:
    """Headers refer to secrets; which tools are allowed stands in our own part."""
    words = ("--url", "https://mcp.example/mcp", "--header", "Authorization=Bearer ${env:PD}", "--allow", "a")
    assert cli("mcp", "add", "pd", *words, "--oauth").code == 0
    assert _file(home)["pd"] == {
        "type": "http",
        "url": "https://mcp.example/mcp",
        "headers": {"Authorization": "Bearer ${env:PD}"},
        "agentops": {"allowed": ["a"], "oauth": True},
    }


def test_what_was_connected_is_on_record_without_values(cli: Cli) -> None:
    """The command line, and of variables the names."""
    cli("mcp", "add", "git", "--env", "GIT_TOKEN", "--", "uvx", "x")
    cli("mcp", "remove", "git")
    said = {"name": "git", "command": "uvx", "args": ["x"], "env": ["GIT_TOKEN"], "headers": []}
    assert _events(cli) == ["mcp_server_added", "mcp_server_removed"]
    assert [one["servers"] for one in _records(cli)] == [[said], [said]]


@pytest.mark.parametrize(
    "words",
    [
        ("--env", "DB_PASSWORD=hunter2x9Q", "--", "x"),
        ("--", "x", "--token", "hunter2x9Q"),
        ("--", "x", "--token=hunter2x9Q"),
        ("--", "x", "postgres://u:hunter2x9Q@h/d"),
        ("--", "x", "--dsn", "host=h user=u password=hunter2x9Q"),
        ("--url", "https://u:hunter2x9Q@h.example/mcp"),
        ("--url", "https://h.example/mcp?api_key=hunter2x9Q"),
        ("--url", "https://h.example/mcp", "--header", "X-Api-Key=hunter2x9Q"),
    ],
)
def test_a_secret_is_never_taken(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    """It is refused with the way to refer to it, and stands nowhere afterwards."""
    done = cli("mcp", "add", "db", *words)
    assert (done.code, "${env:NAME}" in done.err, (home / "mcp.json").exists()) == (2, True, False)
    kept = "".join(path.read_text() for path in home.rglob("*") if path.is_file()) if home.exists() else ""
    assert "hunter2x9Q" not in done.out + done.err + kept


@pytest.mark.parametrize(
    "words",
    [
        ("Git", "--", "x"),
        ("git_", "--", "x"),
        ("-git", "--", "x"),
        ("gіt", "--", "x"),
        ("", "--", "x"),
        ("git",),
        ("git", "--url", "https://h/mcp", "--", "x"),
        ("git", "--url", "ftp://h/mcp"),
        ("git", "--url", "http://h.example/mcp"),
        ("git", "--url", "http://mcp.localhost/mcp"),
        ("git", "--url", "https://h/mcp", "--header", "X"),
        ("git", "--url", "https://h/mcp", "--header", "X=a\nY: b"),
        ("git", "--url", "https://h/mcp", "--confinement", "no-network"),
        ("git", "--env", "LD_PRELOAD=/x.so", "--", "x"),
        ("git", "--env", "A B=c", "--", "x"),
        ("git", "--oauth", "--", "x"),
        ("git", "--", "x", "${input:key}"),
        ("git", "--", "${env:PROGRAM}"),
    ],
)
def test_what_cannot_be_a_server_is_not_connected(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    """A usage error; nothing is written or recorded."""
    assert (cli("mcp", "add", *words).code, (home / "mcp.json").exists(), _events(cli)) == (2, False, [])


def test_a_name_is_taken_once_and_never_nearly(cli: Cli, home: Path) -> None:
    """Replacing is said; a name that reads the same is refused."""
    cli("mcp", "add", "git", "--", "x")
    again, twin = cli("mcp", "add", "git", "--", "y"), cli("mcp", "add", "g1t", "--", "y")
    replaced = cli("mcp", "add", "git", "--replace", "--", "z")
    assert (again.code, "--replace" in again.err, twin.code, replaced.code) == (2, True, 2, 0)
    assert _file(home)["git"]["command"] == "z"


def test_who_is_not_there_cannot_be_removed(cli: Cli) -> None:
    """The nearest name is said."""
    cli("mcp", "add", "grafana", "--", "x")
    done = cli("mcp", "remove", "grafan")
    assert (done.code, "Did you mean grafana?" in done.err, _events(cli)) == (2, True, ["mcp_server_added"])


def test_what_the_organisation_lists_is_all_there_is(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file takes the place of the user's, and no command writes to it."""
    system = tmp_path / "etc"
    system.mkdir(mode=0o755)
    (system / "mcp.json").write_text(json.dumps({"mcpServers": {"git": {"command": "/opt/git"}}}))
    cli("mcp", "add", "mine", "--", "x")
    monkeypatch.setattr("agentops.config.folders.__kwdefaults__", {"system": system})
    monkeypatch.setattr("agentops.config.load.__kwdefaults__", {"system": system, "untrusted": None})
    found = [one["name"] for one in cli("mcp", "list", "-o", "json").document["servers"]]
    added, removed = cli("mcp", "add", "other", "--", "x"), cli("mcp", "remove", "git")
    assert (found, added.code, removed.code) == (["git"], 2, 2)


def test_where_a_variable_leads_nothing_is_classified_milder(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AGENTOPS_HOME of a checkout may name servers, as a kubeconfig may; what it calls a read counts as a change."""
    other = tmp_path / "checkout"
    other.mkdir(mode=0o700)
    said = {"drop": {"effect": "read", "risk": "low"}}
    entry = {"command": "x", "agentops": {"classifications": said, "allowed": ["drop"]}}
    (other / "mcp.json").write_text(json.dumps({"mcpServers": {"db": entry}}))
    (other / "mcp.json").chmod(0o600)
    monkeypatch.setenv("AGENTOPS_HOME", str(other))
    from agentops.app.mcp_servers import mcp_servers
    from agentops.config import load, process_environ
    from agentops.core.tool import Effect

    found = mcp_servers(load({}, process_environ()))
    said = cli("mcp", "list").out
    assert found.servers[0].classifications["drop"].effect is Effect.CHANGE
    # A change that is named there cannot be planned either.
    assert not found.servers[0].may_use("drop", reads=False)
    assert "permits no change" in " ".join(said.replace("│", "").split())
