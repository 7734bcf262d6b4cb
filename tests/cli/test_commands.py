"""The small commands, and how mistakes on the command line are answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops import __version__

Cli = Callable[..., Any]


def test_sandbox_list_has_the_scenarios(cli: Cli) -> None:
    """At least twelve scenarios, each with name, title and difficulty."""
    scenarios = cli("sandbox", "list", "--output", "json").document["scenarios"]
    assert len(scenarios) >= 12
    assert all(set(entry) == {"name", "title", "difficulty"} and all(entry.values()) for entry in scenarios)


def test_an_empty_history_says_how_to_begin(cli: Cli) -> None:
    """No incidents is not an error."""
    done = cli("history")
    assert (done.code, "agentops investigate --sandbox" in done.out) == (0, True)
    assert cli("show").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("triage", "--frobnicate"),
        ("audit",),
        ("investigate",),
        ("triage", "--output", "yaml"),
        ("investigate", "x", "--max-steps", "many"),
        ("investigate", "x", "--max-steps", "0"),
        ("investigate", "x", "--resume", "y"),
        ("history", "--limit", "0"),
        ("audit", "verfy"),
        ("log",),
        ("--version", "history"),
    ],
)
def test_mistakes_on_the_command_line_end_with_2_and_a_hint(cli: Cli, words: tuple[str, ...]) -> None:
    """A usage error is short, on stderr, without a traceback, and stdout stays empty."""
    done = cli(*words)
    assert (done.code, done.out, done.err.startswith("Error: "), len(done.err.splitlines()) <= 4) == (2, "", True, True)


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("audit", "verfy"), "Did you mean 'verify'?", "See: agentops audit --help"),
        (("policy", "shw", "--source"), "Did you mean 'show'?", "See: agentops policy --help"),
        (("investigat",), "Did you mean 'investigate'?", "See: agentops --help"),
        (("verify",), "there is one in audit", "See: agentops audit verify --help"),
        (("list",), "there is one in approvers, tools, mcp, sandbox", "See: agentops sandbox list --help"),
    ],
)
def test_a_mistyped_command_is_pointed_at_its_own_group(cli: Cli, words: tuple[str, ...], said: str, hint: str) -> None:
    """What may have been meant, and the help of the group in which it stands."""
    done = cli(*words)
    assert (done.code, said in done.err, hint in done.err) == (2, True, True)


def test_version_is_a_command_too(cli: Cli) -> None:
    """The same line as --version; in JSON with the versions below it."""
    document = cli("version", "-o", "json").document
    assert (cli("version").out, cli("--version").out) == (f"agentops {__version__}\n",) * 2
    assert (document["version"], set(document) >= {"python", "platform"}) == (__version__, True)


def test_usage_errors_come_as_json_where_json_was_asked_for(cli: Cli) -> None:
    """A script that asked for JSON gets JSON, whatever happened."""
    done = cli("triage", "--frobnicate", "--output", "json")
    document = json.loads(done.out)
    assert (document["exit_code"], document["errors"][0]["code"]) == (2, "usage")


def test_a_broken_config_file_is_named(cli: Cli, home: Path) -> None:
    """The file and the key are in the message."""
    home.mkdir()
    (home / "config.toml").write_text("[model]\ncolour = 1\n", encoding="utf-8")
    done = cli("triage", "--sandbox")
    assert (done.code, "model.colour" in done.err) == (2, True)


def test_tools_list_tells_reading_from_changing(cli: Cli) -> None:
    """Every tool is listed with what it does; those that change say how far that can be undone."""
    document = cli("tools", "list", "-o", "json").document
    effects = {one["name"]: one["effect"] for one in document["tools"]}
    page = cli("tools", "list").out
    assert (effects["kubernetes_get"], effects["kubernetes_scale"], "undo exact" in page) == ("read", "change", True)


def test_a_scenario_of_ones_own_is_written_and_runs(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scaffold is a working scenario; it is never written over."""
    monkeypatch.chdir(tmp_path)
    done = cli("sandbox", "new", "my-outage", "-o", "json")
    assert (done.code, done.document["scenario"]["name"]) == (0, "my-outage")
    found = cli("investigate", "--sandbox=./my-outage.yaml", "--no-model", "-o", "json").document
    assert found["finding"]["cause"]["condition"] == "ImageNotFound"
    assert cli("sandbox", "new", "my-outage").code == 2
