"""Observation of the world round a change: on the sandbox, before and after the change has been made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import ClusterError
from agentops.core.outcome import Observation
from agentops.core.plan import Preview
from agentops.providers.kubernetes.impact.observation import observe
from agentops.sandbox.store import copy_json

PATCH = "kubernetes_patch"
CHECKOUT = "shop/Deployment/checkout"
IMAGE = "spec.template.spec.containers[checkout].image"


def look(one: Any, preview: Preview) -> Observation:
    """Observe by the cluster's own time."""
    return observe(one.cluster, preview, one.sandbox.simulation.clock.now)


def targets(found: Observation) -> dict[str, tuple[int, int, bool, str]]:
    """Return ready, wanted, settled and the failure of each target."""
    return {one.ref.short: (one.ready, one.wanted, one.settled, one.failed) for one in found.targets}


def apply(one: Any, tool: str, preview: Preview) -> None:
    """Carry out a preview as the guard does."""
    one.appliers[tool].apply(preview)


def to_image(one: Any, tag: str) -> Preview:
    """Preview another image of checkout."""
    live = one.live(CHECKOUT)["spec"]["template"]["spec"]["containers"][0]["image"]
    return one.preview(PATCH, CHECKOUT, {"path": IMAGE, "old": live, "new": f"registry.shop.example/checkout:{tag}"})


def test_a_good_rollout_settles(world: Callable[..., Any]) -> None:
    """Right after the change the target is not settled and not failed; later it is settled, and as previewed."""
    one = world("stale-alert")
    preview = to_image(one, "v1.4.2")
    apply(one, PATCH, preview)
    at_once = targets(look(one, preview))
    one.sandbox.advance(120)
    later = look(one, preview)
    assert (at_once, targets(later)) == (
        {CHECKOUT: (3, 3, False, "")},
        {CHECKOUT: (3, 3, True, "")},
    )
    assert later.objects == {str(one.ref(CHECKOUT)): preview.objects[0].after}


def test_an_image_that_does_not_exist_fails_before_the_time_is_up(world: Callable[..., Any]) -> None:
    """A pod of the new revision that can never start makes the target fail within a minute."""
    one = world("stale-alert")
    preview = to_image(one, "v9.9.9")
    apply(one, PATCH, preview)
    one.sandbox.advance(60)
    (found,) = look(one, preview).targets
    assert (found.ready, found.settled) == (3, False)
    assert "container checkout: " in found.failed
    assert "not found" in found.failed


@pytest.mark.parametrize(
    ("short", "container"),
    [("monitoring/DaemonSet/node-exporter", "node-exporter"), ("shop/StatefulSet/redis", "redis")],
)
def test_every_kind_of_rollout_knows_its_own_pods(world: Callable[..., Any], short: str, container: str) -> None:
    """The pods of the new revision are told from the others by the mark of a DaemonSet's or StatefulSet's revision."""
    one = world("stale-alert")
    path = f"spec.template.spec.containers[{container}].image"
    live = one.live(short)["spec"]["template"]["spec"]["containers"][0]["image"]
    preview = one.preview(PATCH, short, {"path": path, "old": live, "new": f"{live}-missing"})
    apply(one, PATCH, preview)
    at_once = look(one, preview).targets[0].failed
    one.sandbox.advance(90)
    later = look(one, preview).targets[0]
    assert (at_once, later.settled, "not found" in later.failed) == ("", False, True)


def test_what_a_network_policy_selects_is_watched(world: Callable[..., Any]) -> None:
    """The workloads behind a policy, a budget's none, a binding's accounts'."""
    one = world("stale-alert")
    preview = one.preview(
        "kubernetes_apply_manifest",
        "shop/NetworkPolicy/cart",
        {
            "manifest": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "cart", "namespace": "shop"},
                "spec": {"podSelector": {"matchLabels": {"app": "cart"}}},
            }
        },
    )
    assert list(targets(look(one, preview))) == ["shop/Deployment/cart"]


def test_a_target_that_is_not_there_yet_is_not_settled(world: Callable[..., Any]) -> None:
    """Before a Job is made there is nothing to be well."""
    one = world("stale-alert")
    job = min(job["metadata"]["name"] for job in one.sandbox.simulation.store.list("Job", "shop"))
    preview = one.preview("kubernetes_rerun_job", f"shop/Job/{job}", {})
    (found,) = look(one, preview).targets
    assert (found.settled, found.failed, found.detail) == (False, "", "it does not exist")


