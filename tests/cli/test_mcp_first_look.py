"""What MCP servers tell before the model's first turn, and without a model; several servers at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.mcp_shelf import CLASSES, connect

Cli = Callable[..., Any]
ALERT = b'{"title": "web is slow", "message": "web in shop is slow"}'


def evidence(home: Path) -> list[tuple[str, str]]:
    """Return the tool and summary of each piece of evidence of the only incident."""
    (folder,) = (path.parent for path in (home / "incidents").glob("*/incident.json"))
    path = folder / "evidence.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(one["tool"], one["summary"]) for one in map(json.loads, lines)]


def test_the_first_look_is_evidence_without_a_model(cli: Cli, home: Path) -> None:
    """A read that is classified so is made at once, kept, and listed with the finding; nothing is concluded of it."""
    connect(home)
    done = cli("investigate", "-", "--no-model", "-o", "json", stdin=ALERT)
    assert ("shelf__list_things", "list_things of MCP server shelf: 1 line") in evidence(home)
    assert done.document["finding"]["verdict"] == "undetermined"
    assert "Traceback" not in done.err


def test_the_model_has_it_before_its_first_turn(cli: Cli, home: Path, tmp_path: Path) -> None:
    """The opening message holds what was read, in a fence, with its evidence id."""
    connect(home)
    finding = {
        "verdict": "undetermined",
        "conclusion": "Nothing.",
        "confidence": "low",
        "evidence": ["{{last}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": [],
    }
    script = tmp_path / "script.json"
    turn = {"calls": [{"tool": "report_finding", "arguments": finding}]}
    script.write_text(json.dumps({"turns": [turn]}))
    cli("investigate", "-", "--model", f"scripted:{script}", stdin=ALERT)
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    opening = json.loads(path.read_text().splitlines()[0])["content"][0]["text"]
    shown = opening[opening.index("list_things of MCP server shelf") :]
    assert shown.index("<untrusted") < shown.index('{\\"web\\"' if '{\\"web\\"' in shown else '{"web"')


def test_rules_make_problems_of_what_was_read(cli: Cli, home: Path) -> None:
    """A person says which rows are a problem; triage lists it as a symptom, and prints no command that cannot work."""
    rule = {
        "rows": "open",
        "when": {"state": ["triggered"]},
        "condition": "IncidentOpen",
        "name": "incident {id}",
        "summary": "incident {id} is {state}",
    }
    listed = {**CLASSES["list_things"], "problems": [rule]}
    shelf = connect(home, classifications={**CLASSES, "list_things": listed})
    shelf.misbehave("incidents")
    found = cli("investigate", "-", "--no-model", "-o", "json", stdin=ALERT).document["problems"]
    assert [(one["resource"], one["condition"], one["summary"]) for one in found] == [
        ("mcp://shelf/incident Q1", "IncidentOpen", "incident Q1 is triggered")
    ]
    page = " ".join(cli("investigate", "-", "--no-model", stdin=ALERT).out.split())
    assert "Told of it: incident Q1 is triggered." in page
    assert "investigate mcp:" not in page
    scanned = cli("triage")
    assert ("incident Q1 is triggered" in scanned.out, "investigate mcp:" in scanned.out) == (True, False), scanned.err


def test_a_server_that_cannot_be_started_is_a_gap(cli: Cli, home: Path) -> None:
    """It is said, the others are read, and the run goes on."""
    connect(home, name="good")
    broken = connect(home, name="broken")
    broken.state.write_text("no JSON")
    done = cli("investigate", "-", "--no-model", "-o", "json", stdin=ALERT)
    told = json.dumps(done.document["finding"]["not_checked"])
    assert "broken__list_things" in told
    assert ("good__list_things", "list_things of MCP server good: 1 line") in evidence(home)


def test_a_tool_that_is_switched_off_is_not_read(cli: Cli, home: Path) -> None:
    """``disabled_tools`` holds for the first look too."""
    connect(home)
    (home / "config.toml").write_text('[safety]\ndisabled_tools = ["shelf__list_things"]\n')
    done = cli("investigate", "-", "--no-model", stdin=ALERT)
    assert (dict(evidence(home)), done.code) == ({}, 0), done.err


def test_five_servers_answer_one_question(cli: Cli, home: Path, tmp_path: Path) -> None:
    """All are connected, three are asked, each answer is evidence under its own server's name."""
    quiet = {**CLASSES, "list_things": {**CLASSES["list_things"]}}
    del quiet["list_things"]["sweep"]
    names = ("pg", "pager", "slack", "git", "dog")
    shelves = {name: connect(home, name=name, classifications=quiet) for name in names}
    asked = ("pg", "slack", "dog")
    calls = [{"tool": "tool_read", "arguments": {"tool": f"{name}__list_things"}} for name in asked]
    report = {"verdict": "answered", "text": "All three [{{last}}].", "evidence": ["{{last}}"], "not_checked": []}
    script = tmp_path / "script.json"
    turns = [{"calls": calls}, {"calls": [{"tool": "report_answer", "arguments": report}]}]
    script.write_text(json.dumps({"turns": turns}))
    done = cli("ask", "what stands where?", "--model", f"scripted:{script}", "-o", "json")
    read = [tool for tool, _ in evidence(home) if tool != "outline"]
    assert (done.code, sorted(read)) == (0, sorted(f"{name}__list_things" for name in asked)), done.err
    assert all(shelf.calls == [] for shelf in shelves.values())


def test_four_hundred_tools_are_found_and_not_handed_over(cli: Cli, home: Path, tmp_path: Path) -> None:
    """400 KB of declarations stay out of the conversation but for the few that are asked for."""
    names = [f"service_{number}_incidents" for number in range(400)]
    classes = {**CLASSES, **{name: {"effect": "read", "risk": "low"} for name in names}}
    connect(home, "many", classifications=classes, allowed=["list_things", *names])
    search = {"tool": "tool_search", "arguments": {"words": "incidents of service 217"}}
    report = {"verdict": "answered", "text": "It is there.", "evidence": ["{{first}}"], "not_checked": []}
    turns = [{"calls": [search]}, {"calls": [{"tool": "report_answer", "arguments": report}]}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": turns}))
    cli("ask", "which incidents are open?", "--model", f"scripted:{script}")
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    told = path.read_text()
    found = told[told.index("tools of 401") :]
    assert "shelf__service_217_incidents" in found
    assert (len(told) < 20_000, (home / "mcp-pins.json").stat().st_size > 400_000) == (True, True)


def test_nothing_is_started_where_nothing_is_asked(cli: Cli, home: Path) -> None:
    """A server without a read in the first look is not started by a run that does not call it."""
    quiet = {**CLASSES, "list_things": {"effect": "read", "risk": "low"}}
    shelf = connect(home, classifications=quiet)
    shelf.state.unlink()
    begun = time.monotonic()
    done = cli("investigate", "-", "--no-model", "-o", "json", stdin=ALERT)
    assert (done.document["finding"]["not_checked"], time.monotonic() - begun < 10) == (
        [one for one in done.document["finding"]["not_checked"] if "shelf" not in one],
        True,
    )
