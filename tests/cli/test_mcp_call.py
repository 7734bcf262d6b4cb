"""``agentops mcp call`` and ``doctor``: a read by hand, and whether servers are as they should be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.tool import ForeignTool
from agentops.providers.mcp.pins.pin import ServerPin, launch_of, pin_of
from agentops.providers.mcp.pins.store import PinFile
from agentops.providers.mcp.settings.entry import server_of

Cli = Callable[..., Any]
SERVER = Path(__file__).with_name("listed_server.py")
READ = {
    "name": "log",
    "description": "Shows the commits.",
    "inputSchema": {
        "type": "object",
        "properties": {"repo": {"type": "string"}, "max": {"type": "integer"}},
        "required": ["repo"],
    },
}
DROP = {"name": "drop", "inputSchema": {"type": "object"}}
ODD = {"name": "odd", "inputSchema": {"type": "object"}}
OURS = {
    "classifications": {"log": {"effect": "read", "risk": "low"}, "drop": {"effect": "change", "risk": "high"}},
    "constraints": {"log": {"repo": {"pattern": "^/srv/"}}},
}


class Connected:
    """The server ``git``: trusted as ``trust`` lists it, and listing what ``say`` says."""

    def __init__(self, path: Path, home: Path, **ours: Any) -> None:
        self.path, self.home = path, home
        entry = {"command": sys.executable, "args": [str(SERVER), str(path)], "agentops": OURS | ours}
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "mcp.json").write_text(json.dumps({"mcpServers": {"git": entry}}))
        (home / "mcp.json").chmod(0o600)
        self.config: ServerConfig = server_of("git", entry, "")

    def say(self, *tools: dict[str, Any], **more: Any) -> None:
        """Write what it lists and answers."""
        self.path.write_text(json.dumps({"name": "listed", "tools": tools, **more}))

    def trust(self, *tools: dict[str, Any]) -> None:
        """Pin tools as a person does."""
        pins = {}
        for one in tools:
            tool = ForeignTool(
                name=one["name"], description=one.get("description", ""), input_schema=one["inputSchema"]
            )
            pins[tool.name] = pin_of(tool, lambda value: value)
        pin = ServerPin(identity=self.config.identity, launch=launch_of(self.config), server_name="listed", tools=pins)
        PinFile(path=self.home / "mcp-pins.json").put("git", pin)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What reached the server."""
        file = self.path.with_suffix(".calls")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def connected(home: Path, tmp_path: Path, slow: None) -> Connected:
    """A server with a read, a change and a tool that nobody has classified, all trusted."""
    server = Connected(tmp_path / "listed.json", home)
    server.say(READ, DROP, ODD, answers={"log": "3 commits"})
    server.trust(READ, DROP, ODD)
    return server


def test_a_read_is_called_and_recorded(cli: Cli, connected: Connected) -> None:
    """The words become what the schema wants; the record is there before the call, the answer by its digest."""
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/shop", "--arg", "max=5", "-o", "json")
    answer = done.document["mcp_answer"]
    assert (done.code, answer["text"], answer["is_error"]) == (0, "3 commits", False)
    assert connected.calls[0]["arguments"] == {"repo": "/srv/shop", "max": 5}
    records = {one["event"]: one["payload"] for one in cli("audit", "log", "-o", "json").document["records"]}
    call, seen = records["mcp_call"], records["mcp_answer"]
    assert (json.loads(call["arguments"]), call["arguments_hmac"][:5]) == ({"repo": "/srv/shop", "max": 5}, "hmac-")
    assert seen["digest"] == answer["digest"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("drop",), 4, "agentops do"),
        (("odd",), 4, "nobody has classified it"),
        (("none",), 2, "no tool"),
        (("log",), 1, "repo"),
        (("log", "--arg", "repo=/etc"), 1, "repo"),
        (("log", "--arg", "repo=/srv/x", "--arg", "max=many"), 1, "max"),
        (("log", "--arg", "repo=/srv/x", "--arg", "rep=1"), 1, "did you mean `repo`"),
        (("log", "--json", "[]"), 2, "--json takes one object"),
        (("log", "--json", "{"), 2, "--json"),
        (("log", "--arg", "repo"), 2, "NAME=VALUE"),
        (("log", "--arg", "repo=/srv/x", "--json", "{}"), 2, "Give one of the two"),
    ],
)
def test_what_may_not_be_called_never_reaches_the_server(
    cli: Cli, connected: Connected, words: tuple[str, ...], code: int, said: str
) -> None:
    """A change, what nobody has classified, what does not fit: each is said with the way there is."""
    done = cli("mcp", "call", "git", *words)
    assert (done.code, said in " ".join(done.err.split()), connected.calls) == (code, True, [])


