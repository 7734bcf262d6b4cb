"""``agentops mcp classify``: what a tool does is said by a person, at a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Cli = Callable[..., Any]
SERVER = Path(__file__).with_name("listed_server.py")


@pytest.fixture
def mine(cli: Cli, home: Path, tmp_path: Path, slow: None) -> Callable[..., dict[str, Any]]:
    """Connect a server of one's own; returns what is said of its tools."""
    tools = [
        {"name": "status", "description": "Shows\u202e it.", "inputSchema": {"type": "object"}},
        {"name": "wipe", "inputSchema": {"type": "object"}, "annotations": {"destructiveHint": True}},
    ]
    file = tmp_path / "listed.json"
    file.write_text(json.dumps({"name": "mine", "tools": tools}))
    cli("mcp", "add", "mine", "--", sys.executable, str(SERVER), str(file))

    def said(**change: Any) -> dict[str, Any]:
        if change:
            file.write_text(json.dumps({"name": "mine", "tools": [tools[0] | change, tools[1]]}))
        found = cli("mcp", "tools", "mine", "-o", "json").document["mcp_tools"]
        return {one["name"]: (one["effect"], one["risk"], one["classified"]) for one in found}

    return said


def test_a_person_says_that_a_tool_reads(
    terminal: ModuleType, cli: Cli, home: Path, mine: Callable[..., dict[str, Any]]
) -> None:
    """For the schema that it has; of another one nobody has said anything."""
    environ = {"AGENTOPS_HOME": str(home)}
    before = mine()
    words = ["mcp", "classify", "mine", "status", "--effect", "read"]
    done = terminal.at_terminal(words, [("Say that ", ""), ("yes: ", "y\r")], environ)
    after = mine()
    changed = mine(inputSchema={"type": "object", "properties": {"all": {"type": "boolean"}}})
    assert (before["status"], done.code, after["status"], changed["status"]) == (
        ("change", "critical", False), 0, ("read", "low", True), ("change", "critical", False)
    )  # fmt: skip
    assert "\u202e" not in done.screen
    events = [one["event"] for one in cli("audit", "log", "-o", "json").document["records"]]
    assert "mcp_tool_classified" in events


@pytest.mark.parametrize("keys", ["\r", "n\r"])
def test_without_a_yes_nothing_is_said(
    terminal: ModuleType, home: Path, mine: Callable[..., dict[str, Any]], keys: str
) -> None:
    """Enter alone is no."""
    words = ["mcp", "classify", "mine", "status", "--effect", "read"]
    done = terminal.at_terminal(words, [("Say that ", ""), ("yes: ", keys)], {"AGENTOPS_HOME": str(home)})
    assert (done.code, mine()["status"]) == (5, ("change", "critical", False))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wipe", "--effect", "read"), "nothing makes that milder"),
        (("statu", "--effect", "read"), "Did you mean status?"),
        (("status", "--effect", "read", "--risk", "low"), "Leave out --risk"),
    ],
)
def test_what_cannot_be_said_is_refused(
    terminal: ModuleType, home: Path, mine: Callable[..., dict[str, Any]], words: tuple[str, ...], said: str
) -> None:
    """A server's own warning stays, and a name must be one."""
    done = terminal.at_terminal(["mcp", "classify", "mine", *words], [], {"AGENTOPS_HOME": str(home)})
    assert (done.code, said in " ".join(done.screen.replace("│", "").split())) == (2, True)


@pytest.mark.parametrize("words", [("classify", "mine", "status", "--effect", "read"), ("allow", "mine", "wipe")])
def test_where_a_word_would_not_count_nobody_is_asked_for_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A variable leads elsewhere: that is said first, before a terminal is looked for and the server is started."""
    other, started = tmp_path / "checkout", tmp_path / "started"
    other.mkdir(mode=0o700)
    entry = {"command": "/bin/touch", "args": [str(started)]}
    (other / "mcp.json").write_text(json.dumps({"mcpServers": {"mine": entry}}))
    (other / "mcp.json").chmod(0o600)
    monkeypatch.setenv("AGENTOPS_HOME", str(other))
    done = cli("mcp", *words)
    assert (done.code, "AGENTOPS_HOME leads there" in done.err, started.exists()) == (2, True, False), done.err


def test_nobody_classifies_without_a_terminal(cli: Cli, home: Path, mine: Callable[..., dict[str, Any]]) -> None:
    """What counts as a read is called without asking, so a script does not say it."""
    assert cli("mcp", "classify", "mine", "status", "--effect", "read").code == 5
    assert "classifications" not in (home / "mcp.json").read_text()


def _allow(terminal: ModuleType, home: Path, *words: str, keys: str = "y\r") -> Any:
    dialogue = [("Allow ", ""), ("yes: ", keys)]
    return terminal.at_terminal(["mcp", "allow", "mine", *words, "-o", "json"], dialogue, {"AGENTOPS_HOME": str(home)})


def test_a_change_is_allowed_beside_the_reads(
    terminal: ModuleType, cli: Cli, home: Path, mine: Callable[..., dict[str, Any]]
) -> None:
    """Naming one tool takes no read away; revoking it leaves the others."""
    environ = {"AGENTOPS_HOME": str(home)}
    words = ["mcp", "classify", "mine", "status", "--effect", "read"]
    terminal.at_terminal(words, [("Say that ", ""), ("yes: ", "y\r")], environ)
    terminal.at_terminal(["mcp", "trust", "mine"], [("Trust ", ""), ("yes: ", "y\r")], environ)
    allowed = _allow(terminal, home, "wipe")
    both = {one["name"]: one["state"] for one in cli("mcp", "tools", "mine", "-o", "json").document["mcp_tools"]}
    revoked = _allow(terminal, home, "wipe", "--revoke")
    assert (json.loads(allowed.out)["allowed"], both) == (
        ["status", "wipe"], {"status": "offered", "wipe": "offered"}
    )  # fmt: skip
    assert (json.loads(revoked.out)["allowed"], "A change can be planned" in allowed.screen) == (["status"], True)
    events = [one["event"] for one in cli("audit", "log", "-o", "json").document["records"]]
    assert events.count("mcp_tools_allowed") == 2


def test_without_a_yes_nothing_is_allowed(
    terminal: ModuleType, home: Path, mine: Callable[..., dict[str, Any]]
) -> None:
    """Enter alone is no."""
    assert _allow(terminal, home, "wipe", keys="\r").code == 5
    assert "allowed" not in (home / "mcp.json").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [(("wip",), "Did you mean wipe?"), (("wipe", "--revoke"), "nothing would be allowed")],
)
def test_what_cannot_be_allowed_is_said(
    terminal: ModuleType, home: Path, mine: Callable[..., dict[str, Any]], words: tuple[str, ...], said: str
) -> None:
    """A name that is none; and no name at all would mean every read."""
    done = terminal.at_terminal(["mcp", "allow", "mine", *words], [], {"AGENTOPS_HOME": str(home)})
    assert (done.code, said in " ".join(done.screen.replace("│", "").split())) == (2, True)


def test_nobody_allows_anything_without_a_terminal(cli: Cli, home: Path, mine: Callable[..., dict[str, Any]]) -> None:
    """A script, or another agent, widens no scope."""
    assert cli("mcp", "allow", "mine", "wipe").code == 5
    assert "allowed" not in (home / "mcp.json").read_text()
