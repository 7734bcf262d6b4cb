"""``evidence_search``: lines, context, ranges, and what is left out."""

from __future__ import annotations

import pytest

from agentops.agent.search import EvidenceSearch
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading


@pytest.fixture
def search(make_bench):
    """Searches evidence E1: lines ``line 1`` to ``line 500``, every hundredth with ``ERROR``; E2 has one long line."""
    store = make_bench().store
    body = "\n".join(f"line {n}" + (" ERROR" if n % 100 == 0 else "") for n in range(1, 501))
    store.add(Reading(body=body, summary=""), tool="logs", arguments={}, excerpt_chars=100)
    store.add(Reading(body="x" * 30_000 + " ERROR", summary=""), tool="logs", arguments={}, excerpt_chars=100)
    return EvidenceSearch(store)


def test_finds_text_with_its_surroundings(search):
    """Matches are marked with a colon, lines around them with a dash, gaps with two."""
    reading = search.read({"evidence": "e1", "contains": "error", "context": 1, "to_line": 250})
    assert reading == Reading(
        body="99- line 99\n100: line 100 ERROR\n101- line 101\n--\n199- line 199\n200: line 200 ERROR\n201- line 201",
        summary="2 matching lines of 500 in E1",
    )


def test_pattern_and_text_together(search):
    """Both must match."""
    reading = search.read({"evidence": "E1", "contains": "error", "pattern": "line [34]", "context": 0})
    assert reading.body == "300: line 300 ERROR\n--\n400: line 400 ERROR"


def test_nothing_found(search):
    """No match is an answer."""
    assert search.read({"evidence": "E1", "contains": "nope"}).body == "(no line matches)"


def test_many_matches_are_capped(search):
    """At most 200 lines come back, and the footer counts the rest."""
    reading = search.read({"evidence": "E1", "pattern": "line", "context": 0})
    assert (len(reading.body.split("\n")), reading.footer) == (200, "300 further matches not shown.")


def test_range_of_lines(search):
    """Without a text, the range itself comes back, up to the cap."""
    reading = search.read({"evidence": "E1", "from_line": 2, "to_line": 3})
    assert reading == Reading(body="2: line 2\n3: line 3", summary="lines 2 to 3 of 500 in E1")
    assert search.read({"evidence": "E1", "from_line": 1}).footer == "Lines 201 to 500 not shown."


def test_long_lines_are_cut_and_said(search):
    """A line of 30,000 characters is shown in part, and a pattern says how much of it it saw."""
    assert len(search.read({"evidence": "E2", "contains": "error"}).body) == 1_004
    reading = search.read({"evidence": "E2", "pattern": "error"})
    assert (reading.body, reading.footer) == (
        "(no line matches)",
        "1 line longer than 20000 characters: the pattern saw only their start.",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"evidence": "E9", "contains": "x"}, r"there is no evidence E9 \(known: E1, E2\)"),
        ({"evidence": "E1"}, "give `contains`, `pattern`, or"),
        ({"evidence": "E1", "from_line": 600}, "has lines 1 to 500; the range 600 to 500 is empty"),
        ({"evidence": "E1", "from_line": 9, "to_line": 3}, "the range 9 to 3 is empty"),
    ],
)
def test_unusable_arguments(search, arguments, said):
    """The message says what is there to be searched."""
    with pytest.raises(ToolInputError, match=said):
        search.read(arguments)