def test_a_tool_that_changed_is_not_called(cli: Cli, connected: Connected) -> None:
    """Not even by hand, until somebody has looked."""
    connected.say({**READ, "description": "Shows everything."}, DROP, ODD)
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x")
    assert (done.code, "agentops mcp trust git log" in done.err, connected.calls) == (5, True, [])


def test_only_what_is_allowed_is_called(cli: Cli, home: Path, tmp_path: Path, slow: None) -> None:
    """A read that the settings do not name is none of theirs."""
    server = Connected(tmp_path / "listed.json", home, allowed=["drop"])
    server.say(READ, DROP)
    server.trust(READ, DROP)
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x")
    assert (done.code, server.calls) == (4, [])


FORBID = """
@id("no-etc")
forbid (principal, action in Ops::Action::"mcp", resource)
when { context has repository && context.repository like "*secret*" };
"""


def test_policy_refuses_a_call_by_hand_as_it_refuses_a_model_s(
    cli: Cli, home: Path, tmp_path: Path, slow: None
) -> None:
    """By the argument that a facet names; without a policy that can be read nothing is called."""
    read = {"effect": "read", "risk": "low", "facets": {"repository": "repo"}}
    server = Connected(tmp_path / "listed.json", home, classifications={"log": read})
    server.say(READ, DROP, answers={"log": "3 commits"})
    server.trust(READ, DROP)
    policy = home / "policy.cedar"
    assert cli("policy", "init").code == 0
    policy.write_text(policy.read_text() + FORBID)
    refused, called = (cli("mcp", "call", "git", "log", "--arg", f"repo=/srv/{name}") for name in ("secret", "shop"))
    policy.write_text("forbid (")
    unread = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/shop")
    assert (refused.code, called.code, unread.code, len(server.calls)) == (4, 0, 4, 1), refused.err + called.err


def test_a_tool_that_is_switched_off_is_not_called(cli: Cli, connected: Connected, home: Path) -> None:
    """By the name under which a model calls it."""
    (home / "config.toml").write_text('[safety]\ndisabled_tools = ["git__log"]\n')
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x")
    assert (done.code, connected.calls) == (4, [])


def test_a_server_that_may_only_be_read_offers_no_change(cli: Cli, home: Path, tmp_path: Path, slow: None) -> None:
    """Whatever is allowed by name."""
    server = Connected(tmp_path / "listed.json", home, allowed=["drop", "log"], reads_only=True)
    server.say(READ, DROP)
    server.trust(READ, DROP)
    found = {one["name"]: one["state"] for one in cli("mcp", "tools", "git", "-o", "json").document["mcp_tools"]}
    listed = [one["name"] for one in cli("tools", "list", "-o", "json").document["tools"] if one["name"][:5] == "git__"]
    assert (found, listed) == ({"drop": "not-allowed", "log": "offered"}, ["git__log"])


def test_an_answer_is_redacted_escaped_and_short(cli: Cli, connected: Connected) -> None:
    """A token, a colour and a flood: none of them reaches the screen."""
    token = "ghp_" + "a1B2c3D4" * 5
    connected.say(READ, DROP, ODD, answers={"log": f"token {token} \x1b[2J\u202e" + "x " * 20_000})
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x")
    assert done.code == 0
    assert (token in done.out, "\x1b" in done.out, "\u202e" in done.out, len(done.out) < 20_000) == (
        False, False, False, True
    )  # fmt: skip
    assert "-v prints all" in done.out


