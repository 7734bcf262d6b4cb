"""Prices: from the dated list only, never guessed."""

from __future__ import annotations

from datetime import date

import pytest

from agentops.agent.models.claude import DEFAULT_MODEL
from agentops.agent.models.pricing import price_list, priced
from agentops.core.usage import Usage

MILLION_EACH = Usage(
    input_tokens=1_000_000, output_tokens=1_000_000, cache_read_tokens=1_000_000, cache_write_tokens=1_000_000
)


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("claude-opus-5-5", 29.2),
        ("claude-sonnet-5-5-20260901", 14.7),
        ("claude-opus-5-5-fast", None),
        ("llama", None),
        ("", None),
    ],
)
def test_cost_of_a_million_of_each(model, cost):
    """A listed model costs what the list says, dated ids included; any other costs an unknown sum."""
    assert priced(MILLION_EACH, model).cost_usd == cost


def test_the_list_is_dated_and_whole():
    """The list says when it was true, and has all four prices of each model, the default one included."""
    listed = price_list()
    assert date.fromisoformat(listed["as_of"])
    assert {tuple(sorted(prices)) for prices in listed["models"].values()} == {
        ("cache_read", "cache_write", "input", "output")
    }
    assert DEFAULT_MODEL in listed["models"]
