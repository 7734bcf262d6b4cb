"""An alert's own expression against a real Prometheus."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from agentops.core.alert import Alert
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.read.alert_expression import alert_expression

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def read(real: PrometheusClient, history: tuple[datetime, str]) -> Any:
    """Read the expression of an alert that started half an hour before the end of the history."""

    def call(expression: str = "", name: str = "QueueDeep", **more: Any) -> Reading | None:
        alert = Alert(
            name=name,
            source="alertmanager",
            expression=expression,
            labels={"namespace": "shop", "pod": "packer-2", "severity": "critical"},
            started_at=history[0] - timedelta(minutes=30),
        )
        return alert_expression(real, lambda: history[0], alert, **more)

    return call


def test_it_is_charted_round_the_start_and_what_moved_most_is_named(read: Any) -> None:
    """The measured side is charted although it fires for one series only; the alert's own series comes first."""
    found = read("shop_queue_depth > 50")
    chart, facts = found.body.split("\n\n")
    head, own, other, mark = chart.splitlines()
    assert (head.split(), own.split()[0], other.split()[0]) == (
        ["SERIES", "CHART", "MIN", "MAX", "LAST"],
        'pod="packer-2"',
        'pod="packer-1"',
    )
    start = mark.index("^")
    assert (other[start - 3 : start], other[start + 1 : start + 4], mark.strip()) == (
        "▁▁▁",
        "███",
        "^ the alert started",
    )
    assert set(own[own.index("▁") :].split()[0]) == {"▁"}
    assert found.summary == (
        'the expression of QueueDeep holds now for 1 series; pod="packer-1" moved most: rose 20x, from 5 to 100'
    )
    assert "charted: shop_queue_depth (fires above 50)" in facts
    assert "the expression, from the alert's own link: shop_queue_depth > 50" in facts


def test_without_a_link_the_rule_of_its_name_is_asked(read: Any) -> None:
    """Its expression stands in Prometheus itself; an alert that no rule has says nothing."""
    assert "from the rule of its name: shop_queue_depth > 50" in read().body
    assert read(name="NoSuchRule") is None


def test_an_expression_that_cannot_be_taken_is_an_error(read: Any) -> None:
    """A wrong link is told, not passed over."""
    with pytest.raises(ToolInputError, match="Prometheus cannot take this"):
        read("sum(")


def test_series_that_are_absent_are_said_to_be(read: Any) -> None:
    """No chart is made up."""
    found = read("no_such_metric > 1")
    assert found.body.startswith("No series was there in that time.\n\nIt does not hold now.")
