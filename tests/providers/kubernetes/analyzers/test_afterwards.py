"""A second look after a change: a container that outlived its last run is no trouble any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentops.core.clock import to_iso
from agentops.providers.kubernetes.analysis.afterwards import without_outlived_ends
from agentops.providers.kubernetes.objects.snapshot import Snapshot

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def _status(*, ready: bool, lived_s: float, runs_s: float) -> dict[str, Any]:
    ended = NOW - timedelta(seconds=runs_s + 10)
    end = {"startedAt": to_iso(ended - timedelta(seconds=lived_s)), "finishedAt": to_iso(ended), "exitCode": 1}
    return {
        "name": "app",
        "ready": ready,
        "restartCount": 4,
        "state": {"running": {"startedAt": to_iso(NOW - timedelta(seconds=runs_s))}},
        "lastState": {"terminated": end},
    }


@pytest.mark.parametrize(
    ("ready", "lived_s", "runs_s", "forgotten"),
    [(True, 5, 40, True), (True, 5, 20, False), (True, 120, 60, False), (False, 5, 40, False)],
)
def test_only_an_end_that_was_outlived_is_forgotten(
    *, ready: bool, lived_s: float, runs_s: float, forgotten: bool
) -> None:
    """It must be ready, have run for longer than it lived then, and for half a minute at least."""
    status = _status(ready=ready, lived_s=lived_s, runs_s=runs_s)
    pod = {"kind": "Pod", "metadata": {"name": "app"}, "status": {"containerStatuses": [status]}}
    snapshot = Snapshot(context="ctx", observed_at=NOW, objects={"Pod": (pod,)})
    (kept,) = without_outlived_ends(snapshot).of("Pod")
    expected = {**status, "lastState": {}, "restartCount": 0} if forgotten else status
    assert kept == {**pod, "status": {"containerStatuses": [expected]}}


def test_pods_that_were_not_read_stay_unread() -> None:
    """A gap does not become an empty list, and a mangled pod stays as it is."""
    unread = Snapshot(context="ctx", observed_at=NOW)
    mangled = Snapshot(
        context="ctx", observed_at=NOW, objects={"Pod": ({"status": None}, {"status": {"containerStatuses": 3}})}
    )
    assert (without_outlived_ends(unread), without_outlived_ends(mangled)) == (unread, mangled)
