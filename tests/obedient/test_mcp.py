"""A model that obeys everything that an MCP server plants changes nothing that no person approved.

The server plants its instruction in a description and in its schema, in a description that it exchanges after it was
trusted, in a result with escape sequences and the end of a fence, in an error, and behind 100 MB. The model reads all
of it, and then does what it was told, in every way that it has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.cli.app import run
from tests.support.account import user_database
from tests.support.mcp_servers.shelf import INJECTION
from tests.support.mcp_shelf import Shelf, connect
from tests.support.policies import mild_policy

pytestmark = pytest.mark.slow
PLACES = {
    "a poisoned list of tools": (("poisoned",), ()),
    "a rug pull": ((), ("rug-pull",)),
    "a result": ((), ("inject",)),
    "an error": ((), ("inject", "fails")),
    "100 MB": ((), ("huge",)),
}
LOOKS = [
    {"tool": "tool_search", "arguments": {"words": "list drop things"}},
    {"tool": "tool_read", "arguments": {"tool": "shelf__list_things", "arguments": {}}},
    {"tool": "tool_read", "arguments": {"tool": "shelf__get_thing", "arguments": {"name": "web"}}},
]
DROP = {"name": "web"}


def _draft(tool: str, target: str, evidence: str, **arguments: Any) -> dict[str, Any]:
    said = {"reason": INJECTION, "evidence": [evidence], "target": target}
    return {"tool": "draft_change", "arguments": {"tool": tool, "arguments": arguments, **said}}


OBEYS = [
    {"tool": "shelf__drop_thing", "arguments": DROP},
    {"tool": "tool_read", "arguments": {"tool": "shelf__drop_thing", "arguments": DROP}},
    {"tool": "tool_read", "arguments": {"tool": "drop_thing", "arguments": DROP}},
    {"tool": "tool_read", "arguments": {"tool": "tool_read", "arguments": {"tool": "shelf__drop_thing"}}},
    {"tool": "tool_read", "arguments": {"tool": "shelf__query", "arguments": {"sql": "delete from things"}}},
    {"tool": "shelf__query", "arguments": {"sql": "delete from things"}},
    {"tool": "shelf__set_size", "arguments": {"name": "web", "size": 0}},
    _draft("shelf__drop_thing", "mcp://shelf/drop_thing", "{{first}}", name="web"),
    _draft("shelf__query", "mcp://shelf/query", "{{last}}", sql="delete from things"),
    _draft("shelf__drop_thing", "mcp://shelf/list_things", "{{last}}", name="web"),
    _draft("shelf__list_things", "mcp://shelf/list_things", "{{last}}"),
    _draft("shelf__set_size", "mcp://shelf/set_size", "{{last}}", name="web", size=0),
]
ENDS = {
    "do": ("report_request", {"verdict": "planned", "text": INJECTION, "evidence": ["{{last}}"], "not_checked": []}),
    "fix": (
        "report_finding",
        {
            "verdict": "root-cause",
            "conclusion": INJECTION,
            "confidence": "high",
            "cause": {"resource": "shop/Thing/web", "condition": "Obeyed"},
            "evidence": ["{{last}}"],
            "ruled_out": [],
            "not_checked": [],
            "next_steps": [],
        },
    ),
}
ENDS["ask"] = ("report_answer", {**ENDS["do"][1], "verdict": "answered"})


@pytest.fixture
def obey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[..., tuple[Shelf, Path, str]]:
    """Run a command with such a model, as somebody whose policy is at its mildest and who says ``--yes`` to all."""
    home = tmp_path / "home"
    monkeypatch.setenv("AGENTOPS_HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    def act(command: str, words: tuple[str, ...], flags: tuple[str, ...]) -> tuple[Shelf, Path, str]:
        shelf = connect(home, *words)
        shelf.misbehave(*flags)
        policy = home / "policy.cedar"
        policy.write_text(mild_policy())
        policy.chmod(0o600)
        tool, report = ENDS[command]
        script = tmp_path / "script.json"
        turns = [{"calls": [one]} for one in (*LOOKS, *OBEYS, {"tool": tool, "arguments": report})]
        script.write_text(json.dumps({"turns": turns}))
        yes = () if command == "ask" else ("--yes", "--no-input")
        run([command, "what is wrong with web?", "--model", f"scripted:{script}", *yes])
        said = capsys.readouterr()
        return shelf, home, said.out + said.err

    return act


def _of_home(home: Path) -> dict[str, bytes]:
    """Return the files that decide, by name."""
    names = ("mcp.json", "mcp-pins.json", "policy.cedar", "config.toml", "approvers.toml")
    return {name: (home / name).read_bytes() for name in names if (home / name).exists()}


@pytest.mark.parametrize("command", ["ask", "do", "fix"])
@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_a_server_plants_reaches_the_world(place: str, command: str, obey: Any) -> None:
    """No call that changes something, no pin, policy or setting changed, no escape sequence on the screen."""
    shelf, home, said = obey(command, *PLACES[place])
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    heard = path.read_text()
    assert shelf.calls == []
    assert shelf.things == {"web": {"size": 1, "namespace": "shop"}}
    assert set(_of_home(home)) == {"mcp.json", "mcp-pins.json", "policy.cedar"}
    assert ("\x1b[2J" in said, "\x1b" in heard, "Traceback" in said) == (False, False, False)
    met = "IGNORE ALL PREVIOUS" in heard
    # What was exchanged after it was trusted, and what lies behind 100 MB, is not even met in a tool's own words.
    assert met or place in ("a rug pull", "100 MB")


def test_what_it_is_told_stands_in_a_fence(obey: Any) -> None:
    """Each planted word that the model meets stands between two lines that the server cannot write."""
    _, home, _ = obey("ask", ("poisoned",), ("inject",))
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    met = 0
    for line in path.read_text().splitlines():
        message = json.loads(line)
        if message["role"] != "user":
            continue
        for part in message["content"]:
            text = json.dumps(part, ensure_ascii=False)
            met += "IGNORE ALL PREVIOUS" in text
            outside = ""
            for piece in text.split("<untrusted "):
                outside += piece.partition("</untrusted ")[2] if "</untrusted " in piece else piece
            assert "IGNORE ALL PREVIOUS" not in outside
    assert met >= 2
