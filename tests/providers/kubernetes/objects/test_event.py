"""What an event says, in ``v1`` and in ``events.k8s.io/v1``."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentops.providers.kubernetes.objects.event import NEVER, event_of, involved, last_seen, times


def _at(minute):
    return f"2026-11-22T16:{minute:02d}:00Z"


@pytest.mark.parametrize(
    ("event", "minute", "count"),
    [
        ({"firstTimestamp": _at(1), "lastTimestamp": _at(5), "count": 4}, 5, 4),
        ({"eventTime": _at(2), "lastTimestamp": None}, 2, 1),
        ({"eventTime": _at(2), "series": {"lastObservedTime": _at(9), "count": 7}, "count": 2}, 9, 7),
        ({"deprecatedFirstTimestamp": _at(1), "deprecatedLastTimestamp": _at(6), "deprecatedCount": 3}, 6, 3),
        ({"metadata": {"creationTimestamp": _at(3)}, "lastTimestamp": "soon"}, 3, 1),
    ],
)
def test_when_and_how_often(event, minute, count):
    """The series comes first, as in kubectl; what is no time is passed over."""
    assert (last_seen(event), times(event)) == (datetime(2026, 11, 22, 16, minute, tzinfo=UTC), count)


def test_an_event_that_says_nothing():
    """It happened once, at no known time, about nobody."""
    found = event_of({})
    assert (last_seen({}), found.first, found.last, found.count, found.about) == (NEVER, None, None, 1, ("", "", ""))


def test_whom_it_is_about():
    """A node's events stand in a namespace; the node does not."""
    subject = {"kind": "Node", "name": "n1", "namespace": "default"}
    assert [involved({field: subject}) for field in ("involvedObject", "regarding")] == [("Node", "", "n1")] * 2
