"""Every forbid that agentops ships: it matches, it misses, and a missing or mistyped fact never opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from agentops.core.policy import PolicyRequest
from agentops.policy import CedarPolicy
from tests.support.policies import ALL, PERMITTED, WEB, layer

Ask = Callable[..., PolicyRequest]

SECRET = "k8s://prod-eu/shop/Secret/token"
QUEUE = "aws://1/eu/sqs/queue/orders"
NAMESPACE = "k8s://prod-eu/-/Namespace/shop"


@dataclass(frozen=True)
class Row:
    """A forbid: facts that it matches, facts that it misses, and the fact whose absence or type is tried.

    ``fact`` is empty where only the resource's name decides: there nothing can be missing.
    """

    match: dict[str, Any] = field(default_factory=dict)
    miss: dict[str, Any] = field(default_factory=dict)
    target: str = WEB
    missed: str = WEB
    fact: str = ""
    absent: dict[str, Any] = field(default_factory=dict)
    action: str = "kubernetes_patch"


FOREIGN = "mcp://cluster/resources_scale"
ROWS = {
    "kernel-control-plane": Row(target="k8s://dev/kube-system/Deployment/coredns"),
    "kernel-control-plane-by-a-tool": Row(
        {"namespace": "kube-system"}, {"namespace": "shop"}, FOREIGN, FOREIGN, action="mcp_call"
    ),
    "kernel-agentops-itself": Row(target="k8s://prod-eu/agentops-system/Deployment/web"),
    "kernel-secret-contents": Row({"secretData": True}, {"secretData": False}, SECRET, SECRET, "secretData"),
    "kernel-irreversible-tainted": Row(
        {"reversible": False, "tainted": True}, {"tainted": False}, fact="tainted", absent={"reversible": False}
    ),
    "kernel-foundations": Row({"deletes": True}, {"deletes": False}, NAMESPACE, NAMESPACE, "deletes"),
    "kernel-cluster-wide-deletion": Row(
        {"deletes": True}, {"deletes": False}, "k8s://c/-/StorageClass/fast", "k8s://c/-/StorageClass/fast", "deletes"
    ),
    "kernel-cloud-deletion": Row({"deletes": True}, {"deletes": False}, QUEUE, QUEUE, "deletes", action="aws_reboot"),
    "critical-risk": Row({"risk": "critical"}, {"risk": "high"}, fact="risk"),
    "irreversible": Row({"reversible": False}, {"reversible": True}, fact="reversible"),
    "data-loss": Row({"dataLoss": True}, {"dataLoss": False}, fact="dataLoss"),
    "blast-percent": Row({"affectedPct": 51}, {"affectedPct": 50}, fact="affectedPct"),
    "blast-pods": Row({"affectedPods": 21}, {"affectedPods": 20}, fact="affectedPods"),
    "freeze": Row({"frozen": True}, {"frozen": False}, fact="frozen"),
    "scale-to-zero": Row({"scalesToZero": True}, {"scalesToZero": False}, fact="scalesToZero"),
    "workload-deletion": Row({"deletes": True}, {"deletes": False}, fact="deletes"),
    "cluster-guards": Row(target="k8s://c/-/ClusterRole/edit"),
}
FACTED = [name for name, row in ROWS.items() if row.fact]
VALUES: tuple[Any, ...] = ("yes", 1, True, ["x"], {"a": 1})
MISTYPED = [(name, value) for name in FACTED for value in VALUES if type(value) is not type(PERMITTED[ROWS[name].fact])]
ROUND = {"dryRun": True}, {"rollback": True}


def test_every_shipped_forbid_is_in_the_table(policy: CedarPolicy) -> None:
    """A forbid that is added without a row here fails this test; read-only mode has tests of its own."""
    forbids = {rule.id for rule in policy.loaded.rules.values() if not rule.permits}
    assert forbids == {*ROWS, "kernel-read-only"}


@pytest.mark.parametrize("name", ROWS)
def test_a_forbid_matches(name: str, policy: CedarPolicy, ask: Ask) -> None:
    """The request that it is made for is denied, and the forbid is named with its reason."""
    row = ROWS[name]
    ruling = policy.decide(ask(action=row.action, target=row.target, **row.match))
    why = policy.loaded.rules[name].why
    assert (ruling.allowed, name in ruling.policies, ruling.errors, why in ruling.why) == (False, True, (), True)


@pytest.mark.parametrize("name", ROWS)
def test_a_forbid_misses(name: str, policy: CedarPolicy, ask: Ask) -> None:
    """The nearest request that it is not made for is not denied by it."""
    row = ROWS[name]
    assert name not in policy.decide(ask(action=row.action, target=row.missed, **row.miss)).policies


@pytest.mark.parametrize("name", FACTED)
def test_a_missing_fact_never_opens_a_forbid(name: str, policy: CedarPolicy, ask: Ask) -> None:
    """What is not known is refused by the same forbid."""
    row = ROWS[name]
    ruling = policy.decide(ask(action=row.action, target=row.target, **{**row.absent, row.fact: None}))
    assert (ruling.allowed, name in ruling.policies) == (False, True)


@pytest.mark.parametrize(("name", "value"), MISTYPED)
def test_a_mistyped_fact_never_opens_a_forbid(name: str, value: Any, policy: CedarPolicy, ask: Ask) -> None:
    """A fact of another type than the schema's denies the whole request with an error."""
    row = ROWS[name]
    ruling = policy.decide(ask(action=row.action, target=row.missed, **{row.fact: value}))
    assert (ruling.allowed, ruling.policies, bool(ruling.errors)) == (False, (), True)


