"""Senders' words for how an alert stands."""

from __future__ import annotations

import pytest

from agentops.alerts.states import standing_of


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ALARM"], ("firing", "")),
        (["Re-Triggered"], ("firing", "")),
        (["RECOVERY"], ("resolved", "")),
        (["alert-resolved"], ("resolved", "")),
        (["problem acknowledged"], ("firing", "acknowledged")),
        (["Unresolved"], ("firing", "")),
        (["Alerting (NoData)"], ("firing", "no data")),
        (["INSUFFICIENT_DATA"], ("firing", "no data")),
        (["paused"], ("firing", "paused")),
        (["Snooze"], ("firing", "silenced")),
        (["", "ok"], ("resolved", "")),
        (["wobbly"], ("firing", "unknown")),
        ([], ("firing", "unknown")),
    ],
)
def test_words_have_one_meaning(words: list[str], expected: tuple[str, str]) -> None:
    """What happened counts, whatever it happened to; what is not known is said to be unknown."""
    found = standing_of(*words)
    assert (found.status, found.state) == expected


def test_what_is_neither_firing_nor_over_is_remarked_upon() -> None:
    """People read a sentence on it, which quotes a word that is not known."""
    assert [standing_of("firing").remark, standing_of("acknowledged").remark, standing_of("wobbly").remark] == [
        "",
        "the alert is acknowledged: somebody may be working on it already",
        "its state 'wobbly' is not one that agentops knows: it is taken to fire",
    ]
