"""How ``agentops fix`` ends: the exit code, the last lines, and what can be typed next; nothing drafted is lost."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.sandbox.store import key_of
from agentops.store.plans import load_plan, save_approval

TARGET = "shop/Deployment/checkout"
ALERT = f"k8s:{TARGET}"
NEWEST = "--no-model"
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


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Write a script of a model that makes these calls, one turn each, and return the option that names it."""

    def write(*turns: Any) -> str:
        path = tmp_path / "script.yaml"
        path.write_text(yaml.safe_dump({"turns": [{"calls": [one]} for one in turns]}), encoding="utf-8")
        return f"--model=scripted:{path}"

    return write


def draft(tool: str, target: str = TARGET, **arguments: Any) -> dict[str, Any]:
    """Return a draft of a change as the model calls for it."""
    given = {"tool": f"kubernetes_{tool}", "arguments": arguments}
    return {
        "tool": "draft_change",
        "arguments": {"target": target, "reason": "It was asked for.", "evidence": ["{{first}}"], **given},
    }


def report(verdict: str = "root-cause", **changes: Any) -> dict[str, Any]:
    """Return the model's final report."""
    cause = {"cause": {"resource": TARGET, "condition": "ImageNotFound"}} if verdict == "root-cause" else {}
    said = {
        "verdict": verdict,
        "conclusion": "The last rollout names an image that does not exist.",
        "confidence": "medium",
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": ["the registry itself"],
        "next_steps": ["Ask the release team why the tag is missing."],
        **cause,
        **changes,
    }
    return {"tool": "report_finding", "arguments": said}


def image(cluster: Sandbox) -> str:
    """Return the tag of the Deployment checkout as it is stored."""
    (found,) = (one for one in cluster.simulation.store.list("Deployment", "shop") if _name(one) == "checkout")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def _name(one: Any) -> str:
    return str(one["metadata"]["name"])


def signed(home: Path, plan: Path, *names: str) -> list[str]:
    """Sign a plan as each of these people, whose keys are trusted; return the options that hand the approvals in."""
    found = load_plan(plan)
    trust = Trust(path=home / "approvers.toml", clock=utc_now)
    options = []
    for seed, name in enumerate(names):
        key = new_key(name, lambda size, seed=seed: bytes((seed + n) % 256 for n in range(size)))  # type: ignore[misc]
        trust.add(key.public)
        now = utc_now()
        path = plan.with_name(f"{name}.approval.json")
        until = now + timedelta(minutes=5)
        save_approval(path, sign(key, plan_digest=found.digest, at=now, expires_at=until, nonce=name, shown_digest=""))
        options += ["--approval", str(path)]
    return options


def test_a_draft_is_taken_up_again_without_a_new_investigation(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], script: Any, home: Path, tmp_path: Path
) -> None:
    """What the model drafted stays in the incident; a later run plans it anew, saves it, and it can be run."""
    first = cli("fix", ALERT, script(draft("rollout_undo"), report()), "-o", "json", *at)
    incident = first.document["incident"]["id"]
    plan = tmp_path / "plan.json"
    shown = cli("show", incident)
    assert f"Resume it: agentops fix {incident[-4:]} --dry-run --context" in shown.out
    again = cli("fix", incident, "--dry-run", "--no-model", "--out", str(plan), "-o", "json", *at)
    tools = [change["tool"] for change in again.document["plan"]["changes"]]
    assert (first.code, again.code, tools) == (5, 0, ["kubernetes_rollout_undo"])
    assert again.document["plan"]["tainted"] is True
    done = cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), "-o", "json", *at)
    assert (done.code, done.document["outcome"]["verified"], image(cluster)) == (0, True, "v1.4.1"), done.err


