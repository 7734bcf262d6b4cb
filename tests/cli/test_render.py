"""One renderer, three forms; foreign text stays text in each."""

from __future__ import annotations

import io
import json

import pytest

from agentops.cli.render import page, show, to_markdown
from agentops.cli.report import Bullets, Code, Heading, Item, Pairs, Paragraph, Table
from agentops.cli.result import Result
from agentops.core.text import visible

_EVIL = "a\x1b[2J[/bold]\u202eb"
_REPORT = (
    Heading(_EVIL),
    Paragraph(_EVIL),
    Bullets((Item(_EVIL, label="E1", note=_EVIL),)),
    Pairs((("name", _EVIL),)),
    Table(("one", "two"), ((_EVIL, _EVIL),)),
    Code(_EVIL),
)


def _shown(output: str, **environ: str) -> str:
    stream = io.StringIO()
    show(Result(command="x", document={"text": _EVIL}, report=_REPORT), output, stream)
    return stream.getvalue()


@pytest.mark.parametrize("width", ["20", "40", "100", "250"])
def test_text_output_never_lets_foreign_text_act(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No escape sequence, bidi override or markup of a foreign text reaches the terminal, at any width."""
    monkeypatch.setenv("COLUMNS", width)
    text = _shown("text")
    assert ("\x1b" in text, "\u202e" in text, "[/bold]" in text.replace("\n", "").replace(" ", "")) == (
        False,
        False,
        True,
    )
    wrapped = [line for line in text.splitlines() if line.strip() != visible(_EVIL)]
    assert max(map(len, wrapped)) <= int(width)


def test_markdown_escapes_its_own_characters() -> None:
    """Foreign text cannot open a link, a heading, a table cell or HTML."""
    text = to_markdown((Paragraph("# x [a](http://b) <img> | `c`"), Code("```\nend")))
    assert text == "\\# x \\[a\\](http://b) \\<img\\> \\| \\`c\\`\n\n````\n```\nend\n````\n"


def test_json_is_one_ascii_document_with_the_envelope() -> None:
    """Standard output holds one JSON document; hidden characters are escaped in it."""
    text = _shown("json")
    assert text.isascii()
    assert json.loads(text) == {
        "schema": "agentops/v1",
        "command": "x",
        "status": "done",
        "exit_code": 0,
        "text": _EVIL,
    }


def test_parts_that_a_command_does_not_have_are_absent() -> None:
    """None in the document means that the key is not there."""
    assert "finding" not in Result(command="x", document={"finding": None}).envelope()


def test_a_narrow_table_becomes_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal each row is a block of names and values."""
    monkeypatch.setenv("COLUMNS", "40")
    stream = io.StringIO()
    show(Result(command="x", report=(Table(("name", "title"), (("oom", "Out of memory"),)),)), "text", stream)
    assert stream.getvalue().split() == ["name", "oom", "title", "Out", "of", "memory"]


@pytest.mark.parametrize(("width", "whole"), [("60", False), ("100", True)])
def test_a_long_last_column_leaves_the_others_whole(width: str, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is room a time is never cut into two lines; where there is none, nothing is cut away."""
    monkeypatch.setenv("COLUMNS", width)
    row = ("1", "2026-11-22T22:28:47.836Z", "20261122T222846-1e7160", "guard\u202e_stage", "word " * 30)
    stream = io.StringIO()
    show(Result(command="x", report=(Table(("seq", "time", "run", "event", "what"), (row,)),)), "text", stream)
    first = stream.getvalue().splitlines()[1]
    assert (row[1] in first and visible(row[3]) in first, stream.getvalue().count("word")) == (whole, 30)


@pytest.mark.parametrize("room", [40, 60, 80])
def test_a_command_at_the_end_of_a_paragraph_stays_whole(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes to a line of its own where the paragraph would be wrapped inside it."""
    monkeypatch.setenv("COLUMNS", str(room))
    said = "Three of the seven problems are shown here, the worst first. All of it: agentops show 0240"
    lines = page((Paragraph(said),), io.StringIO()).splitlines()
    assert lines[-1] == "  All of it: agentops show 0240"
    assert " ".join(" ".join(lines).replace("│ ", "").split()) == said
