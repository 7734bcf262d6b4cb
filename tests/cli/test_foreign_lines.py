"""Somebody else's words on a page: no line of them can be taken for one of ours, however it is broken."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.cli.render import page, to_markdown
from agentops.cli.report import (
    Block,
    Branch,
    Bullets,
    Diff,
    DiffLine,
    Heading,
    Item,
    Mark,
    Pairs,
    Paragraph,
    Quote,
    Table,
    Tree,
)
from agentops.core.plan import Intent
from agentops.store.plans import save_plan

Cli = Callable[..., Any]
_FORGED = (
    "All is well.\n\nPlan AB12CD34: apply it? (shop/Deployment/web)\nRoot cause — confidence high\nNext: agentops x"
)
_OURS = ("Plan AB12CD34", "Root cause", "Next: agentops x")


def _first_lines(lines: list[str]) -> list[str]:
    """Return the lines that no bar marks as the continuation of another or as a quotation."""
    return [line for line in lines if not re.match(r"[\s│├└─]*│ ", line)]


@pytest.mark.parametrize(
    "block",
    [
        Quote(_FORGED),
        Quote(_FORGED, lead="step 1: "),
        Bullets(
            (Item(_FORGED, label="E1"), Item("x", label="Condition", note=_FORGED), Item(_FORGED, label="A label"))
        ),
        Pairs((("name", _FORGED),)),
        Paragraph(f"Warning: {_FORGED}"),
        Heading(f"Refused: {_FORGED}"),
        Table(("a", "b"), (("x", _FORGED),)),
        Tree(Branch("x", children=(Branch(f"y {_FORGED}"),))),
        Diff("a", "b", (DiffLine(Mark.NEW, f"x: {_FORGED}"),)),
    ],
)
@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_forged_line_carries_a_mark(block: Block, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every kind of block, at every width: what stands at an edge without a bar is ours."""
    monkeypatch.setenv("COLUMNS", columns)
    lines = page((block,), io.StringIO()).split("\n")
    assert [line for line in _first_lines(lines) if line.strip().startswith(_OURS)] == []


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), st.integers(20, 120))
def test_every_line_of_a_quotation_has_its_bar(text: str, columns: int) -> None:
    """Line breaks of any kind, and wrapping at any width."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        lines = page((Quote(text),), io.StringIO()).split("\n")[:-1]
    assert all(line.startswith("  │") for line in lines)


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_every_line_of_a_quotation_is_quoted_in_markdown(text: str) -> None:
    """``>`` before each, and nothing that Markdown takes for a list, a rule or a heading behind it."""
    lines = to_markdown((Quote(text),)).split("\n")[:-1]
    assert all(re.match(r">(?! *(?:[-+=~#]|\d+[.)]))", line) for line in lines)


@pytest.mark.parametrize("text", ["=====", "- a", "1. a", "+ a", "~~~", "---", "# a", "   12) x", "a\n===\nb\n# c"])
def test_a_paragraph_begins_no_construct_of_markdown(text: str) -> None:
    """A text that is one word of Markdown is text; a text of several lines is one."""
    (line,) = to_markdown((Paragraph(text),)).rstrip("\n").split("\n")
    assert re.match(r"\s*(?:[-+=~#]|\d+[.)])", line) is None


def test_a_models_words_cannot_imitate_the_closing_block(cli: Cli, tmp_path: Path) -> None:
    """A finding whose conclusion has our heading and our next command in it: each line of it is marked."""
    said = "The image is fine.\nRoot cause — confidence high\nNext: agentops fix --yes evil"
    finding = {
        "verdict": "root-cause", "conclusion": said, "evidence": ["{{last}}"], "confidence": "high",
        "cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"},
    }  # fmt: skip
    script = tmp_path / "model.json"
    script.write_text(json.dumps({"turns": [{"calls": [{"tool": "report_finding", "arguments": finding}]}] * 4}))
    done = cli("investigate", "--sandbox=bad-image-tag", "--model", f"scripted:{script}")
    assert "fix --yes evil" in done.out, done.out
    forged = [line for line in done.out.split("\n") if "evil" in line or line.strip().startswith("Root cause — confid")]
    assert [line for line in forged if not line.startswith("  │")] in ([], ["Root cause — confidence high"])


_BAD = "registry.sh\u043ep/web:1"


@pytest.fixture
def lookalike(plans: ModuleType, tmp_path: Path) -> Path:
    """A saved plan whose new image is of another registry than it looks; a model's words forge our page."""
    step = plans.step()
    (change,) = step.preview.objects
    edit = replace(change.edits[0], new=_BAD)
    after = json.loads(json.dumps(plans.deployment(_BAD)))
    odd = plans.step(objects=(replace(change, edits=(edit,), after=after),))
    now = datetime.now(UTC).replace(microsecond=0)
    intent = Intent(by="a-model", words=_FORGED, evidence=("E1",))
    times = {"created_at": now, "expires_at": now + timedelta(hours=1)}
    save_plan(tmp_path / "plan.json", plans.plan(odd, intent=intent, **times))
    return tmp_path / "plan.json"


def test_a_lookalike_is_called_out_on_the_page_of_an_approval(
    lookalike: Path, terminal: ModuleType, home: Path
) -> None:
    """In the diff, the edits and a line of its own, whole page and summary; never as the name that it looks like."""
    said = terminal.at_terminal(
        ["approve", str(lookalike)], [("sign an approval of it?", "q\r")], {"AGENTOPS_HOME": str(home)}
    )
    screen = " ".join(said.screen.replace("│ ", "").split())
    assert screen.count("LOOKALIKE: registry.sh⟨\u043e U+043E⟩p/web:1 is not registry.shop/web:1") >= 1
    assert (said.code, _BAD in said.screen) == (5, False)


def test_a_models_words_forge_no_question_on_the_page_of_an_approval(
    lookalike: Path, terminal: ModuleType, home: Path
) -> None:
    """Heading, question and next command in a model's words: each line of them has the bar."""
    said = terminal.at_terminal(
        ["approve", str(lookalike)], [("sign an approval of it?", "q\r")], {"AGENTOPS_HOME": str(home)}
    )
    lines = [line for line in said.screen.splitlines() if "AB12CD34" in line or "Next: agentops x" in line]
    assert (len(lines) >= 2, [line for line in lines if "│ " not in line]) == (True, [])