def test_a_rollback_is_not_failed_by_what_the_rollout_before_left(world: Callable[..., Any]) -> None:
    """The broken pod and the passed deadline of the bad revision are no failures of the good one."""
    one = world("bad-image-tag")
    preview = one.preview("kubernetes_rollout_undo", CHECKOUT, {})
    apply(one, "kubernetes_rollout_undo", preview)
    at_once = targets(look(one, preview))
    one.sandbox.advance(60)
    assert (at_once, targets(look(one, preview))) == (
        {CHECKOUT: (3, 3, False, "")},
        {CHECKOUT: (3, 3, True, "")},
    )


def test_pods_that_failed_before_the_change_may_heal(world: Callable[..., Any]) -> None:
    """Who uses a ConfigMap is a target, and its old failures do not end the waiting."""
    one = world("missing-config-key")
    preview = one.preview("kubernetes_edit_configmap", "shop/ConfigMap/shop-config", {"set": {"TAX_TABLE": "1"}})
    found = look(one, preview)
    assert all(not target.failed for target in found.targets)
    assert any(not target.settled and "Error" in target.detail for target in found.targets)


def test_a_stateful_set_that_is_held_up_says_by_which_pod(world: Callable[..., Any]) -> None:
    """The way back to a good image does not replace a pod that is not ready; the remedy is named, and works."""
    one = world("statefulset-stuck")
    preview = one.preview("kubernetes_rollout_undo", "shop/StatefulSet/redis", {})
    apply(one, "kubernetes_rollout_undo", preview)
    one.sandbox.advance(60)
    (held,) = look(one, preview).targets
    remedy = "pod redis-0 of an earlier revision is not ready and is replaced only when it is deleted"
    assert (held.settled, held.failed, held.detail.partition("; ")[2]) == (False, "", remedy)
    apply(one, "kubernetes_delete_pod", one.preview("kubernetes_delete_pod", "shop/Pod/redis-0", {}))
    one.sandbox.advance(120)
    assert targets(look(one, preview)) == {"shop/StatefulSet/redis": (1, 1, True, "")}


def test_the_other_workloads_of_the_namespace_are_bystanders(world: Callable[..., Any]) -> None:
    """Every other Deployment, StatefulSet and DaemonSet of the touched namespace, and none of another."""
    one = world("bad-image-tag")
    found = look(one, one.preview("kubernetes_scale", "shop/Deployment/web", {"replicas": 4}))
    assert {other.ref.short: other.settled for other in found.bystanders} == {
        "shop/Deployment/cart": True,
        "shop/Deployment/catalog": True,
        CHECKOUT: False,
        "shop/Deployment/recommendations": True,
        "shop/StatefulSet/postgres": True,
        "shop/StatefulSet/redis": True,
    }


def test_a_service_is_judged_by_its_endpoints(world: Callable[..., Any]) -> None:
    """A Service whose selector matches nothing is not settled; mended, it has its pods."""
    one = world("selector-typo")
    live = one.live("shop/Service/checkout")["spec"]["selector"]
    preview = one.preview(
        PATCH, "shop/Service/checkout", {"path": "spec.selector", "old": live, "new": {"app": "checkout"}}
    )
    before = targets(look(one, preview))
    apply(one, PATCH, preview)
    one.sandbox.advance(10)
    assert (before, targets(look(one, preview))) == (
        {"shop/Service/checkout": (0, 1, False, "")},
        {"shop/Service/checkout": (3, 3, True, "")},
    )


def test_a_namesake_is_not_the_deleted_pod(world: Callable[..., Any]) -> None:
    """A StatefulSet's new pod of the same name does not count as the old one; its workload is the target."""
    one = world("stale-alert")
    preview = one.preview("kubernetes_delete_pod", "shop/Pod/redis-0", {})
    before = look(one, preview)
    apply(one, "kubernetes_delete_pod", preview)
    at_once = look(one, preview)
    one.sandbox.advance(120)
    after = look(one, preview)
    ref = str(one.ref("shop/Pod/redis-0"))
    assert before.objects[ref] == preview.objects[0].before
    assert (at_once.objects, {target.detail for target in at_once.targets if not target.settled}) == (
        {ref: None},
        {"shop/Pod/redis-0 is being deleted"},
    )
    assert (after.objects, targets(after)) == ({ref: None}, {"shop/StatefulSet/redis": (1, 1, True, "")})
    assert one.live("shop/Pod/redis-0") is not None