def test_a_plan_that_nobody_could_be_asked_about_is_kept_with_what_to_type(
    cli: Cli, at: tuple[str, ...], script: Any, home: Path
) -> None:
    """Without a terminal the run ends with 5; its last lines are commands that work, ids and files filled in."""
    done = cli("fix", ALERT, script(draft("rollout_undo"), report()), "-o", "json", *at)
    kept, commands = Path(done.document["kept"]), done.document["next"]
    assert (done.code, kept.parent.name, load_plan(kept).code) == (
        5,
        done.document["incident"]["id"],
        done.document["plan"]["code"],
    )
    assert commands[0].startswith(f"agentops fix {kept.parent.name[-4:]} --context")
    assert commands[1] == f"agentops approve {kept} --out A.approval.json"


def test_two_people_are_named_first_and_can_agree_afterwards(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path
) -> None:
    """The dry run says that two must agree, keeps the plan, and prints each command; following them applies it."""
    home.mkdir(parents=True, exist_ok=True)
    shipped = (files("agentops.policy") / "default.cedar").read_text(encoding="utf-8")
    (home / "policy.cedar").write_text(shipped.replace('@approval("one")', '@approval("two-person")'))
    (home / "policy.cedar").chmod(0o600)
    shown = cli("fix", ALERT, "--no-model", "--dry-run", *at)
    assert shown.code == 0, shown.err
    assert "approval  Two people other than human:" in shown.out, shown.out
    refused = cli("fix", ALERT, "--no-model", "-o", "json", *at)
    kept = Path(refused.document["kept"])
    assert (refused.code, refused.document["errors"][0]["code"]) == (5, "two-people")
    assert refused.document["next"][0].startswith(f"agentops approve {kept}")
    assert refused.document["next"][-1].startswith(
        f"agentops fix --plan {kept} --approval A.approval.json --approval B"
    )
    alone = cli("fix", "--plan", str(kept), *at)
    assert (alone.code, f"agentops approve {kept} --out B.approval.json" in alone.out) == (5, True), alone.out
    done = cli("fix", "--plan", str(kept), *signed(home, kept, "eve", "bob"), "-o", "json", *at)
    assert (done.code, done.document["outcome"]["verified"], image(cluster)) == (0, True, "v1.4.1"), done.out


def test_after_it_was_applied_nobody_is_told_to_approve_it(
    cli: Cli, at: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    """A plan that ran needs no approval any more, and is no draft any more."""
    plan = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(plan), "--no-model", *at)
    done = cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), *at)
    assert (done.code, "agentops approve" in done.out, "agentops rollback" in done.out) == (0, False, True), done.out


def test_a_draft_that_speaks_against_its_own_finding_is_shown(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], script: Any
) -> None:
    """'Nothing is wrong' does not swallow a permitted plan: it is shown with that said, and runs only for a person."""
    said = report("no-problem", conclusion="Nothing is wrong; one more replica was asked for.")
    done = cli("fix", ALERT, script(draft("scale", replicas=4), said), "--yes", *at)
    assert (done.code, image(cluster)) == (5, "v1.4.3")
    assert "The finding says that NOTHING IS WRONG; this change was drafted anyway." in done.out
    assert "There is nothing to fix" not in done.out


def test_what_policy_refused_ends_as_refused(cli: Cli, at: tuple[str, ...], script: Any) -> None:
    """A draft that policy refuses ends the run with 4 and the clause to look at, whatever the model reports then."""
    said = report("undetermined", conclusion="It may not be done.", next_steps=["Ask the platform team."])
    turns = script(draft("rollout_restart", "kube-system/Deployment/coredns"), said)
    done = cli("fix", ALERT, turns, *at)
    assert (done.code, "Refused by policy: nothing was changed" in done.out) == (4, True), done.out
    assert "agentops policy explain --tool kubernetes_rollout_restart" in done.out
    assert "Ask the platform team." in done.out


def test_a_cause_outside_the_cluster_is_an_answer(cli: Cli, at: tuple[str, ...], script: Any) -> None:
    """Exit 0: nothing in the cluster would cure it; the confidence, what was not checked and what to do are said."""
    done = cli("fix", ALERT, script(report("outside", conclusion="The payment provider is down.")), *at)
    assert (done.code, "The cause is outside the cluster" in done.out) == (0, True), done.out
    wanted = ("confidence", "medium", "the registry itself", "Ask the release team why the tag is missing.")
    assert [text for text in wanted if text not in done.out] == []


