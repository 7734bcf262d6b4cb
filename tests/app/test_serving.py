"""The runs of a door that stays open: shared, renewed, closed by whoever leaves last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentops.app.mcp_clients import STDIO, Client, ClientScope
from agentops.app.serving import RENEWED_AFTER_S, Runs
from agentops.audit.read import Query, read_records
from agentops.config import load
from tests.support.account import user_database

ONE = Client(name="one", door=STDIO, established_by="option")
NARROW = replace(ONE, name="narrow", scope=ClientScope(namespaces=("shop",)))


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Runs]:
    """The runs of a door in a home where no cluster can be reached."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {"AGENTOPS_HOME": str(home), "KUBECONFIG": str(tmp_path / "none")}
    made = Runs(settings=lambda: load({}, environ), monotonic=clock)
    yield made
    made.close()


def _events(runs: Runs) -> list[str]:
    found = read_records(runs.settings().folders.audit, Query())
    return [record.event for record in found if record.event in ("run_started", "run_ended")]


def test_reads_share_a_run_until_it_is_old(runs: Runs, clock: Clock) -> None:
    """Two requests have one run; after some minutes the next one has another, and the old one has ended."""
    seen = []
    for moment in (0.0, RENEWED_AFTER_S - 1, RENEWED_AFTER_S + 1):
        clock.now = moment
        with runs.shared(ONE) as app:
            seen.append(app.log.run)
    assert (seen[0] == seen[1], seen[1] == seen[2]) == (True, False)
    assert _events(runs) == ["run_started", "run_started", "run_ended"]


def test_who_works_in_an_old_run_ends_there(runs: Runs, clock: Clock) -> None:
    """It is closed when the last of them leaves, and not under their hands."""
    with runs.shared(ONE) as old:
        clock.now = RENEWED_AFTER_S + 1
        with runs.shared(ONE) as new:
            assert old.log.run != new.log.run
        old.log.append("mcp_request", {"method": "late"})
        before = _events(runs)
    assert (before, _events(runs)[len(before) :]) == (["run_started", "run_started"], ["run_ended"])


def test_scopes_never_share(runs: Runs) -> None:
    """Programs that may see different namespaces work in different runs, whose settings say so."""
    with runs.shared(ONE) as wide, runs.shared(NARROW) as narrow:
        assert wide.log.run != narrow.log.run
        assert (wide.settings.namespaces, narrow.settings.namespaces) == ((), ("shop",))
        again = narrow.settings.again
        assert again is not None
        assert again().namespaces == ("shop",)


def test_what_closes_the_door_ends_the_runs(runs: Runs) -> None:
    """At the end each run has its end on record."""
    with runs.shared(ONE):
        pass
    runs.close()
    assert _events(runs) == ["run_started", "run_ended"]
