"""Where policies and mistakes stand in a text: the engine says what can be parsed, places are found by asking it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.policy.engine import Cedar, EngineError
from agentops.policy.layers import default_layer, kernel_layer
from agentops.policy.positions import statements, syntax_mistake

ENGINE = Cedar()
SHIPPED = [kernel_layer().text, default_layer().text]


@pytest.mark.parametrize("text", SHIPPED)
def test_the_policies_are_those_that_the_engine_reads(text: str) -> None:
    """Each piece is one policy, in the engine's order: else a line would be another policy's."""
    pieces = [text[piece[0].start : piece[-1].end] for piece in statements(text)]
    whole = ENGINE.parse(text)["staticPolicies"]
    assert [ENGINE.parse(piece)["staticPolicies"]["policy0"] for piece in pieces] == [
        whole[f"policy{number}"] for number in range(len(whole))
    ]


def test_strings_and_comments_end_no_policy() -> None:
    """A semicolon in one of them is not one."""
    text = '@why("a; b \\"; c") permit (principal, action, resource); // d; e\nforbid (principal, action, resource);'
    assert [piece[-1].start for piece in statements(text)] == [text.index("; //"), len(text) - 1]


@given(st.sampled_from(SHIPPED), st.integers(0, 10_000), st.sampled_from(["~", "}", "&", "permit", "@", ")"]))
def test_an_inserted_mistake_is_found_where_it_is_or_behind_it(text: str, at: int, mistake: str) -> None:
    """Never before the place at which the text stopped being right, and always in the text."""
    where = at % len(text)
    broken = text[:where] + mistake + text[where:]
    try:
        ENGINE.parse(broken)
    except EngineError:
        found = syntax_mistake(broken, ENGINE.parse)
        # A token can begin before what was inserted into it, and a policy before the annotation that is in it twice.
        start = max((piece[0].start for piece in statements(broken) if piece[0].start <= where), default=0)
        assert found is not None
        assert start <= found.offset <= len(broken)
    else:
        assert syntax_mistake(broken, ENGINE.parse) is None
