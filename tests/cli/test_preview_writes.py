"""Through the command line: a preview never writes, and one that did stops everything until a person has looked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.sandbox.wire.faults import Fault

Cli = Callable[..., Any]
CRONJOB = "k8s:shop/CronJob/daily-report"


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the suspended cron job, with time standing still."""
    with Sandbox(load("suspended-cronjob"), ticking=False) as sandbox:
        yield sandbox


def test_a_dry_run_stores_nothing(cli: Cli, at: tuple[str, ...], cluster: Sandbox) -> None:
    """The whole cluster is what it was."""
    before = cluster.dump()
    done = cli("fix", CRONJOB, "--dry-run", "--no-model", *at)
    assert (done.code, cluster.dump() == before) == (0, True), done.out + done.err


@pytest.mark.parametrize(
    ("tool", "target"),
    [
        ("kubernetes_delete", "shop/Deployment/web"),
        ("kubernetes_delete", "Namespace/payments"),
        ("kubernetes_delete", "shop/ConfigMap/shop-config"),
        ("kubernetes_delete", "shop/PersistentVolumeClaim/data-postgres-0"),
        ("kubernetes_delete_pod", "POD"),
        ("kubernetes_evict_pod", "POD"),
    ],
)
def test_what_a_model_drafts_deletes_nothing(
    cli: Cli, at: tuple[str, ...], cluster: Sandbox, home: Path, tmp_path: Path, tool: str, target: str
) -> None:
    """Whether policy refuses the draft or it becomes a plan: after the dry run every object is there, uid and all."""
    if target == "POD":
        target = "shop/Pod/" + next(pod["metadata"]["name"] for pod in cluster.simulation.store.list("Pod", "shop"))
    drafted = {"tool": tool, "target": target, "reason": "Away with it.", "evidence": ["{{first}}"], "arguments": {}}
    told = {"verdict": "root-cause", "conclusion": "It is in the way.", "confidence": "high", "evidence": ["{{first}}"]}
    lists = {"ruled_out": [], "not_checked": [], "next_steps": []}
    cause = {"resource": "shop/CronJob/daily-report", "condition": "CronJobSuspended"}
    turns = [
        {"calls": [{"tool": "kubernetes_list", "arguments": {"kind": "Deployment"}}]},
        {"calls": [{"tool": "draft_change", "arguments": drafted}]},
        *[{"calls": [{"tool": "report_finding", "arguments": {**told, **lists, "cause": cause}}]}] * 3,
    ]
    script = tmp_path / "turns.json"
    script.write_text(json.dumps({"turns": turns}))
    before = cluster.dump()
    done = cli("fix", CRONJOB, "--dry-run", "--model", f"scripted:{script}", *at)
    assert (cluster.dump() == before, done.code in {0, 4, 5, 9}) == (True, True), done.out + done.err
    records = [json.loads(line) for line in (home / "audit" / "audit.jsonl").read_text().splitlines()]
    stages = [one["payload"] for one in records if one["event"] == "guard_stage" and tool in json.dumps(one["payload"])]
    assert stages, "the draft never reached the guard"


def test_a_server_that_loses_dry_run_is_found_out(cli: Cli, at: tuple[str, ...], cluster: Sandbox, home: Path) -> None:
    """Exit 7, the object as it was is kept, and nothing is begun until a person has closed the report."""
    cluster.server.faults.add(Fault(method="PATCH", path="/cronjobs/", drops_dry_run=True))
    done = cli("fix", CRONJOB, "--dry-run", "--no-model", *at)
    cluster.server.faults.clear()
    (report,) = (home / "changes" / "halted").glob("*.json")
    kept = json.loads(report.read_text())
    assert (done.code, "a dry run changed the cluster" in done.out, kept["before"]["spec"]["suspend"]) == (
        7,
        True,
        True,
    )
    blocked = cli("fix", CRONJOB, "--dry-run", "--no-model", *at)
    looked = cli("recover", *at)
    closed = cli("recover", "--keep", *at)
    after = cli("recover", *at)
    assert [one.code for one in (blocked, looked, closed, after)] == [7, 7, 0, 0], blocked.out + looked.out
    assert [one["closed"] for one in looked.document["halted"] + closed.document["halted"]] == [False, True]
    assert str(report) in blocked.out


def test_a_person_sees_what_happened_and_what_to_type(
    cli: Cli, at: tuple[str, ...], cluster: Sandbox, home: Path
) -> None:
    """In words: which call, where the object is kept, how it goes on."""
    cluster.server.faults.add(Fault(method="PATCH", path="/cronjobs/", drops_dry_run=True))
    text = (*at[:-2], "--output", "text")
    done = cli("fix", CRONJOB, "--dry-run", "--no-model", *text)
    looked = cli("recover", *text)
    assert "a dry run changed the cluster: after the trial of PATCH" in " ".join(done.err.replace("│ ", "").split())
    # A long path is broken to fit the terminal.
    said = "".join(looked.out.replace("│", "").split())
    assert all(words in said for words in ("Adryrunchangedthecluster", "changes/halted/", "agentopsrecover--keep"))


def test_a_saved_plan_stops_as_well(
    cli: Cli, at: tuple[str, ...], cluster: Sandbox, home: Path, tmp_path: Path
) -> None:
    """At its re-check: exit 7, the report is kept, and nothing of the plan is begun, then or while it is open."""
    plan = tmp_path / "plan.json"
    fault = Fault(method="PATCH", path="/cronjobs/", drops_dry_run=True)
    assert cli("fix", CRONJOB, "--dry-run", "--no-model", "--out", str(plan), *at).code == 0
    cluster.server.faults.add(fault)
    saved = cli("fix", "--plan", str(plan), "--yes", *at)
    cluster.server.faults.clear()
    blocked = cli("fix", "--plan", str(plan), "--yes", *at)
    assert (saved.code, blocked.code, len(list((home / "changes" / "halted").glob("*.json")))) == (7, 7, 1), saved.out
    assert cli("recover", "--keep", *at).code == 0
    assert [one["event"] for one in _records(home) if one["event"] in {"intent", "apply"}] == []


def _records(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "audit" / "audit.jsonl").read_text().splitlines()]
