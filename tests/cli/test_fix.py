"""``agentops fix`` and what follows it, as a person and a pipeline call them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.core.plan import ChangePlan
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.store.plans import load_plan, save_approval

ALERT = "k8s:shop/Deployment/checkout"
ENTER = "\r"
Cli = Callable[..., Any]


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the bad image tag, served to whoever has its kubeconfig."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


@pytest.fixture
def at(cluster: Sandbox) -> tuple[str, ...]:
    """The options that lead to it."""
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)


def image(cluster: Sandbox, name: str = "checkout") -> str:
    """Return the image of a Deployment of shop as it is stored."""
    (found,) = (
        one
        for one in cluster.simulation.store.dump()
        if (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) == ("Deployment", "shop", name)
    )
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def approved(home: Path, path: Path, name: str = "eve") -> Path:
    """Sign the saved plan with a key that is trusted; what ``agentops approve`` does at a terminal."""
    plan = load_plan(path)
    trust = Trust(path=home / "approvers.toml", clock=utc_now)
    key = new_key(name, lambda size: bytes(range(size)))
    if name not in trust.approvers():
        trust.add(key.public)
    now = utc_now()
    approval = sign(
        key, plan_digest=plan.digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest=""
    )
    save_approval(path.with_suffix(".approval.json"), approval)
    return path.with_suffix(".approval.json")


def test_dry_run_shows_what_would_happen_and_changes_nothing(cli: Cli, cluster: Sandbox, at: tuple[str, ...]) -> None:
    """What a person decides on is there once, and the last lines say what comes next; the cluster is as it was."""
    done = cli("fix", ALERT, "--dry-run", "--no-model", *at)
    wanted = (
        "Roll Deployment checkout back to revision 1 (shop/Deployment/checkout)",
        "containers[checkout].image: registry.shop.example/checkout:v1.4.3 → v1.4.1",
        "1 of 4 pods",
        "it can be undone only in part",
        "One person must approve",
        "Dry run: nothing was changed — shop/Deployment/checkout (plan ",
        "Next: agentops fix ",
    )
    assert ([text for text in wanted if text not in done.out], done.code, image(cluster)) == ([], 0, "v1.4.3")
    assert ("Scope of the approval" in done.out, len(done.out.splitlines()) <= 24) == (False, True), done.out


def test_the_whole_plan_is_shown_when_it_is_asked_for(cli: Cli, at: tuple[str, ...]) -> None:
    """``--details`` has policy, the diff in full, undo, digest, and the same last lines."""
    done = cli("fix", ALERT, "--dry-run", "--details", "--no-model", *at)
    wanted = (
        "Policy allows it",
        "Undo:",
        "+         image: registry.shop.example/checkout:v1.4.1",
        "digest    sha256:",
    )
    assert [text for text in wanted if text not in done.out] == []
    assert "Dry run: nothing was changed" in done.out.splitlines()[-2]


def test_dry_run_as_json_has_the_plan(cli: Cli, at: tuple[str, ...]) -> None:
    """The envelope holds plan, outcome and finding; ``--exit-code`` tells a script that something would change."""
    done = cli("fix", ALERT, "--dry-run", "--exit-code", "--no-model", "-o", "json", *at)
    document = done.document
    assert (done.code, document["status"], document["plan"]["changes"][0]["tool"], document["outcome"]["status"]) == (
        3,
        "dry-run",
        "kubernetes_rollout_undo",
        "dry-run",
    )


def test_without_a_terminal_nobody_is_asked_and_nothing_changes(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...]
) -> None:
    """No terminal means no: exit 5, with the command that a person can run."""
    done = cli("fix", ALERT, "--no-model", "-o", "json", *at)
    (error,) = done.document["errors"]
    assert (done.code, done.document["outcome"]["status"], image(cluster)) == (5, "declined", "v1.4.3")
    assert error["hint"].startswith("Run this at a terminal: agentops fix 20")


def test_pipeline_saves_approves_and_runs(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    """Dry run with ``--out``, an approval of that plan, then ``--plan``: applied, verified, recorded, and only once."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    signed = approved(home, path)
    first = cli("fix", "--plan", str(path), "--approval", str(signed), "-o", "json", *at)
    again = cli("fix", "--plan", str(path), "--approval", str(signed), "-o", "json", *at)
    assert (first.code, first.document["outcome"]["status"], image(cluster)) == (0, "applied", "v1.4.1"), first.err
    assert (again.code, cli("audit", "verify").code) == (5, 0)
    (change,) = cli("changes", "-o", "json").document["changes"]
    assert (change["id"], change["result"]["status"]) == (first.document["outcome"]["change"], "applied")


