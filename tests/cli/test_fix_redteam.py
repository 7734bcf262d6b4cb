"""Ways round the guard that a person, a pipeline or a cluster tried through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.core.jsonable import from_json
from agentops.core.plan import ChangePlan
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.store.changes import Changes
from agentops.store.plans import load_plan, save_approval

Cli = Callable[..., Any]


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the suspended cron job, served to whoever has its kubeconfig."""
    with Sandbox(load("suspended-cronjob")) as sandbox:
        yield sandbox


def _applied(cli: Cli, at: tuple[str, ...], home: Path, path: Path) -> str:
    """Fix it with an approved plan; returns the id of the change."""
    cli("fix", "k8s:shop/CronJob/daily-report", "--dry-run", "--out", str(path), "--no-model", *at)
    trust = Trust(path=home / "approvers.toml", clock=utc_now)
    key = new_key("eve", lambda size: bytes(range(size)))
    trust.add(key.public)
    now = utc_now()
    digest = load_plan(path).digest
    made = sign(key, plan_digest=digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest="")
    save_approval(path.with_suffix(".approval.json"), made)
    done = cli("fix", "--plan", str(path), "--approval", str(path.with_suffix(".approval.json")), *at)
    assert done.code == 0, done.out + done.err
    return str(done.document["outcome"]["change"])


def test_there_and_back_again_is_a_change_like_any_other(
    cli: Cli, at: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    """A freeze lets the way back pass, and not what takes that back: it makes the first change again."""
    change = _applied(cli, at, home, tmp_path / "plan.json")
    frozen = '[policy]\nfreeze = ["2020-01-01T00:00:00Z/2100-01-01T00:00:00Z"]\n'
    (home / "config.toml").write_text((home / "config.toml").read_text() + frozen)
    taken = cli("rollback", change, "--yes", *at)
    again = cli("rollback", taken.document["outcome"]["change"], "--dry-run", *at)
    assert (taken.code, again.code) == (0, 4), taken.out + again.out


def test_what_only_the_journal_says_was_run_is_not_taken_back(
    cli: Cli, at: tuple[str, ...], home: Path, cluster: Sandbox, tmp_path: Path
) -> None:
    """Policy is milder with a way back, so a file of a change that never was, with a deletion for its undo, is none."""
    path = tmp_path / "plan.json"
    cli("fix", "k8s:shop/CronJob/daily-report", "--dry-run", "--out", str(path), "--no-model", *at)
    said = json.loads(path.read_text())["plan"]
    preview = said["steps"][0]["preview"]
    preview["objects"][0]["before"]["spec"]["suspend"] = False
    claim = f"k8s://{cluster.context}/shop/PersistentVolumeClaim/data-postgres-0"
    preview["undo"] = [{"tool": "kubernetes_delete", "target": claim, "arguments": {}, "reason": "", "evidence": []}]
    plan = from_json(ChangePlan, said)
    Changes(home / "changes", utc_now).claim(plan, "20261122T030000-FORGED00")
    Changes(home / "changes", utc_now).close("20261122T030000-FORGED00", {"status": "applied"})
    done = cli("rollback", "20261122T030000-FORGED00", "--dry-run", *at)
    assert (done.code, done.document["errors"][0]["code"]) == (8, "audit-unknown-change"), done.out + done.err


def test_a_plan_that_was_only_shown_is_no_change_to_take_back(
    cli: Cli, at: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    """The log speaks of the plan, as of one that was made; that it was run stands in no record."""
    path = tmp_path / "plan.json"
    cli("fix", "k8s:shop/CronJob/daily-report", "--dry-run", "--out", str(path), "--no-model", *at)
    plan = from_json(ChangePlan, json.loads(path.read_text())["plan"])
    Changes(home / "changes", utc_now).claim(plan, "20261122T030000-FORGED00")
    Changes(home / "changes", utc_now).close("20261122T030000-FORGED00", {"status": "applied"})
    done = cli("rollback", "20261122T030000-FORGED00", "--dry-run", *at)
    assert (done.code, done.document["errors"][0]["code"]) == (5, "not-recorded"), done.out + done.err


def test_damaged_journal_stops_changes_and_not_reads(cli: Cli, home: Path) -> None:
    """Whether something is open cannot be known then: a read says so and goes on, a fix names the file."""
    (home / "changes" / "0").mkdir(parents=True)
    (home / "changes" / "0" / "change.json").write_text("[]")
    read = cli("triage", "--sandbox=stale-alert")
    fix = cli("fix", "--sandbox=stale-alert", "--dry-run", "--no-model", "--no-input")
    found = ("No change is possible" in read.err, read.code, fix.code, "change.json is damaged" in fix.err)
    assert found == (True, 0, 1, True), read.err + fix.err
