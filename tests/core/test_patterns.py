"""Patterns from a model: what is taken, what is refused, and that nothing taken runs away."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.patterns import LINE_CHARS, MAX_PATTERN_CHARS, line_pattern


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("error|timeout|fail", "a TIMEOUT here"),
        (r"status=5\d\d", "status=503"),
        (r"\berror\b", "an error."),
        (".*refused.*", "connection refused"),
        (r"took \d+ms", "took 300ms"),
        ("[a-z]+ed$", "it failed"),
        (r"\(.*\)", "x(y)z"),
        ("colou?r", "color"),
        (r"[)(*+]{2}", "a+)b"),
        ("(GET|POST) /api", "get /api/x"),
        (r"level=(error|fatal)", "level=fatal"),
        (r"[^]a+*]+x", "bx"),
        (r"(?i)x(?:y|z)?", "X"),
        (r"a{3}b{2,4}", "aaabb"),
        ("grün", "GRÜN"),
        (r"wait(?P<ms>.{0,500})ms", "waited 20 ms"),
    ],
)
def test_usual_patterns_are_found_in_any_case(pattern, line):
    """What people and models search logs with works."""
    assert line_pattern(pattern, "pattern").marks([line, "~"]) == [True, False]


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"((a)*)*b", r"(a*){5,}b", ".*.*.*.*x", "(a|aa)+$"])
def test_what_makes_other_engines_backtrack_takes_no_time(pattern):
    """Nested and many repeats need no refusal: the whole line is searched, in well under the budget."""
    assert line_pattern(pattern, "pattern").marks(["a" * (LINE_CHARS - 1) + "!"]) == [False]


@pytest.mark.parametrize(
    ("pattern", "said", "hint"),
    [
        ("(", "is not a regular expression: missing )", "Escape special characters"),
        ("[", "is not a regular expression: missing ]", "Escape special characters"),
        ("*", "is not a regular expression: no argument", "Escape special characters"),
        ("a{2}{3}", "is not a regular expression: bad repetition", "Escape special characters"),
        (r"(a)\1", "is not a regular expression: invalid escape", "Back references are not supported"),
        ("(?P<n>a)(?P=n)", "is not a regular expression: invalid perl operator", "Look-around and back references"),
        ("(?<=a)b", "is not a regular expression: invalid perl operator", "Look-around and back references"),
        ("x" * (MAX_PATTERN_CHARS + 1), f"is longer than {MAX_PATTERN_CHARS} characters", "Search for a shorter part"),
        ("(.?){999}" * 30, "is too large", "Repeat fewer times"),
        ("(.?){999}(.?){999}", "is too large", "Repeat fewer times"),
        ("\ud800", "holds half a character", ""),
    ],
)
def test_what_cannot_be_searched_for_is_refused(pattern, said, hint):
    """The message names the argument, says what is wrong, and what to write instead."""
    with pytest.raises(ToolInputError) as caught:
        line_pattern(pattern, "include")
    assert caught.value.message.startswith("`include` ")
    assert (said in caught.value.message, caught.value.hint.startswith(hint)) == (True, True)


def test_the_library_writes_nothing_to_standard_error(capfd):
    """A refused pattern is told to the caller only."""
    with pytest.raises(ToolInputError):
        line_pattern("(?=x)", "pattern")
    assert capfd.readouterr().err == ""


def test_a_line_is_searched_up_to_a_limit():
    """What stands behind it is not found; the caller says so."""
    marks = line_pattern("needle", "pattern").marks(["x" * (LINE_CHARS - 6) + "needle", "x" * LINE_CHARS + "needle"])
    assert marks == [True, False]


def test_too_many_slow_lines_are_given_up():
    """The budget is for all lines together."""
    pattern = line_pattern("x", "exclude")
    assert pattern.marks("abx", iter([0.0, 1.0, 2.0, 3.0]).__next__) == [False, False, True]
    with pytest.raises(ToolError, match="`exclude` takes too long"):
        pattern.marks("abx", iter([0.0, 1.0, 2.0, 3.1]).__next__)


@given(st.text())
def test_any_line_can_be_searched(line):
    """Foreign bytes, halves of characters and line ends make nothing fail."""
    assert line_pattern("", "pattern").marks([line]) == [True]


@given(st.text("ab01 .", max_size=12))
def test_plain_text_is_found_as_by_a_search_for_it(line):
    """Escaped text means itself."""
    assert line_pattern(re.escape("a0 b."), "pattern").marks([line, line + "A0 B."]) == ["a0 b." in line, True]