def forbid(one: Any, *resources: str) -> None:
    """Take resources out of what viewers may read."""
    store = one.sandbox.simulation.store
    role = copy_json(next(r for r in store.list("ClusterRole") if r["metadata"]["name"] == "view"))
    for rule in role["rules"]:
        rule["resources"] = [name for name in rule["resources"] if name not in resources]
    store.update(role)


def test_bystanders_that_cannot_be_read_are_not_called_healthy(world: Callable[..., Any]) -> None:
    """What is forbidden appears under a star, and says so."""
    one = world("stale-alert", context="viewer")
    admin = world("stale-alert")
    preview = admin.preview("kubernetes_scale", "shop/Deployment/web", {"replicas": 4})
    forbid(one, "statefulsets")
    found = look(one, preview)
    assert [(other.ref.name, other.detail) for other in found.bystanders if other.ref.kind == "StatefulSet"] == [
        ("*", "could not be read")
    ]


def test_a_target_that_cannot_be_read_is_an_error(world: Callable[..., Any]) -> None:
    """Verification must not go on without what it verifies."""
    one = world("stale-alert", context="viewer")
    preview = world("stale-alert").preview("kubernetes_scale", "shop/Deployment/web", {"replicas": 4})
    forbid(one, "deployments")
    with pytest.raises(ClusterError, match="forbidden"):
        look(one, preview)


def waiting(found: Observation) -> dict[str, bool]:
    """Return what waits for the changed object, and whether it is well."""
    return {one.ref.short: one.settled for one in found.dependents}


def test_what_waits_for_a_node_is_seen(world: Callable[..., Any]) -> None:
    """Workloads with a pod on the node or with one that no node takes; never a DaemonSet, which runs everywhere."""
    one = world("cordoned-nodes")
    node = next(n for n in one.sandbox.simulation.store.list("Node", "") if n["spec"].get("unschedulable"))
    found = waiting(look(one, one.preview("kubernetes_uncordon", f"-/Node/{node['metadata']['name']}", {})))
    assert (False in found.values(), any("/DaemonSet/" in name for name in found)) == (True, False), found


def test_what_a_quota_holds_back_is_seen(world: Callable[..., Any]) -> None:
    """The workload that cannot make its pods waits for the quota; those that have them do not."""
    one = world("quota-exceeded")
    quota = min(q["metadata"]["name"] for q in one.sandbox.simulation.store.list("ResourceQuota", "shop"))
    hard = one.live(f"shop/ResourceQuota/{quota}")["spec"]["hard"]
    name = min(hard)
    preview = one.preview(
        PATCH, f"shop/ResourceQuota/{quota}", {"path": f"spec.hard[{name}]", "old": hard[name], "new": "999"}
    )
    found = waiting(look(one, preview))
    assert (set(found.values()), len(found)) == ({False}, 1), found


def test_what_waits_for_a_storage_class_is_seen(world: Callable[..., Any]) -> None:
    """A claim of a class that does not exist yet waits for it."""
    one = world("unbound-pvc-chain")
    manifest = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "fast-ssd"},
        "provisioner": "ebs.csi.aws.com",
    }
    preview = one.preview("kubernetes_apply_manifest", "-/StorageClass/fast-ssd", {"manifest": manifest})
    assert waiting(look(one, preview)) == {"shop/PersistentVolumeClaim/data-postgres-0": False}


def test_a_workload_that_wants_no_pods_is_idle(world: Callable[..., Any]) -> None:
    """Zero of zero ready is settled, and says that it shows nothing."""
    one = world("stale-alert")
    preview = one.preview("kubernetes_scale", "shop/Deployment/cart", {"replicas": 0})
    apply(one, "kubernetes_scale", preview)
    one.sandbox.advance(60)
    (found,) = look(one, preview).targets
    assert (found.settled, found.idle, found.wanted) == (True, True, 0)
