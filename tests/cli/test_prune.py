"""``agentops history prune``: old incidents that nobody needs go, after a question and a record; changes never do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.clock import utc_now
from agentops.core.plan import Change
from agentops.core.resource import kubernetes_ref
from agentops.store.changes import Changes
from agentops.store.incidents import IncidentFolder, Incidents

Cli = Callable[..., Any]


def _incident(home: Path, days: float, part: str) -> IncidentFolder:
    opened = utc_now() - timedelta(days=days)
    target = Target(namespace="shop", kind="Deployment", name="web")
    group = AlertGroup(alerts=(Alert(name="WebDown", source="text"),), target=target)
    return Incidents(home / "incidents", lambda: opened, suffix=lambda: part).create(group)


@pytest.fixture
def kept(home: Path, plans: ModuleType) -> dict[str, str]:
    """Why each incident stays, by its id: a change, a draft, damage, its age; and one that nobody needs, ``aa05``."""
    changed, drafted, damaged, young, _ = (
        _incident(home, days, part)
        for days, part in ((90, "aa01"), (80, "aa02"), (70, "aa03"), (29, "aa04"), (60, "aa05"))
    )
    plan = plans.plan()
    plan = replace(plan, intent=replace(plan.intent, incident=changed.id))
    journal = Changes(home / "changes", utc_now)
    journal.claim(plan, "20261122T030000-AAAA")
    journal.close("20261122T030000-AAAA", {"status": "applied"})
    drafted.save_drafts([Change(tool="kubernetes_scale", target=kubernetes_ref("prod", "shop", "Deployment", "web"))])
    (damaged.path / "incident.json").write_text("[]")
    return {
        changed.id: "a change was made for it",
        drafted.id: "it has drafts that were not applied",
        damaged.id: "it cannot be read",
        young.id: "",
    }


def _left(home: Path) -> list[str]:
    return sorted(one.id for one in Incidents(home / "incidents", utc_now).list())


def test_only_what_is_old_and_not_needed_goes(cli: Cli, home: Path, kept: dict[str, str]) -> None:
    """The others stay with their reason; what was removed is in the audit log, and the changes are as they were."""
    (gone,) = set(_left(home)) - set(kept)
    done = cli("history", "prune", "--yes", "-o", "json")
    stayed = {one["incident"]: one["why"] for one in done.document["pruned"]["kept"]}
    assert (done.code, done.document["pruned"]["incidents"], _left(home)) == (0, [gone], sorted(kept))
    assert stayed == {name: why for name, why in kept.items() if why}
    (said,) = cli("audit", "log", "--event", "incidents_pruned", "-o", "json").document["records"]
    assert said["payload"].pop("identity")["established_by"] == "uid"
    assert said["payload"] == {"incidents": [gone], "older_than_s": 30 * 86400}
    assert cli("changes", "-o", "json").document["total"] == 1
    assert not list((home / "incidents").glob(".*removed"))


def test_a_dry_run_removes_nothing(cli: Cli, home: Path, kept: dict[str, str]) -> None:
    """It shows what would go and says of what is kept why."""
    before = _left(home)
    done = cli("history", "prune", "--older-than", "12h", "--dry-run")
    assert (done.code, "2 incidents would be removed" in done.out, _left(home)) == (0, True, before)
    assert "1: a change was made for it" in done.out


def test_without_a_terminal_nothing_goes_unless_it_was_agreed_to(cli: Cli, home: Path, kept: dict[str, str]) -> None:
    """Nobody can be asked there; the message says how to agree."""
    before = _left(home)
    done = cli("history", "prune")
    assert (done.code, "--yes" in done.err, _left(home)) == (5, True, before)


@pytest.mark.parametrize(("key", "code", "removed"), [("r\r", 0, 1), ("\r", 5, 0)])
def test_whoever_sits_at_a_terminal_is_asked(
    home: Path, kept: dict[str, str], terminal: ModuleType, key: str, code: int, removed: int
) -> None:
    """Enter alone keeps everything."""
    before = len(_left(home))
    asked = [("Remove 1 incident?", key)]
    done = terminal.at_terminal(["history", "prune"], asked, {"AGENTOPS_HOME": str(home)})
    assert (done.code, before - len(_left(home))) == (code, removed), done.screen


@pytest.mark.parametrize("age", ["30", "5m", "0d", "soon"])
def test_an_age_that_is_none_is_a_usage_error(cli: Cli, age: str) -> None:
    """Less than an hour might be under way, so it is none."""
    done = cli("history", "prune", "--older-than", age)
    assert (done.code, "--older-than" in done.err, "30d" in done.err) == (2, True, True)


def test_a_damaged_journal_stops_it(cli: Cli, home: Path, kept: dict[str, str]) -> None:
    """Nobody knows then which incidents a change was made for."""
    (path,) = (home / "changes").glob("*/change.json")
    path.write_text("[]")
    before = _left(home)
    assert (cli("history", "prune", "--yes").code, _left(home)) == (1, before)


def test_nothing_to_remove_is_no_error(cli: Cli) -> None:
    """A cron job runs every night, and nothing is recorded then."""
    done = cli("history", "prune", "--yes")
    assert (done.code, done.out.strip()) == (0, "Nothing to remove.")