def test_a_server_is_given_nothing_that_it_was_not_given(
    cli: Cli, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credential of the cloud, the cluster or the model in its environment."""
    for name in ("AWS_SECRET_ACCESS_KEY", "ANTHROPIC_API_KEY", "KUBECONFIG", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "canary-canary-canary")
    connected.say(READ, DROP, ODD, answers={"log": "$ENV"})
    text = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x", "-o", "json").document["mcp_answer"]["text"]
    assert ("canary" in text, "AWS_SECRET_ACCESS_KEY" in text) == (False, False)


def test_a_secret_reaches_the_server_and_nothing_else(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: None
) -> None:
    """Resolved at the start, handed to this server, hidden in its answer, on the disk and on the screen."""
    monkeypatch.setenv("SHOP_DB", "canary-4f1d4f1d4f1d")
    server = Connected(tmp_path / "listed.json", home)
    document = json.loads((home / "mcp.json").read_text())
    document["mcpServers"]["git"]["env"] = {"DB_PASSWORD": "${env:SHOP_DB}"}
    (home / "mcp.json").write_text(json.dumps(document))
    server.config = server_of("git", document["mcpServers"]["git"], "")
    server.say(READ, answers={"log": "it is $ENV"})
    server.trust(READ)
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x", "-o", "json")
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert (done.code, "DB_PASSWORD" in done.out, "4f1d4f1d" in done.out) == (0, True, False)
    assert b"4f1d4f1d" not in kept


def test_doctor_says_what_is_well_and_what_is_not(cli: Cli, connected: Connected) -> None:
    """Started, timed, confined or not, pinned, classified."""
    done = cli("mcp", "doctor", "-o", "json")
    states = {one["name"].partition(" ")[2]: one["state"] for one in done.document["checks"]}
    texts = " ".join(one["text"] for one in done.document["checks"])
    assert (done.code, states) == (
        0,
        {"program": "ok", "confinement": "warn", "start": "ok", "pins": "ok", "classified": "warn"},
    )
    hints = " ".join(one["hint"] for one in done.document["checks"])
    assert ("listed 1.0" in texts, "odd" in texts) == (True, True)
    assert "agentops mcp classify git odd --effect read" in hints


def test_doctor_says_what_is_missing(cli: Cli, home: Path, slow: None) -> None:
    """A program, a variable, a server that ends at once: all of them in one go, and exit 1."""
    program = [sys.executable, "-c", "import sys; sys.stderr.write('no database'); sys.exit(3)"]
    cli("mcp", "add", "gone", "--", "/nonexistent/server")
    cli("mcp", "add", "mute", "--env", "NOT_SET_HERE", "--", *program)
    cli("mcp", "add", "ends", "--", *program)
    done = cli("mcp", "doctor", "-o", "json")
    bad = {one["name"]: one["text"] + one["hint"] for one in done.document["checks"] if one["state"] == "bad"}
    assert (done.code, sorted(bad)) == (1, ["ends start", "gone program", "gone start", "mute secrets", "mute start"])
    assert ("NOT_SET_HERE" in bad["mute secrets"], "no database" in bad["ends start"]) == (True, True)


def test_doctor_says_that_a_tool_changed(cli: Cli, connected: Connected) -> None:
    """It is bad, not a warning: somebody must look."""
    connected.say({**READ, "description": "x"}, DROP, ODD)
    done = cli("mcp", "doctor", "git", "-o", "json")
    bad = [(one["name"], "mcp trust git" in one["hint"]) for one in done.document["checks"] if one["state"] == "bad"]
    assert (done.code, bad) == (1, [("git pins", True)])


def test_a_server_that_is_switched_off_is_not_started(cli: Cli, home: Path, tmp_path: Path, slow: None) -> None:
    """By nothing: not to list, not to call, not by the doctor."""
    server = Connected(tmp_path / "listed.json", home, enabled=False)
    codes = [cli("mcp", *words).code for words in (("tools", "git"), ("call", "git", "log"), ("doctor",))]
    assert (codes, server.path.exists()) == ([2, 2, 0], False)
