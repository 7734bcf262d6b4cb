"""A dry run says first who must agree and what stays, as a person types it, on a cluster that counts as production."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.app.fix.scripting import turns_of
from tests.cli.conftest import Cli

CAUSE = {"cause": {"resource": "shop/ResourceQuota/shop", "condition": "QuotaExceeded"}}
QUOTA = {"tool": "set_quota", "target": "shop/ResourceQuota/shop", "arguments": {"hard": {"pods": "25"}}}
GROWTH = {
    "tool": "resize_pvc",
    "target": "shop/PersistentVolumeClaim/data-postgres-0",
    "arguments": {"storage": "500Gi"},
}
SETTINGS = {
    "tool": "apply_manifest",
    "target": "shop/ConfigMap/fresh",
    "arguments": {
        "manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fresh"}, "data": {"A": "1"}}
    },
}
Draft = Callable[..., Any]


@pytest.fixture
def draft(cli: Cli, tmp_path: Path) -> Draft:
    """Run a dry run of a fix whose model drafts one change."""

    def run(change: Mapping[str, Any], *words: str, scenario: str = "quota-exceeded") -> Any:
        script = tmp_path / "turns.yaml"
        script.write_text(yaml.safe_dump({"turns": turns_of(CAUSE, [[change]])}), encoding="utf-8")
        with Sandbox(load(scenario)) as cluster:
            at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
            alert = "k8s:shop/CronJob/daily-report"
            return cli("fix", alert, "--dry-run", "--model", f"scripted:{script}", *words, *at)

    return run


def test_a_change_for_two_people_says_so_first(draft: Draft) -> None:
    """Who and why stand on the screen to decide on; its last lines are what each of them types."""
    said = ": its risk is high, in production or a protected namespace"
    done = draft(QUOTA)
    page = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, "Two people other than human:" in page, said in page) == (0, True, True), done.out
    one, two, run = done.out.splitlines()[-3:]
    assert (one.split()[:4], two.split()[:4]) == (
        ["Person", "1:", "agentops", "approve"],
        ["Person", "2:", "agentops", "approve"],
    )
    assert run.strip().startswith("Then: agentops fix --plan ")


def test_the_document_says_so_too(draft: Draft) -> None:
    """A script reads who must agree without reading the page."""
    agreement = draft(QUOTA, "-o", "json").document["plan"]["agreement"]
    assert (agreement["approval"], agreement["why"], agreement["next"].startswith("Save the plan")) == (
        "two-person",
        "its risk is high, in production or a protected namespace",
        True,
    )


def test_a_claims_growth_is_one_persons_who_is_told_first_that_it_stays(draft: Draft) -> None:
    """Also for a run that read untrusted text: the effect that nothing takes back stands before the step."""
    done = draft(GROWTH)
    page = " ".join(done.out.replace("│ ", "").split())
    wanted = (
        "IT CANNOT BE UNDONE",
        "Irreversible: A volume that has grown cannot be made smaller.",
        "One person must approve",
    )
    assert (done.code, [text for text in wanted if text not in page]) == (0, [])


def made(kind: str, api: str, target: str, **fields: Any) -> dict[str, Any]:
    """Return the draft that makes an object."""
    manifest = {"apiVersion": api, "kind": kind, "metadata": {"name": target.rpartition("/")[2]}, **fields}
    return {"tool": "apply_manifest", "target": target, "arguments": {"manifest": manifest}}


def reading(*resources: str, verbs: tuple[str, ...] = ("get", "list")) -> dict[str, Any]:
    """Return the draft of a new Role."""
    rules = [{"apiGroups": [""], "resources": [*resources], "verbs": [*verbs]}]
    return made("Role", "rbac.authorization.k8s.io/v1", "shop/Role/reader", rules=rules)


NETWORKS = "networking.k8s.io/v1"
ARGUMENTS = {
    "tool": "patch",
    "target": "shop/CronJob/daily-report",
    "arguments": {
        "path": "spec.jobTemplate.spec.template.spec.containers[report].args",
        "old": None,
        "new": ["--day=yesterday"],
    },
}
JOB = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "bitnami/kubectl:1"}]}}}
ASKED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "a new ConfigMap": (SETTINGS, ("one", "low")),
    "a Role that reads": (reading("pods", "configmaps"), ("one", "medium")),
    "a Role that reads secrets": (reading("secrets"), ("two-person", "high")),
    "a Role with a wildcard": (reading("pods", verbs=("*",)), ("two-person", "high")),
    "a policy for pods that are not there": (
        made("NetworkPolicy", NETWORKS, "shop/NetworkPolicy/new", spec={"podSelector": {"matchLabels": {"app": "no"}}}),
        ("one", "medium"),
    ),
    "a storage class": (
        made("StorageClass", "storage.k8s.io/v1", "-/StorageClass/quick", provisioner="disk.csi.shop.example"),
        ("one", "medium"),
    ),
    "arguments of a CronJob": (ARGUMENTS, ("one", "medium")),
    "a node's label": (
        {"tool": "label", "target": "-/Node/worker-1", "arguments": {"set": {"disk": "ssd"}}}, ("one", "medium"),
    ),
    "a scale-down": (
        {"tool": "scale", "target": "shop/Deployment/checkout", "arguments": {"replicas": 1}}, ("one", "medium"),
    ),
    "a Service that goes to other ready pods": (
        {"tool": "set_service", "target": "shop/Service/cart", "arguments": {"selector": {"app": "web"}}},
        ("one", "medium"),
    ),
    "a Job that acts on the cluster": (made("Job", "batch/v1", "shop/Job/cleanup", spec=JOB), ("two-person", "high")),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), ASKED.values(), ids=ASKED)
def test_who_must_agree_in_production(draft: Draft, change: dict[str, Any], expected: tuple[str, str]) -> None:
    """What only adds, or is ordinary, is one person's; what may act on the cluster is two people's."""
    done = draft(change, "-o", "json")
    plan = done.document.get("plan") or {"agreement": {"approval": done.err}, "risk": ""}
    assert (plan["agreement"]["approval"], plan["risk"]) == expected


def test_uncordoning_what_a_note_says_to_keep_cordoned_is_two_peoples(draft: Draft) -> None:
    """The owner's note makes it high; without one it would be one person's."""
    uncordon = {"tool": "uncordon", "target": "-/Node/worker-1"}
    found = {
        scenario: draft(uncordon, "-o", "json", scenario=scenario).document["plan"]["agreement"]["approval"]
        for scenario in ("kept-cordoned", "cordoned-nodes")
    }
    assert found == {"kept-cordoned": "two-person", "cordoned-nodes": "one"}


def test_the_undo_of_a_half_broken_rollout_is_two_peoples(cli: Cli) -> None:
    """One of three pods ready under Recreate: not refused for the last ready pod, but asked for, and it says why."""
    with Sandbox(load(str(Path(__file__).with_name("half-down.yaml")))) as cluster:
        at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        done = cli("fix", "k8s:shop/Deployment/checkout", "--dry-run", "--no-model", "-o", "json", *at)
    plan = done.document["plan"]
    (reach,) = plan["blast_radius"]
    assert (done.code, reach["percent"], reach["purpose"], plan["agreement"]["approval"], plan["agreement"]["why"]) == (
        0,
        100,
        "restores",
        "two-person",
        "it goes over max_percent or max_pods, to put right a workload that is not whole",
    )
