"""What ``triage`` says of an account in which no alarm fires: what was read, and no namespaces."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
RECOVERED = "--sandbox=aws-recovered"


def test_that_no_alarm_fires_was_read_and_is_said(cli: Cli) -> None:
    """The scope is the alarms, and they are counted: all is well in what was read, not in nothing."""
    done = cli("triage", RECOVERED)
    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    said = [row for row in rows if row.startswith(("scope", "read")) or row == "No problem found"]
    assert said == ["scope all alarms that fire", "read 0 firing alarms", "No problem found"]


def test_the_count_is_in_json(cli: Cli) -> None:
    """A script can tell a scan of no firing alarm from one of nothing."""
    assert cli("triage", RECOVERED, "-o", "json").document["read"] == {"firing alarm": 0}


def test_a_namespace_is_refused_where_there_are_none(cli: Cli) -> None:
    """An option acts or is refused: an account has no namespaces."""
    done = cli("triage", RECOVERED, "-n", "shop")
    assert (done.code, "no namespaces" in done.err, "Leave out --namespace" in done.err) == (2, True, True)
