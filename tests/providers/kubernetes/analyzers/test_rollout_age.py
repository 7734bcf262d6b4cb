"""How long ago a rollout was: since its revision became the current one, whenever its ReplicaSet was made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analyzers.changes import changes as analyzer

HISTORY = "deployment.kubernetes.io/revision-history"


@pytest.mark.parametrize(
    ("current", "other", "history", "expected"),
    [
        (29, 300, "", "revision 4, 29m ago"),
        (300, 29, "1", "revision 4, 40s ago"),
        (29, 300, "2", "revision 4, 40s ago"),
    ],
    ids=["a new ReplicaSet", "back to the first one", "and back again to the newest that was made"],
)
def test_a_rollout_is_as_old_as_its_revision(build, current, other, history, expected):
    """A rollback that was done 40 seconds ago is not as old as the ReplicaSet that it takes again."""
    web = build.deployment()
    web["status"]["conditions"][1]["lastUpdateTime"] = build.ago(40 / 60)
    new = build.replica_set(revision=4, minutes=current, containers=[build.container(image="web:2")])
    old = build.replica_set(revision=3, minutes=other, containers=[build.container(image="web:1")], replicas=0)
    if history:
        new["metadata"]["annotations"][HISTORY] = history
    (found,) = analyzer.function(Graph(build.snapshot(web, new, old)))
    since = build.now - (timedelta(seconds=40) if history else timedelta(minutes=29))
    assert (expected in found.summary, found.since) == (True, since)


def test_a_rollback_that_nothing_dates_is_no_recent_change(build):
    """Without a Progressing condition nobody knows when a ReplicaSet was taken again, so no age is claimed."""
    web = build.deployment()
    del web["status"]["conditions"][1]
    new = build.replica_set(revision=4, minutes=29, containers=[build.container(image="web:2")])
    new["metadata"]["annotations"][HISTORY] = "2"
    old = build.replica_set(revision=3, minutes=300, containers=[build.container(image="web:1")], replicas=0)
    assert list(analyzer.function(Graph(build.snapshot(web, new, old)))) == []
