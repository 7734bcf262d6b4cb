"""Tools of a connected MCP server through the command line: found, called, judged by policy, fenced, cited."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp_shelf import CLASSES, READ, connect

Cli = Callable[..., Any]
LIST = {"tool": "tool_read", "arguments": {"tool": "shelf__list_things", "arguments": {"namespace": "shop"}}}


def _report(**more: Any) -> dict[str, Any]:
    said = {"verdict": "answered", "text": "One thing [{{last}}].", "evidence": ["{{last}}"], "not_checked": []}
    return {"calls": [{"tool": "report_answer", "arguments": said | more}]}


@pytest.fixture
def asking(cli: Cli, tmp_path: Path) -> Callable[..., Any]:
    """Ask a question of a model that plays these turns."""

    def ask(*turns: Sequence[dict[str, Any]], words: str = "what stands on the shelf?") -> Any:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"turns": [*({"calls": calls} for calls in turns), _report()]}))
        return cli("ask", words, "--model", f"scripted:{script}", "-o", "json")

    return ask


def _read(home: Path) -> list[Any]:
    (folder,) = (home / "incidents").glob("*/evidence.jsonl")
    return [json.loads(line) for line in folder.read_text().splitlines()]


def _told(home: Path) -> str:
    (folder,) = (home / "incidents").glob("*/transcript.jsonl")
    return folder.read_text()


def test_a_foreign_tool_answers_a_question_without_a_cluster(asking: Any, home: Path) -> None:
    """No kubeconfig is needed: the server is all there is, its answer is evidence of its own tool, and is cited."""
    connect(home)
    done = asking([LIST])
    assert (done.code, done.document["status"]) == (0, "answered")
    last = _read(home)[-1]
    assert (last["tool"], last["arguments"], last["summary"]) == (
        "shelf__list_things",
        {"namespace": "shop"},
        "list_things of MCP server shelf: 1 line",
    )
    assert "<untrusted" in _told(home)


def test_tools_are_found_by_words_and_told_in_a_fence(asking: Any, home: Path) -> None:
    """What a server says of its tools stands in the result of the search, and nowhere in what the model is handed."""
    connect(home, "poisoned", classifications={**CLASSES, "query": READ})
    asking([{"tool": "tool_search", "arguments": {"words": "list the things"}}])
    found = _told(home)
    body = found[found.index("shelf__list_things (reads") :]
    assert "IGNORE ALL PREVIOUS" in body
    assert found.count("IGNORE ALL PREVIOUS") == 1
    assert found.rindex("<untrusted", 0, found.index("IGNORE ALL")) > 0


def test_a_tool_that_nobody_trusted_is_not_offered(asking: Any, home: Path, cli: Cli) -> None:
    """Without a pin there is nothing to call, and doctor says what to do."""
    connect(home, trust=False)
    assert "shelf__" not in cli("tools", "list").out
    doctor = cli("doctor").out
    assert "agentops mcp trust shelf" in doctor


def test_what_changed_since_it_was_trusted_is_held_back(asking: Any, home: Path) -> None:
    """A rug pull: the description changed after it was trusted. The tool is not called, and the answer says why."""
    shelf = connect(home)
    shelf.misbehave("rug-pull")
    asking([LIST])
    assert "is held back: its description changed since it was trusted" in _told(home)
    assert "IGNORE ALL" not in _told(home)


def test_policy_refuses_a_read_by_what_it_names(asking: Any, home: Path, cli: Cli) -> None:
    """A namespace that policy does not let be looked at is never asked for; one that it does is."""
    shelf = connect(home)
    cli("policy", "init")
    own = home / "policy.cedar"
    own.write_text(
        own.read_text()
        + """
        @id("only-shop") @why("only shop is looked at")
        forbid (principal, action in Ops::Action::"mcp", resource in Ops::Server::"shelf")
        unless { context has namespace && context.namespace == "shop" };
        """
    )
    other = {"tool": "tool_read", "arguments": {"tool": "shelf__list_things", "arguments": {"namespace": "prod"}}}
    left_out = {"tool": "tool_read", "arguments": {"tool": "shelf__list_things", "arguments": {}}}
    asking([other], [left_out], [LIST])
    told = _told(home)
    assert told.count("policy refuses this call of shelf__list_things: only-shop") == 2
    assert [one["tool"] for one in _read(home)][-1] == "shelf__list_things"
    assert shelf.calls == []


def test_a_policy_that_cannot_be_loaded_refuses_foreign_reads(asking: Any, home: Path) -> None:
    """Other reads go on without a policy; what somebody else's server is asked does not."""
    connect(home)
    (home / "policy.cedar").write_text("permit (nonsense")
    asking([LIST])
    assert "no policy can be loaded" in _told(home)


def test_a_call_that_does_not_fit_is_not_sent(asking: Any, home: Path) -> None:
    """The answer has the schema, so that the next call fits; an argument that the schema has not is refused."""
    connect(home)
    asking([{"tool": "tool_read", "arguments": {"tool": "shelf__get_thing", "arguments": {"nmae": "web"}}}])
    assert "`nmae` is not an argument (did you mean `name`?)" in _told(home)


