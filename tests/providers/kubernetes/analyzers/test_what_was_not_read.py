"""What was not read, and whether somebody may still say that all is well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentops.core.analysis import Gap
from agentops.providers.kubernetes.analyzers.examine import examine
from tests.providers.kubernetes.analyzers.builder import Builder


@pytest.mark.parametrize(
    ("what", "chosen", "blind", "unread"),
    [
        ("Node", True, False, False),
        ("Node, Namespace, PriorityClass", True, False, False),
        ("Node", False, True, True),
        ("Namespace, Node", False, True, True),
        ("Pod in shop", True, True, True),
        ("Event in shop", True, True, False),
        ("PriorityClass", False, False, False),
    ],
)
def test_a_gap_counts_by_every_kind_that_it_names(what: str, chosen: bool, blind: bool, unread: bool) -> None:
    """Who may not list nodes, and who looks into one namespace alone, is told the same of the same pods."""
    build = Builder()
    seen = build.snapshot(build.deployment(), build.replica_set(), build.pod(statuses=[build.ready()]))
    analysis = examine(replace(seen, gaps=(Gap(what=what, reason="not read", chosen=chosen),)))
    assert (analysis.blind, bool(analysis.unread)) == (blind, unread)
