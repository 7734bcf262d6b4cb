"""The lease as an object of a cluster: taken, seen by others, let go of, expired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentops.core.errors import Stale
from agentops.providers.kubernetes.api.lease import Lease
from agentops.providers.kubernetes.api.writer import Clients, connect_clients
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    """The ways to a sandbox cluster."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield connect_clients(
            kubeconfig=sandbox.kubeconfig, context=sandbox.context, namespace=None, cache_dir=tmp_path / "cache"
        )


def lease(clients: Clients, who: str, now: datetime = NOW) -> Lease:
    """Return the lease as this run sees it."""
    return Lease(cluster=clients.cluster, writer=clients.writer, namespace="shop", who=who, clock=lambda: now)


def test_it_is_taken_seen_and_let_go_of(clients: Clients) -> None:
    """Made when it is not there, patched when it is; others read who holds it, and its own change is not in its way."""
    ana, eve = lease(clients, "human:ana pid 1 on a"), lease(clients, "human:eve pid 2 on b")
    ana.send(ana.taking("C-1", 60))
    held = "human:ana pid 1 on a change C-1, since 2026-11-22T03:00:00.000000Z (Lease shop/agentops)"
    assert (eve.holder(), eve.holder("C-1")) == (held, "")
    call = ana.releasing()
    assert call is not None
    ana.send(call)
    eve.send(eve.taking("C-2", 60))
    assert ana.holder().startswith("human:eve pid 2 on b change C-2")


def test_of_two_that_take_it_at_once_one_does(clients: Clients) -> None:
    """Both saw it free; the second write fails on the version that it read."""
    ana, eve = lease(clients, "ana"), lease(clients, "eve")
    first = ana.taking("C-0", 60)
    ana.send(first)
    call = ana.releasing()
    assert call is not None
    ana.send(call)
    mine, theirs = ana.taking("C-1", 60), eve.taking("C-2", 60)
    eve.send(theirs)
    with pytest.raises(Stale):
        ana.send(mine)


def test_what_died_holds_it_until_it_expires(clients: Clients) -> None:
    """A run that never let go of it stands in the way for as long as it said, and no longer."""
    ana = lease(clients, "ana")
    ana.send(ana.taking("C-1", 60))
    later = [lease(clients, "eve", NOW + timedelta(seconds=s)).holder() for s in (59, 61)]
    assert (bool(later[0]), later[1]) == (True, "")
