"""SECURITY.md names files that are there, and says for every risk what stands against it and what is left."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
_ROW = re.compile(r"^\| (LLM[0-9]{2}|ASI[0-9]{2}) ([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)


def test_every_file_that_is_named_is_there() -> None:
    """A defence or a test that was renamed is no evidence any more."""
    named = set(re.findall(r"`((?:agentops|tests|docs|scripts)/[\w./-]+)`", PAGE))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    assert len(named) > 60


def test_both_lists_of_ten_are_whole() -> None:
    """Each risk of both lists has a row with a defence, a test that exists, and what is not covered."""
    rows = {found[0]: found for found in _ROW.findall(PAGE)}
    assert sorted(rows) == [f"{name}{number:02}" for name in ("ASI", "LLM") for number in range(1, 11)]
    assert [name for name, row in rows.items() if not all(cell.strip() for cell in row)] == []
    untested = [name for name, row in rows.items() if not re.search(r"`tests/[\w./-]+\.py`", row[3])]
    assert [name for name in untested if "Does not apply" not in rows[name][4]] == []


def test_nothing_is_left_to_be_filled_in() -> None:
    """The page holds results, not the places where they were to stand."""
    assert re.findall(r"FIGURES-\w+|TODO|TBD", PAGE) == []
