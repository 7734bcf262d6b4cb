"""A log that was deleted and begun anew while the journal still holds changes: noticed before the next one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now
from agentops.store.changes import Changes

Cli = Callable[..., Any]
_FIX = ("fix", "k8s:shop/Deployment/checkout", "--sandbox=bad-image-tag", "--no-model", "-o", "json")


@pytest.fixture
def changed(cli: Cli, home: Path) -> str:
    """Make a change that policy asks nobody about; its id."""
    home.mkdir(mode=0o700)
    shipped = (files("agentops.policy") / "default.cedar").read_text(encoding="utf-8")
    (home / "policy.cedar").write_text(shipped.replace('@approval("one")', '@approval("none")'))
    (home / "policy.cedar").chmod(0o600)
    done = cli(*_FIX, "--yes")
    assert done.code == 0, done.err + done.out
    return _newest(home)


def _newest(home: Path) -> str:
    return Changes(home / "changes", utc_now).list()[0].id


def _verified(cli: Cli) -> tuple[int, str]:
    done = cli("audit", "verify", "-o", "json")
    return done.code, done.document["status"]


def test_a_log_that_speaks_of_its_changes_is_good(
    cli: Cli, changed: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a change, after the next one, after a rotation, and in a home that was moved: no alarm."""
    assert (bool(changed), _verified(cli), cli(*_FIX, "--dry-run").code) == (True, (0, "ok"), 0)
    assert (cli("audit", "rotate").code, _verified(cli), cli(*_FIX, "--dry-run").code) == (0, (0, "ok"), 0)
    moved = home.rename(tmp_path / "moved")
    monkeypatch.setenv("AGENTOPS_HOME", str(moved))
    # What a home that only a variable names may permit is another question; the log is not what stops it.
    assert (_verified(cli), cli(*_FIX, "--dry-run").code != 8) == ((0, "ok"), True)


def test_a_log_that_was_deleted_is_noticed_before_the_next_change(cli: Cli, changed: str, home: Path) -> None:
    """Exit 8 at the start of what may change something, and by ``audit verify``, which names the change."""
    shutil.rmtree(home / "audit")
    found = cli("audit", "verify", "-o", "json")
    assert (found.code, found.document["status"]) == (8, "begun-anew")
    assert found.document["verification"]["unrecorded_changes"] == [changed]
    for words in (
        (*_FIX, "--yes"),
        (*_FIX, "--dry-run"),
        ("rollback", changed, "--sandbox=bad-image-tag", "-o", "json"),
    ):
        done = cli(*words)
        assert (done.code, done.document["errors"][0]["code"]) == (8, "audit-unknown-change"), done.out
    # The log that these runs began is whole in itself, and still not the one of the change.
    assert _verified(cli) == (8, "begun-anew")
    assert "stand in no record" in cli("audit", "verify").out


def test_what_only_looks_goes_on(cli: Cli, changed: str, home: Path) -> None:
    """A cluster can be looked at, whatever became of the log."""
    shutil.rmtree(home / "audit")
    assert (bool(changed), cli("triage", "--sandbox=bad-image-tag").code) == (True, 0)


def test_to_begin_anew_on_purpose_takes_the_journal_away_too(cli: Cli, changed: str, home: Path) -> None:
    """The hint works: with the old changes moved away, the new log is good."""
    shutil.rmtree(home / "audit")
    (home / "changes").rename(home / f"changes-before-{changed}")
    assert (cli(*_FIX, "--dry-run").code, _verified(cli)) == (0, (0, "ok"))


def test_an_older_log_that_was_put_back_is_noticed(cli: Cli, home: Path, changed: str) -> None:
    """A copy of before the newest change does not know that one."""
    copy = shutil.copytree(home / "audit", home.parent / "copy")
    done = cli(*_FIX, "--yes")
    assert done.code == 0
    shutil.rmtree(home / "audit")
    shutil.copytree(copy, home / "audit")
    found = cli("audit", "verify", "-o", "json")
    newest = _newest(home)
    assert (bool(changed), found.code, found.document["verification"]["unrecorded_changes"]) == (True, 8, [newest])