def test_plan_of_a_world_that_moved_is_stale(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    """When the object was written after the plan was made, nothing runs, and it says what moved."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    signed = approved(home, path)
    with cluster.simulation.store.lock:
        cluster.simulation.perform(
            [{"set": {"Deployment/shop/checkout": {"spec.template.spec.terminationGracePeriodSeconds": 7}}}]
        )
    done = cli("fix", "--plan", str(path), "--approval", str(signed), "-o", "json", *at)
    (error,) = done.document["errors"]
    assert (done.code, error["code"], "terminationGracePeriodSeconds" in error["message"]) == (5, "stale", True), error
    assert image(cluster) == "v1.4.3"


def test_edited_plan_file_is_refused(cli: Cli, at: tuple[str, ...], tmp_path: Path) -> None:
    """A plan file that somebody edited is not the plan that its digest names."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    path.write_text(path.read_text().replace('"to_revision": 1', '"to_revision": 2'))
    done = cli("fix", "--plan", str(path), "-o", "json", *at)
    assert (done.code, done.document["errors"][0]["code"]) == (5, "plan-altered")


def test_stranger_key_is_refused(cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path, tmp_path: Path) -> None:
    """An approval by a key that nobody here trusts counts for nothing."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    signed = approved(home, path)
    Trust(path=home / "approvers.toml", clock=utc_now).remove("eve")
    done = cli("fix", "--plan", str(path), "--approval", str(signed), "-o", "json", *at)
    assert (done.code, image(cluster)) == (5, "v1.4.3")


def test_applied_change_can_be_taken_back(cli: Cli, at: tuple[str, ...], home: Path, tmp_path: Path) -> None:
    """``rollback`` plans the undo through the same pipeline; without a terminal it is not run."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    done = cli("fix", "--plan", str(path), "--approval", str(approved(home, path)), "-o", "json", *at)
    change = done.document["outcome"]["change"]
    shown = cli("rollback", change, "--dry-run", "-o", "json", *at)
    refused = cli("rollback", change, *at)
    assert (shown.code, shown.document["plan"]["rolls_back"], refused.code) == (0, change, 5)


def test_read_only_mode_cannot_be_lifted(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """AGENTOPS_READ_ONLY=1 refuses every change: exit 4."""
    monkeypatch.setenv("AGENTOPS_READ_ONLY", "1")
    done = cli("fix", ALERT, "--no-model", "--yes", "-o", "json", *at)
    assert (done.code, done.document["status"], image(cluster)) == (4, "refused", "v1.4.3")


def test_policy_that_cannot_be_loaded_refuses_changes_and_not_reads(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path
) -> None:
    """A broken policy file fails closed: changes are refused, investigating goes on."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "policy.cedar").write_text("permit(")
    (home / "policy.cedar").chmod(0o600)
    changed = cli("fix", ALERT, "--no-model", "-o", "json", *at)
    read = cli("investigate", ALERT, "--no-model", *at)
    assert (changed.code, read.code, image(cluster)) == (4, 0, "v1.4.3")


def test_what_policy_asks_nobody_for_runs_with_yes(cli: Cli) -> None:
    """``--yes`` carries out what policy pre-approves, and nothing else is on stdout but the document."""
    done = cli("fix", "--sandbox=cordoned-nodes", "--no-model", "--yes", "-o", "json")
    assert (done.code, done.document["outcome"]["status"], done.document["after"]["healed"]) == (0, "applied", True)


def test_a_rollout_that_is_merely_noted_is_no_trouble_that_is_left(cli: Cli) -> None:
    """After the cure the last words are about the alert's target, and do not explain the old alert once more."""
    done = cli("fix", "--sandbox=cordoned-nodes", "--no-model", "--yes")
    last = " ".join(done.out.partition("Applied and verified")[2].split())
    assert (done.code, "Triage no longer finds a problem with Pod shop/catalog-" in last) == (0, True), done.out
    assert "Triage still finds" not in last


def test_yes_is_no_approval_where_policy_wants_a_person(cli: Cli) -> None:
    """``--yes`` does not stand in for a person."""
    assert cli("fix", "--sandbox=bad-image-tag", "--no-model", "--yes").code == 5


def test_no_known_cure_is_an_error_with_what_a_person_should_do(cli: Cli) -> None:
    """A script must not take 'nothing was planned' for 'fixed'."""
    done = cli("fix", "--sandbox=quota-exceeded", "--no-model", "-o", "json")
    (error,) = done.document["errors"]
    assert (done.code, done.document["status"], error["code"]) == (9, "escalate", "no-known-cure")


def test_cure_that_the_caller_may_not_make_is_said_so(cli: Cli) -> None:
    """A viewer is told what would cure it and why it cannot be planned, not that nothing is known."""
    done = cli("fix", "--sandbox=bad-image-tag", "--context", "viewer", "--no-model", "-o", "json")
    error = done.document["errors"][0]
    assert (done.code, done.document["status"], "patch deployments.apps" in error["message"]) == (
        9,
        "not-planned",
        True,
    )


def test_nothing_wrong_is_nothing_to_do(cli: Cli) -> None:
    """An alert that has recovered leaves nothing to fix: exit 0."""
    done = cli("fix", "--sandbox=stale-alert", "--no-model", "-o", "json")
    assert (done.code, done.document["status"]) == (0, "nothing-to-do")


@pytest.mark.parametrize(
    "words",
    [
        ("fix",),
        ("fix", ALERT, "--plan", "plan.json"),
        ("fix", ALERT, "--approval", "a.json"),
        ("fix", "--plan", "nowhere.json"),
        ("rollback", "20260101T000000-ABCDEFGH", "--sandbox"),
        ("recover", "--keep", "--roll-back", "--sandbox"),
    ],
)
def test_unusable_words_are_usage_errors(cli: Cli, words: tuple[str, ...]) -> None:
    """Each says what is wrong and what to type instead."""
    done = cli(*words)
    assert (done.code, "Error:" in done.err) == (2, True), done.err


def test_nothing_open_is_said(cli: Cli) -> None:
    """``recover`` with nothing open says so."""
    done = cli("recover", "--sandbox")
    assert (done.code, done.out.strip()) == (0, "No change is open.")


def test_a_person_approves_at_the_terminal(terminal: ModuleType, home: Path) -> None:
    """The plan is shown, the person approves, and it is applied and verified."""
    said = terminal.at_terminal(
        ["fix", "--sandbox=bad-image-tag", "--no-model"],
        [("apply it?", "a" + ENTER)],
        {"AGENTOPS_HOME": str(home)},
    )
    assert (said.code, "Applied and verified" in said.out) == (0, True), said.screen


def test_a_person_declines_at_the_terminal(terminal: ModuleType, home: Path) -> None:
    """Enter alone is no."""
    said = terminal.at_terminal(
        ["fix", "--sandbox=bad-image-tag", "--no-model", "-o", "json"],
        [("apply it?", ENTER)],
        {"AGENTOPS_HOME": str(home)},
    )
    assert (said.code, json.loads(said.out)["outcome"]["status"]) == (5, "declined")


def test_plan_is_kept_without_secrets(cli: Cli, at: tuple[str, ...], tmp_path: Path) -> None:
    """The saved plan reads back as the value that it was, and holds no managed fields."""
    path = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(path), "--no-model", *at)
    assert (isinstance(load_plan(path), ChangePlan), "managedFields" in path.read_text()) == (True, False)