@pytest.mark.parametrize(
    "name", ["irreversible", "data-loss", "blast-percent", "blast-pods", "freeze", "scale-to-zero"]
)
@pytest.mark.parametrize("way", ROUND, ids=["dry run", "way back"])
def test_limits_hold_up_neither_a_dry_run_nor_the_way_back(
    name: str, way: dict[str, Any], policy: CedarPolicy, ask: Ask
) -> None:
    """Looking is free, and a change that was approved can be rolled back whatever it costs."""
    row = ROWS[name]
    assert policy.decide(ask(action=row.action, target=row.target, **row.match, **way)).allowed


@pytest.mark.parametrize(
    "name", ["kernel-control-plane", "kernel-control-plane-by-a-tool", "kernel-agentops-itself", "cluster-guards"]
)
@pytest.mark.parametrize("way", ROUND, ids=["dry run", "way back"])
def test_what_is_out_of_reach_is_out_of_reach_for_both(
    name: str, way: dict[str, Any], policy: CedarPolicy, ask: Ask
) -> None:
    """The control plane, agentops itself and the cluster's guards are not even looked at by a dry run."""
    row = ROWS[name]
    assert name in policy.decide(ask(action=row.action, target=row.target, **row.match, **way)).policies


def test_not_even_a_way_back_deletes_a_resource_of_aws(policy: CedarPolicy, ask: Ask) -> None:
    """No tool makes one, so no undo need delete one; only to look is free."""
    deleting = [policy.decide(ask(action="aws_reboot", target=QUEUE, deletes=True, **way)) for way in ROUND]
    assert ["kernel-cloud-deletion" in ruling.policies for ruling in deleting] == [False, True]


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        ("k8s://c/-/Namespace/kube-system", {}),
        ("k8s://c/kube-public/ConfigMap/info", {}),
        ("k8s://c/kube-node-lease/Lease/n", {}),
        ("k8s://c/-/ClusterRoleBinding/agentops-fix", {}),
        ("k8s://c/shop/ServiceAccount/agentops", {}),
        ("k8s://c/shop/Deployment/web", {"app.kubernetes.io/part-of": "agentops"}),
        ("aws://1/eu/s3/bucket/agentops-anchors", {}),
    ],
)
def test_the_kernel_guards_by_name_and_label(
    target: str, labels: dict[str, str], policy: CedarPolicy, ask: Ask
) -> None:
    """The control plane's namespaces and all that agentops consists of, wherever it is."""
    action = "aws_reboot" if target.startswith("aws") else "kubernetes_patch"
    ruling = policy.decide(ask(action=action, target=target, attributes={"labels": labels}))
    assert any(name.startswith("kernel-") for name in ruling.policies)


def test_read_only_mode_refuses_every_change_and_no_read(loaded: Callable[..., CedarPolicy], ask: Ask) -> None:
    """In read-only mode not even a dry run goes out, and reads go on."""
    policy = loaded(read_only=True)
    read = PolicyRequest(principal=ask().principal, action="kubernetes_list", groups=("read",), resource=ask().resource)
    found = [policy.decide(request) for request in (ask(), ask(dryRun=True), ask(rollback=True), read)]
    assert [(ruling.allowed, ruling.policies[0]) for ruling in found] == [
        *[(False, "kernel-read-only")] * 3,
        (True, "reads"),
    ]


@pytest.mark.parametrize("name", [name for name in ROWS if name.startswith("kernel-")])
def test_no_base_opens_the_kernel(name: str, loaded: Callable[..., CedarPolicy], ask: Ask) -> None:
    """A base that permits everything to everybody leaves the kernel standing."""
    row = ROWS[name]
    ruling = loaded(layer(ALL)).decide(ask(action=row.action, target=row.target, **row.match))
    assert (ruling.allowed, name in ruling.policies, "all" in ruling.policies) == (False, True, False)
