"""Making things through the command line: a pod, a namespace with what goes into it, a node port, a claim made anew."""

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
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.sandbox.store import Key
from agentops.store.plans import load_plan, save_approval

Cli = Callable[..., Any]
_REPORT = {
    "verdict": "root-cause",
    "cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"},
    "conclusion": "What is asked for is missing.",
    "confidence": "high",
    "evidence": ["{{first}}"],
    "ruled_out": [],
    "not_checked": [],
    "next_steps": [],
}


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A cluster in which little is wrong, served to whoever has its kubeconfig."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


class Works:
    """Plans and runs what a scripted model drafts."""

    def __init__(self, cli: Cli, at: tuple[str, ...], home: Path, folder: Path) -> None:
        self._cli, self._at, self._home, self._folder = cli, at, home, folder

    def planned(self, *drafts: dict[str, Any]) -> tuple[Any, Path]:
        """Return the dry run of a plan of these drafts, and where it is saved."""
        script, path = self._folder / "script.json", self._folder / "plan.json"
        look = {"calls": [{"tool": "kubernetes_list", "arguments": {"kind": "Deployment"}}]}
        report = {"calls": [{"tool": "report_finding", "arguments": _REPORT}]}
        words = {"reason": "It is asked for.", "evidence": ["{{first}}"]}
        calls = [{"tool": "draft_change", "arguments": {**words, **one}} for one in drafts]
        script.write_text(json.dumps({"turns": [look, *({"calls": [one]} for one in calls), report, report]}))
        options = ("--model", f"scripted:{script}", "--dry-run", "--out", str(path))
        return self._cli("fix", "k8s:shop/Deployment/checkout", *options, *self._at), path

    def run(self, path: Path) -> Any:
        """Run a saved plan, approved by somebody whose key counts."""
        trust = Trust(path=self._home / "approvers.toml", clock=utc_now)
        key = new_key("eve", lambda size: bytes(range(size)))
        if "eve" not in trust.approvers():
            trust.add(key.public)
        now, digest = utc_now(), load_plan(path).digest
        made = sign(key, plan_digest=digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest="")
        approval = path.with_suffix(".approval.json")
        save_approval(approval, made)
        return self._cli("fix", "--plan", str(path), "--approval", str(approval), *self._at)

    def taken_back(self, done: Any) -> Any:
        """Take back a change, where policy asks for nobody."""
        return self._cli("rollback", done.document["outcome"]["change"], "--yes", *self._at)


@pytest.fixture
def works(cli: Cli, at: tuple[str, ...], home: Path, tmp_path: Path) -> Works:
    """What plans and runs drafts on the cluster."""
    return Works(cli, at, home, tmp_path)


def _apply(target: str, manifest: dict[str, Any]) -> dict[str, Any]:
    return {"tool": "kubernetes_apply_manifest", "target": target, "arguments": {"manifest": manifest}}


def _stored(cluster: Sandbox, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
    for one in cluster.simulation.store.dump():
        meta = one["metadata"]
        if (one["kind"], meta["name"], meta.get("namespace", "")) == (kind, name, namespace):
            return dict(one)
    return None


_CONTAINER = {
    "name": "main",
    "image": "docker.io/library/redis:7.4",
    "resources": {"requests": {"cpu": "0.05", "memory": "64Mi"}},
}
_POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": {"containers": [_CONTAINER]}}


def test_a_bare_pod_is_made_and_taken_back(works: Works, cluster: Sandbox) -> None:
    """The server and the scheduler add to it as they like: it is verified, and its deletion takes it back."""
    planned, path = works.planned(_apply("shop/Pod/probe", _POD))
    assert planned.code == 0, planned.out + planned.err
    done = works.run(path)
    assert (done.code, done.document["outcome"]["status"]) == (0, "applied"), done.out + done.err
    node = (_stored(cluster, "Pod", "probe", "shop") or {}).get("spec", {}).get("nodeName")
    back = works.taken_back(done)
    assert (bool(node), back.code) == (True, 0), back.out + back.err


_LABELS = {"app": "extra"}
_EXTRA = (
    _apply("Namespace/extra", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "extra"}}),
    _apply(
        "extra/ConfigMap/settings",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"A": "1"}},
    ),
    _apply(
        "extra/Deployment/web",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": _LABELS},
                "template": {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}},
            },
        },
    ),
    _apply(
        "extra/Service/web",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": _LABELS, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        },
    ),
)


