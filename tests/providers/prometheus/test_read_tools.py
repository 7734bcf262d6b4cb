"""The read tools against a real Prometheus, with its real rules, targets and words."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import pytest

from agentops.core.clock import to_iso
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.read.registry import SPECS, read_tools

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def ask(real: PrometheusClient, history: tuple[datetime, str]) -> Any:
    """Call a tool by the end of its name, at the end of the history."""
    tools = {tool.spec.name: tool for tool in read_tools(real, lambda: history[0])}

    def call(name: str, /, **arguments: Any) -> Reading:
        return tools[f"prometheus_{name}"].read(arguments)

    return call


def test_a_query_is_answered_in_the_servers_order(ask: Any) -> None:
    """Values stand before labels as PromQL writes them, sorted as the expression says."""
    found = ask("query", query="sort_desc(shop_queue_depth)")
    assert found.body.splitlines() == [
        "VALUE  SERIES",
        '100    shop_queue_depth{namespace="shop", pod="packer-1"}',
        '7      shop_queue_depth{namespace="shop", pod="packer-2"}',
    ]


def test_a_query_at_another_time_and_a_scalar(ask: Any, history: tuple[datetime, str]) -> None:
    """The moment can be said, and what is no vector is shown all the same."""
    early = to_iso(history[0].fromtimestamp(history[0].timestamp() - 3600, history[0].tzinfo))
    found = ask("query", query="scalar(max(shop_queue_depth))", time=early)
    assert (found.body.split(), ask("query", query='"a word"').body) == (["VALUE", "SERIES", "7", "{}"], "a word")


def test_nothing_found_is_no_zero(ask: Any) -> None:
    """An empty answer is explained, and never shown as 0."""
    assert ask("query", query="no_such_metric").body.startswith("No series matches. That is no zero")


def test_what_was_left_out_is_said(ask: Any) -> None:
    """A limit leaves series out, and the footer counts them."""
    assert ask("query", query="shop_queue_depth", limit=1).footer == "Only 1 of 2 series are shown."


def test_a_wrong_query_is_answered_in_prometheus_own_words(ask: Any) -> None:
    """The model reads what is wrong with its PromQL."""
    with pytest.raises(ToolInputError, match=r"Prometheus cannot take this: invalid parameter .query.*unclosed left"):
        ask("query", query="sum(rate(x[5m])")


def test_arguments_are_checked_before_anything_is_sent(ask: Any) -> None:
    """Unknown arguments, a missing query and no time are refused."""
    for arguments in ({"query": "up", "step": 1}, {}, {"query": "up", "time": "yesterday"}):
        with pytest.raises(ToolInputError):
            ask("query", **arguments)


def test_a_range_shows_what_moved_first_on_one_axis(ask: Any) -> None:
    """The queue that filled comes first, with its figures, its trend and its chart."""
    found = ask("range", query="shop_queue_depth", minutes=60)
    head, first, second = found.body.splitlines()
    assert (head.split(), first.split()[:4], second.split()[:4]) == (
        ["MIN", "MAX", "LAST", "TREND", "CHART", "SERIES"],
        ["5", "100", "100", "rose"],
        ["7", "7", "7", "level"],
    )
    chart = re.search("[▁-█]{61}", first)
    assert chart is not None
    assert (chart[0][:30], chart[0][-30:]) == ("▁" * 30, "█" * 30)


def test_alerts_are_listed_with_their_values(ask: Any) -> None:
    """What fires is shown with its labels; a filter that matches nothing says so."""
    end = time.monotonic() + 60
    while "QueueDeep" not in (found := ask("alerts")).body and time.monotonic() < end:
        time.sleep(0.5)
    expected = 'firing  100    QueueDeep{namespace="shop", pod="packer-1", severity="critical"}'
    assert expected in found.body
    assert ask("alerts", namespace="elsewhere").body == "1 alert, but none that matches."


def test_rules_that_cannot_be_evaluated_come_first(ask: Any) -> None:
    """An expression is shown with its health, and the error of one that fails."""
    end = time.monotonic() + 60
    while not all(word in (found := ask("rules")).body for word in ("err: ", "firing")) and time.monotonic() < end:
        time.sleep(0.5)
    assert found.summary == "4 rules; 1 cannot be evaluated"
    assert found.body.startswith("shop:broken (recording)\n  shop_left * on (side) shop_right\n  health err: ")
    assert "QueueDeep (alerting, firing)\n  shop_queue_depth > 50" in found.body
    assert ask("rules", name="queue").summary == "1 rule; 1 cannot be evaluated"


def test_a_target_that_is_down_says_why(ask: Any) -> None:
    """The error of the last scrape is shown."""
    end = time.monotonic() + 60
    while "refused" not in (found := ask("targets", health="down")).body and time.monotonic() < end:
        time.sleep(0.5)
    assert found.summary == "1 target: 1 down"
    assert "127.0.0.1:9" in found.body


def test_hidden_characters_of_a_label_are_written_out(ask: Any) -> None:
    """A label cannot turn a line round."""
    body = ask("query", query="evil").body
    assert "\u202e" not in body
    assert "\\u{202e}" in body


def test_the_descriptions_stay_short() -> None:
    """Every turn of a conversation pays for them."""
    assert sum(len(str((spec.name, spec.description, spec.schema))) for spec in SPECS) < 2_600