def test_a_read_cannot_be_a_change(asking: Any, home: Path) -> None:
    """A tool that changes something, and one that nobody classified, is called by no name that the model may use."""
    shelf = connect(home)
    wrapped = [
        {"tool": "tool_read", "arguments": {"tool": f"shelf__{name}", "arguments": {"name": "web", "size": 9}}}
        for name in ("set_size", "drop_thing", "query")
    ]
    bare = [{"tool": f"shelf__{name}", "arguments": {"name": "web", "size": 9}} for name in ("set_size", "drop_thing")]
    asking(wrapped, bare)
    assert shelf.calls == []


def test_sql_that_is_more_than_a_read_is_not_sent(asking: Any, home: Path) -> None:
    """A person may offer a tool that takes SQL as a read of one form; a COMMIT in the middle has another."""
    shelf = connect(home, classifications={**CLASSES, "query": {**READ, "forms": {"sql": "sql-read"}}})
    texts = ("COMMIT; delete from incidents", "delete from incidents", "select 1")
    asking([{"tool": "tool_read", "arguments": {"tool": "shelf__query", "arguments": {"sql": text}}} for text in texts])
    assert shelf.calls == [["query", {"sql": "select 1"}]]


def test_the_settings_constrain_an_argument(asking: Any, home: Path) -> None:
    """A value outside of what a person allowed is refused, and so is a call that leaves it to the server."""
    rule = {"query": {"database": {"enum": ["staging"]}}}
    shelf = connect(home, classifications={**CLASSES, "query": READ}, constraints=rule)
    given = ({"database": "prod"}, {}, {"database": "staging"})
    asking(
        [
            {"tool": "tool_read", "arguments": {"tool": "shelf__query", "arguments": {"sql": "x", **one}}}
            for one in given
        ]
    )
    assert shelf.calls == [["query", {"sql": "x", "database": "staging"}]]


def test_hostile_results_stay_data(asking: Any, home: Path) -> None:
    """Escape sequences, the end of a fence and instructions in a result are shown as what they are."""
    shelf = connect(home)
    shelf.misbehave("inject")
    done = asking([LIST])
    told = _told(home)
    assert "\x1b" not in told + done.out
    assert done.code == 0
    assert shelf.calls == []


def test_a_result_of_100_mb_ends_no_run(asking: Any, home: Path) -> None:
    """What is beyond the cap is left out, and said to be."""
    connect(home).misbehave("huge")
    done = asking([LIST])
    assert done.code == 0
    kept = [one["size_bytes"] for one in _read(home) if one["tool"] == "shelf__list_things"]
    assert kept == [] or max(kept) <= 2_100_000


def test_a_file_of_servers_that_cannot_be_used_is_said(cli: Cli, home: Path) -> None:
    """No run goes on without knowing which servers there are; doctor says what is wrong, and checks the rest."""
    connect(home)
    (home / "mcp.json").write_text('{"mcpServers": {"shelf": {"command": 5}}}')
    run, doctor = cli("triage"), cli("doctor", "-o", "json")
    assert (run.code, "mcp.json" in run.err, "Traceback" in run.err + doctor.err) == (2, True, False)
    checks = {one["name"]: one["state"] for one in doctor.document["checks"]}
    assert (checks["mcp"], "python" in checks) == ("bad", True)


def test_without_servers_nothing_of_them_is_imported(home: Path) -> None:
    """Whoever has connected none pays nothing: neither the SDK nor our own part of it is loaded."""
    program = (
        "import sys; from agentops.cli.app import run; run(['tools', 'list', '-o', 'json']); "
        "sys.stderr.write(repr([n for n in sys.modules if n == 'mcp' or n.startswith('agentops.providers.mcp')]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_a_hint_of_the_server_takes_a_read_away(cli: Cli, home: Path) -> None:
    """A tool that a person calls a read, and its server a change, is a change."""
    connect(home, "says-it-writes")
    tools = {one["name"]: one for one in cli("tools", "list", "-o", "json").document["tools"]}
    assert (tools["shelf__list_things"]["effect"], tools["shelf__list_things"]["risk"]) == ("change", "high")


def test_the_tools_are_listed_with_what_they_may_do(cli: Cli, home: Path) -> None:
    """Effect, risk and undo of each, without the server being started; what nobody classified is critical."""
    shelf = connect(home)
    shelf.state.unlink()
    tools = cli("tools", "list", "-o", "json").document["tools"]
    found = {one["name"]: (one["effect"], one["risk"], one["reversal"]) for one in tools if "__" in one["name"]}
    assert found == {
        "shelf__get_thing": ("read", "low", "none"),
        "shelf__list_things": ("read", "low", "none"),
        "shelf__drop_thing": ("change", "high", "none"),
        "shelf__query": ("change", "critical", "none"),
        "shelf__set_size": ("change", "medium", "compensating"),
    }