def test_a_change_of_before_what_retention_left_is_no_alarm(cli: Cli, home: Path, plans: ModuleType) -> None:
    """Records that were dropped cannot speak of the changes of their time; a change of later they must know."""
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    for run in ("a", "b"):
        with open_log(home / "audit", run=run, actor="human:ana", clock=lambda: begun) as log:
            log.append("note", {})
            log.close_segment()
    (home / "config.toml").write_text("[audit]\naudit_keep_days = 30\n", encoding="utf-8")
    assert cli("audit", "rotate", "-o", "json").document["segments"]["dropped"] != []
    for name, at in (("OLD", begun - timedelta(days=90)), ("NEW", utc_now() + timedelta(minutes=1))):
        journal = Changes(home / "changes", lambda at=at: at)  # type: ignore[misc]
        journal.claim(plans.plan(nonce=name), f"{at:%Y%m%dT%H%M%S}-{name}")
        journal.close(f"{at:%Y%m%dT%H%M%S}-{name}", {"status": "applied"})
    found = cli("audit", "verify", "-o", "json").document["verification"]["unrecorded_changes"]
    assert [one.rpartition("-")[2] for one in found] == ["NEW"]


def test_a_journal_that_was_deleted_is_noticed_before_the_next_change(cli: Cli, changed: str, home: Path) -> None:
    """Spent approvals and open changes would be gone with it: exit 8 where something may be changed, and by checks."""
    shutil.rmtree(home / "changes")
    found = cli("audit", "verify", "-o", "json")
    assert (found.code, found.document["status"]) == (8, "changes-lost")
    assert found.document["verification"]["lost_changes"] == [changed]
    assert "not in the journal" in cli("audit", "verify").out
    place = ("--sandbox=bad-image-tag", "-o", "json")
    for words in ((*_FIX, "--yes"), (*_FIX, "--dry-run"), ("rollback", changed, *place), ("recover", *place)):
        done = cli(*words)
        assert (done.code, done.document["errors"][0]["code"]) == (8, "audit-lost-change"), done.out
    (row,) = (one for one in cli("doctor", "-o", "json").document["checks"] if one["name"] == "changes")
    assert (row["state"], str(home / "changes") in row["hint"]) == ("bad", True)
    assert cli("triage", "--sandbox=bad-image-tag").code == 0


def test_one_change_that_was_taken_out_of_the_journal_is_noticed(cli: Cli, changed: str, home: Path) -> None:
    """Its approval could be used again; the changes beside it do not hide that."""
    assert cli(*_FIX, "--yes").code == 0
    (old,) = (one for one in Changes(home / "changes", utc_now).list() if one.id == changed)
    shutil.rmtree(home / "changes" / old.digest.removeprefix("sha256:"))
    found = cli("audit", "verify", "-o", "json")
    assert (found.code, found.document["verification"]["lost_changes"]) == (8, [changed])


def test_a_run_that_stopped_before_its_intent_was_recorded_is_no_alarm(
    cli: Cli, changed: str, home: Path, plans: ModuleType
) -> None:
    """The journal is written first; a plan that is recorded and was never begun is not looked for in it."""
    plan = plans.plan(nonce="stopped")
    with open_log(home / "audit", run="r", actor="human:ana", clock=utc_now) as log:
        log.append("plan", {"digest": plan.digest})
    assert (bool(changed), _verified(cli)) == (True, (0, "ok"))
    Changes(home / "changes", utc_now).claim(plan, "20261122T030000-STOPPED0")
    assert _verified(cli) == (0, "ok")


def test_changes_whose_records_were_dropped_are_not_asked_for(cli: Cli, home: Path) -> None:
    """Retention takes the intent with it, so a journal that began anew since is whole."""
    home.mkdir(mode=0o700)
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    with open_log(home / "audit", run="a", actor="human:ana", clock=lambda: begun) as log:
        log.append("intent", {"change": "20200101T000000-AAAAAAAA", "digest": f"sha256:{'0' * 64}"})
        log.close_segment()
    assert _verified(cli) == (8, "changes-lost")
    (home / "config.toml").write_text("[audit]\naudit_keep_days = 30\n", encoding="utf-8")
    assert cli("audit", "rotate", "-o", "json").document["segments"]["dropped"] != []
    assert _verified(cli) == (0, "ok")


def test_a_copy_of_the_log_alone_can_be_verified(
    cli: Cli, changed: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor has neither the journal nor the private key; that the changes were not compared is said."""
    private = shutil.ignore_patterns("audit.key*", "audit.hmac", "audit.lock")
    shutil.copytree(home / "audit", tmp_path / "check/audit", ignore=private)
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path / "check"))
    assert (bool(changed), _verified(cli)) == (True, (0, "ok"))
    assert "not compared" in cli("audit", "verify").out
