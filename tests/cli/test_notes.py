"""What owners wrote, as a person and a script see it: in triage, in the model's draft, on the approval page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Cli = Callable[..., Any]
NOTE = "ops.shop.example/note: “keep cordoned until the disk is replaced, OPS-4711”"
KEY = "ops.shop.example/note"


def _uncordoning(folder: Path) -> str:
    """Return a model that drafts what the note speaks against, and reports."""
    draft = {
        "tool": "kubernetes_uncordon",
        "target": "Node/worker-1",
        "reason": "It has room.",
        "evidence": ["{{first}}"],
        "arguments": {},
    }
    report = {
        "verdict": "root-cause",
        "conclusion": "worker-1 is cordoned.",
        "cause": {"resource": "Node/worker-1", "condition": "NodeCordoned"},
        "confidence": "high",
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": [],
    }
    told = "SPEAKS AGAINST THIS: ops.shop.example/note"
    turns = [
        {"calls": [{"tool": "draft_change", "arguments": draft}]},
        {"expect": told, "calls": [{"tool": "report_finding", "arguments": report}]},
    ]
    script = folder / "turns.yaml"
    script.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
    return f"scripted:{script}"


def test_a_known_remedy_that_a_note_speaks_against_is_not_proposed(cli: Cli) -> None:
    """The finding names the note and says what is not proposed for its sake; nothing is planned."""
    done = cli("investigate", "--sandbox=kept-cordoned", "--no-model")
    said = " ".join(done.out.replace("│ ", "").split())
    assert f"Note of the owner of Node/worker-1: {NOTE}; ops.shop.example/owner: “storage-team”" in said
    assert f"Not proposed: kubernetes_uncordon on Node worker-1, for the owner of Node worker-1 says {NOTE}." in said
    assert "Proposed, not applied" not in said


def test_the_finding_of_a_script_holds_the_notes(cli: Cli) -> None:
    """In JSON the notes stand with the finding and the problem, key and value apart, and the remedy as withheld."""
    done = cli("investigate", "--sandbox=kept-cordoned", "--no-model", "-o", "json")
    (problem,) = (one for one in done.document["problems"] if one["condition"] == "NodeCordoned")
    (held,) = problem["withheld"]
    assert [note["key"] for note in done.document["finding"]["notes"]] == [KEY, "ops.shop.example/owner"]
    assert (held["change"]["tool"], problem["remedies"], done.document["finding"]["proposed"]) == (
        "kubernetes_uncordon",
        [],
        [],
    )


def test_triage_shows_notes_beside_the_problem(cli: Cli) -> None:
    """A scan without an alert shows them as well, each once."""
    said = " ".join(cli("triage", "--sandbox=kept-cordoned").out.replace("│ ", "").split())
    assert f"Note of the owner of Node/worker-1: {NOTE}; ops.shop.example/owner: “storage-team”" in said
    assert said.count("Note of the owner of shop/Deployment/recommendations: team: “data”") == 1


def test_what_a_model_drafts_against_a_note_is_shown_with_it(cli: Cli, tmp_path: Path) -> None:
    """The model hears it in the answer to its draft; the screen to decide on says it, and what else was noted."""
    done = cli("fix", "--sandbox=kept-cordoned", "--dry-run", "--model", _uncordoning(tmp_path))
    said = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, f"The owner of Node/worker-1 objects: {NOTE}" in said) == (0, True)
    assert "ops.shop.example/owner: “storage-team”" in said


def test_a_scripts_plan_holds_the_notes(cli: Cli, tmp_path: Path) -> None:
    """Each step's notes, what speaks against it first and marked."""
    done = cli("fix", "--sandbox=kept-cordoned", "--dry-run", "-o", "json", "--model", _uncordoning(tmp_path))
    (notes,) = done.document["plan"]["notes"]
    assert [(note["key"], note["objects"]) for note in notes] == [(KEY, True), ("ops.shop.example/owner", False)]
    assert json.dumps(done.document["plan"]["warnings"]) == "[[]]"