def test_a_draft_whose_world_moved_is_stale(cli: Cli, cluster: Sandbox, at: tuple[str, ...], script: Any) -> None:
    """Taken up later, a draft is held against the live world; what does not fit any more is said, with exit 5."""
    turns = script(draft("set_image", container="checkout", image="registry.shop.example/checkout:v1.4.1"), report())
    first = cli("fix", ALERT, turns, "-o", "json", *at)
    assert first.code == 5, first.out
    with cluster.simulation.store.lock:
        (gone,) = (one for one in cluster.simulation.store.list("Deployment", "shop") if _name(one) == "checkout")
        cluster.simulation.store.remove(key_of(gone))
    done = cli("fix", first.document["incident"]["id"], "--no-model", *at)
    assert (done.code, "Stale: the drafted change no longer fits the cluster" in done.out) == (5, True), done.out
    assert "shop/Deployment/checkout is gone" in done.out
    assert done.out.splitlines()[-1].startswith(
        "  Next: agentops investigate k8s:shop/Deployment/checkout --context"
    ), done.out


def test_a_pod_that_its_owner_has_replaced_is_a_result(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], script: Any
) -> None:
    """The pod of the draft is gone: who made which pod instead is said, next to the finding, which stands."""
    store = cluster.simulation.store
    (pod,) = (one for one in store.list("Pod", "shop") if "checkout" in _name(one) and not _is_ready(one))
    turns = script(draft("delete_pod", f"shop/Pod/{_name(pod)}"), report())
    first = cli("fix", f"k8s:shop/Pod/{_name(pod)}", turns, "-o", "json", *at)
    assert first.code == 5, first.out
    with store.lock:
        store.remove(key_of(pod))
    for _ in range(100):
        heirs = [_name(one) for one in store.list("Pod", "shop") if "checkout" in _name(one) and not _is_ready(one)]
        if heirs:
            break
        time.sleep(0.1)
    done = cli("fix", first.document["incident"]["id"], "--no-model", *at)
    said = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, "The last rollout names an image that does not exist." in said) == (5, True), done.out
    assert f"shop/Pod/{_name(pod)} is gone; its owner ReplicaSet " in said
    assert f" made Pod {heirs[0]} instead" in said


def _is_ready(pod: Any) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def test_an_incident_that_has_recovered_since_is_left_alone(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], script: Any, home: Path, tmp_path: Path
) -> None:
    """Before an old draft is planned again, triage looks; what is well by now is not changed."""
    first = cli("fix", ALERT, script(draft("rollout_undo"), report()), "-o", "json", *at)
    kept = Path(first.document["kept"])
    cli("fix", "--plan", str(kept), *signed(home, kept, "eve"), *at)
    done = cli("fix", first.document["incident"]["id"], "--no-model", *at)
    assert (done.code, "There is nothing left to fix." in done.out) == (0, True), done.out
    assert "Triage no longer finds a problem with Deployment shop/checkout" in done.out


def test_a_saved_plan_is_verified_by_what_its_alert_is_about(
    cli: Cli, at: tuple[str, ...], script: Any, home: Path, tmp_path: Path
) -> None:
    """The checks are in the plan: a cause that triage never saw verifies nothing, in another process too."""
    plan = tmp_path / "plan.json"
    unseen = report(cause={"resource": "shop/Deployment/web", "condition": "OutOfMemory"})
    turns = script(draft("annotate", "shop/Deployment/web", set={"seen": "yes"}), unseen)
    made = cli("fix", "k8s:shop/Deployment/web", turns, "--dry-run", "--out", str(plan), "-o", "json", *at)
    assert made.code == 0, made.out
    done = cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), "-o", "json", *at)
    outcome = done.document["outcome"]
    assert (done.code, outcome["status"], outcome["verified"]) == (0, "applied", False), done.out
    assert outcome["doubts"] == [
        "nothing that triage saw wrong before the change could be looked at again "
        "(OutOfMemory on shop/Deployment/web was not among it)"
    ]