def test_a_namespace_is_made_with_what_goes_into_it_and_taken_back(works: Works, cluster: Sandbox) -> None:
    """One plan of four steps: the later ones are tried when the first is applied; all of it goes again."""
    planned, path = works.planned(*_EXTRA)
    assert planned.code == 0, planned.out + planned.err
    steps = [one.preview for one in load_plan(path).steps]
    assert [(one.validated, one.rests_on) for one in steps] == [(True, ()), *[(False, (1,))] * 3]
    done = works.run(path)
    assert (done.code, done.document["outcome"]["status"]) == (0, "applied"), done.out + done.err
    back = works.taken_back(done)
    assert (back.code, _stored(cluster, "ConfigMap", "settings", "extra")) == (0, None), back.out + back.err
    left = _stored(cluster, "Namespace", "extra")
    assert left is None or "deletionTimestamp" in left["metadata"]


def _type_of(cluster: Sandbox) -> tuple[str, bool]:
    spec = (_stored(cluster, "Service", "checkout", "shop") or {})["spec"]
    return spec["type"], any("nodePort" in port for port in spec["ports"])


def test_a_service_becomes_a_node_port_and_goes_back(works: Works, cluster: Sandbox) -> None:
    """Whichever port the server chooses is no deviation, and the way back does not name it."""
    patch = {"path": "spec.type", "old": "ClusterIP", "new": "NodePort"}
    planned, path = works.planned({"tool": "kubernetes_patch", "target": "shop/Service/checkout", "arguments": patch})
    assert planned.code == 0, planned.out + planned.err
    assert "nodePort" not in str(load_plan(path).steps[0].preview.undo)
    done = works.run(path)
    assert (done.code, _type_of(cluster)) == (0, ("NodePort", True)), done.out + done.err
    back = works.taken_back(done)
    assert (back.code, _type_of(cluster)) == (0, ("ClusterIP", False)), back.out + back.err


def test_what_is_gone_already_is_nothing_to_take_back(works: Works, cluster: Sandbox) -> None:
    """Somebody deleted the made object: the way back is done, says so, and is no error."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"A": "1"}}
    planned, path = works.planned(_apply("shop/ConfigMap/extra", manifest))
    assert planned.code == 0, planned.out + planned.err
    done = works.run(path)
    cluster.simulation.store.remove(Key("", "ConfigMap", "shop", "extra"))
    back = works.taken_back(done)
    assert (back.code, back.document["status"], back.document["taken_back"]) == (
        0,
        "nothing-to-do",
        ["step 1: shop/ConfigMap/extra is gone already"],
    )


def test_a_budget_is_deleted_and_made_again_in_one_plan(works: Works, cluster: Sandbox) -> None:
    """The deletion says that it is to be made again: the two are judged as one, tried, sent and rolled back."""
    found = _stored(cluster, "PodDisruptionBudget", "web", "shop") or {}
    manifest = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": {"name": "web"},
        "spec": {**found["spec"], "minAvailable": 1},
    }
    target = "shop/PodDisruptionBudget/web"
    gone = {"tool": "kubernetes_delete", "target": target, "arguments": {"recreate": True}}
    planned, path = works.planned(gone, _apply(target, manifest))
    assert planned.code == 0, planned.out + planned.err
    assert [one.preview.rests_on for one in load_plan(path).steps] == [(), (1,)]
    done = works.run(path)
    again = _stored(cluster, "PodDisruptionBudget", "web", "shop") or {}
    assert (done.code, again.get("spec", {}).get("minAvailable")) == (0, 1), done.out + done.err
    assert again["metadata"]["uid"] != found["metadata"]["uid"]
    back = works.taken_back(done)
    restored = _stored(cluster, "PodDisruptionBudget", "web", "shop") or {}
    assert (back.code, restored.get("spec")) == (0, found["spec"]), back.out + back.err