def test_a_rollback_of_the_cure_is_as_unwell_as_before(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], terminal: ModuleType, home: Path, tmp_path: Path
) -> None:
    """Taking back a cure restores what was broken; it ends with those words, and not with 'verified'."""
    plan = tmp_path / "plan.json"
    cli("fix", ALERT, "--dry-run", "--out", str(plan), "--no-model", *at)
    done = cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), "-o", "json", *at)
    change = done.document["outcome"]["change"]
    said = terminal.at_terminal(["rollback", change, *at], [("roll it back?", "a\r")], {"AGENTOPS_HOME": str(home)})
    assert (said.code, image(cluster)) == (0, "v1.4.3"), said.screen
    assert "Rolled back; as unhealthy as before" in said.out
    assert "and verified" not in said.out.lower()
    (newest, _) = cli("changes", "-o", "json").document["changes"]
    assert newest["result"]["verified"] is False


def test_the_lock_of_another_run_is_said_before_anybody_is_asked(
    cli: Cli, at: tuple[str, ...], home: Path, terminal: ModuleType
) -> None:
    """Who holds it, since when and what for stands on the screen; the person is asked nothing."""
    folder = home / "changes"
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(json.dumps({"pid": os.getpid(), "who": "human:eve", "since": "2026-11-22T03:00:00Z", "doing": "x"}))
        lock.flush()
        said = terminal.at_terminal(["fix", ALERT, "--no-model", *at], [], {"AGENTOPS_HOME": str(home)})
    assert said.code == 1, said.screen
    assert f"pid {os.getpid()} of human:eve, since 2026-11-22T03:00:00Z" in " ".join(said.out.replace("│ ", "").split())
    assert "apply it?" not in said.screen


def test_runs_with_separate_homes_see_each_other_by_a_lease(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], home: Path
) -> None:
    """By setting: the plan names the lease, which is taken and let go of; who holds it is said before one is asked."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text('[safety]\ncluster_lease = "shop"\n')
    shown = cli("fix", ALERT, "--no-model", "--dry-run", *at)
    assert "While it runs, agentops also writes and holds Lease shop/agentops" in " ".join(
        shown.out.replace("│ ", "").split()
    )
    assert not cluster.simulation.store.list("Lease", "shop")
    plan = home / "plan.json"
    cli("fix", ALERT, "--no-model", "--dry-run", "--out", str(plan), *at)
    done = cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), "-o", "json", *at)
    (lease,) = cluster.simulation.store.list("Lease", "shop")
    assert (done.code, lease["spec"].get("holderIdentity")) == (0, None), done.out
    moment = utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = {"holderIdentity": "human:bob pid 9 on laptop change X", "acquireTime": moment, "renewTime": moment}
    with cluster.simulation.store.lock:
        cluster.simulation.store.update({**lease, "spec": {**held, "leaseDurationSeconds": 600}})
    other = cli("rollback", done.document["outcome"]["change"], "-o", "json", *at)
    (error,) = other.document["errors"]
    assert (error["code"], "human:bob pid 9 on laptop" in error["message"]) == ("busy", True)


def test_the_commands_of_a_saved_plan_can_be_pasted(cli: Cli, at: tuple[str, ...], tmp_path: Path) -> None:
    """Each command of ``next`` is read by a shell as the words that were meant, whatever the file is called."""
    path = tmp_path / "my plan; touch never #.json"
    done = cli("fix", ALERT, "--no-model", "--dry-run", "--out", str(path), "-o", "json", *at)
    _again, approve, run = (shlex.split(line) for line in done.document["next"])
    assert (approve[:3], run[:4]) == (["agentops", "approve", str(path)], ["agentops", "fix", "--plan", str(path)])
