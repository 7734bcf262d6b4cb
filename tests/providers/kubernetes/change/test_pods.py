"""Evicting and deleting one pod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import ClusterError, Stale, ToolInputError
from agentops.core.plan import Preview
from agentops.core.risk import Reversal, Risk
from agentops.sandbox.store import copy_json

EVICT, DELETE = "kubernetes_evict_pod", "kubernetes_delete_pod"
RECREATED = "A new pod takes its place; what this one held in memory is gone."
BARE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bare", "namespace": "shop"},
    "spec": {"containers": [{"name": "app", "image": "registry.shop.example/web:2.14.1"}], "nodeName": "worker-1"},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
}


def pod_of(one: Any, prefix: str) -> str:
    """Return ``shop/Pod/NAME`` of the first pod whose name begins so."""
    names = sorted(pod["metadata"]["name"] for pod in one.sandbox.simulation.store.list("Pod", "shop"))
    return "shop/Pod/" + next(name for name in names if name.startswith(prefix))


def change_pod(one: Any, short: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change a stored pod as a controller would have."""
    store = one.sandbox.simulation.store
    pod = copy_json(next(p for p in store.list("Pod", "shop") if p["metadata"]["name"] == short.split("/")[-1]))
    edit(pod)
    store.update(pod)


def described(preview: Preview) -> tuple[Any, ...]:
    """Return what a preview promises."""
    return (
        [(call.verb, call.path.rpartition("pods/")[2]) for call in preview.calls],
        [(change.ref.short, change.verb.value, change.after) for change in preview.objects],
        preview.risk,
        preview.reversal,
        preview.undo,
        preview.residue,
    )


def test_an_eviction(world: Callable[..., Any]) -> None:
    """A pod that its controller makes again is evicted by its uid, and there is no way back but its controller's."""
    one = world("stale-alert")
    short = pod_of(one, "web-")
    preview = one.preview(EVICT, short, {})
    name = short.split("/")[-1]
    assert described(preview) == (
        [("create", f"{name}/eviction")],
        [(short, "delete", None)],
        Risk.MEDIUM,
        Reversal.COMPENSATING,
        (),
        (RECREATED,),
    )
    assert preview.calls[0].body["deleteOptions"] == {"preconditions": {"uid": preview.objects[0].uid}}
    one.appliers[EVICT].apply(preview)
    one.sandbox.advance(60)
    assert one.live(short) is None


def test_a_budget_that_allows_nothing_refuses_in_its_own_words(world: Callable[..., Any]) -> None:
    """The refusal names the budget, what it needs and what it has; nothing was evicted."""
    one = world("pdb-blocks-drain")
    with pytest.raises(ClusterError) as caught:
        one.preview(EVICT, pod_of(one, "web-"), {})
    assert caught.value.code == "disruption-budget"
    assert "Cannot evict pod as it would violate the pod's disruption budget." in caught.value.message
    assert "(shop/web needs 3 healthy pods and has 3)" in caught.value.message


def test_a_deletion_goes_past_the_budget(world: Callable[..., Any]) -> None:
    """A deletion is not asked of budgets; it names the uid."""
    one = world("pdb-blocks-drain")
    short = pod_of(one, "web-")
    preview = one.preview(DELETE, short, {"grace_period_s": 5})
    body = {"preconditions": {"uid": preview.objects[0].uid}, "gracePeriodSeconds": 5}
    assert {key: preview.calls[0].body[key] for key in body} == body
    assert (preview.risk, preview.reversal) == (Risk.MEDIUM, Reversal.COMPENSATING)


def test_a_deletion_that_does_not_wait_is_of_high_risk(world: Callable[..., Any]) -> None:
    """Without a grace period a pod of a lost node may go on running."""
    preview = (one := world("stale-alert")).preview(DELETE, pod_of(one, "web-"), {"grace_period_s": 0})
    assert preview.risk is Risk.HIGH
    assert "Its processes are not waited for: on a node that is cut off they may go on running." in preview.residue


@pytest.mark.parametrize("tool", [EVICT, DELETE])
def test_a_pod_without_a_controller_does_not_come_back(world: Callable[..., Any], tool: str) -> None:
    """Nothing takes that back, and it is of high risk."""
    one = world("stale-alert")
    one.create(BARE)
    preview = one.preview(tool, "shop/Pod/bare", {})
    assert (preview.risk, preview.reversal, preview.undo, preview.residue[0]) == (
        Risk.HIGH,
        Reversal.NONE,
        (),
        "No controller makes it again: it is a pod of its own.",
    )


def test_a_pod_whose_controller_is_gone_does_not_come_back(world: Callable[..., Any]) -> None:
    """An owner reference to something that was deleted promises nothing."""
    one = world("stale-alert")
    short = pod_of(one, "web-")
    change_pod(one, short, lambda pod: pod["metadata"]["ownerReferences"][0].update(name="gone"))
    preview = one.preview(DELETE, short, {})
    assert (preview.reversal, preview.residue[0]) == (
        Reversal.NONE,
        "Its controller ReplicaSet gone is gone: nothing creates it again.",
    )


def test_a_controller_of_the_same_name_is_another_one(world: Callable[..., Any]) -> None:
    """The owner must be the very object that the pod names by its uid."""
    one = world("stale-alert")
    change_pod(one, "shop/Pod/redis-0", lambda pod: pod["metadata"]["ownerReferences"][0].update(uid="other"))
    preview = one.preview(EVICT, "shop/Pod/redis-0", {})
    assert (preview.reversal, preview.residue[0]) == (
        Reversal.NONE,
        "Its controller StatefulSet redis no longer exists: nothing creates it again.",
    )


def test_an_ephemeral_volume_goes_with_its_pod(world: Callable[..., Any]) -> None:
    """A generic ephemeral volume is deleted with its pod."""
    one = world("stale-alert")
    volume = {"name": "cache", "ephemeral": {"volumeClaimTemplate": {}}}
    change_pod(one, "shop/Pod/redis-0", lambda pod: pod["spec"].setdefault("volumes", []).append(volume))
    preview = one.preview(EVICT, "shop/Pod/redis-0", {"grace_period_s": 1})
    assert preview.residue == (RECREATED, "Its generic ephemeral volumes are deleted with it.")
    assert preview.calls[0].body["deleteOptions"]["gracePeriodSeconds"] == 1


def test_blast_radius_and_observation_are_of_the_pods_workload(world: Callable[..., Any]) -> None:
    """One of three pods, and its Deployment is what is watched."""
    one = world("stale-alert")
    preview = one.preview(EVICT, pod_of(one, "web-"), {})
    found, seen = one.tools[EVICT].blast_radius(preview), one.tools[EVICT].observe(preview)
    assert (found.instances, found.instances_total, found.percent) == (1, 3, 34)
    assert [target.ref.short for target in seen.targets] == ["shop/Deployment/web"]


def test_what_goes_with_a_pod_is_said(world: Callable[..., Any]) -> None:
    """The content of an emptyDir is lost, a claim stays."""
    one = world("stale-alert")
    change_pod(one, "shop/Pod/postgres-0", lambda pod: pod["spec"]["volumes"].append({"name": "tmp", "emptyDir": {}}))
    assert one.preview(DELETE, "shop/Pod/postgres-0", {}).residue == (
        RECREATED,
        "What is in its emptyDir volumes is gone.",
        "Its PersistentVolumeClaims stay; the new pod waits until they are free.",
    )


@pytest.mark.parametrize("tool", [EVICT, DELETE])
def test_a_static_pod_is_its_kubelets(world: Callable[..., Any], tool: str) -> None:
    """Deleting its mirror would change nothing."""
    one = world("stale-alert")
    mirror = {**BARE, "metadata": {**BARE["metadata"], "annotations": {"kubernetes.io/config.mirror": "abc"}}}
    one.create(mirror)
    with pytest.raises(ToolInputError, match="static pod"):
        one.preview(tool, "shop/Pod/bare", {})


def test_a_pod_that_is_on_its_way_out_is_left_alone(world: Callable[..., Any]) -> None:
    """What is being deleted is not deleted again, unless without waiting."""
    one = world("stale-alert")
    short = pod_of(one, "web-")
    one.appliers[DELETE].apply(one.preview(DELETE, short, {"grace_period_s": 3000}))
    with pytest.raises(ToolInputError, match="being deleted already"):
        one.preview(EVICT, short, {})
    assert one.preview(DELETE, short, {"grace_period_s": 0}).risk is Risk.HIGH


def test_another_pod_of_the_name_is_not_hit(world: Callable[..., Any]) -> None:
    """A StatefulSet's new pod has the old one's name and another uid: the approved deletion is stale."""
    one = world("stale-alert")
    preview = one.preview(DELETE, "shop/Pod/redis-0", {})
    one.appliers[DELETE].apply(preview)
    one.sandbox.advance(120)
    with pytest.raises(Stale):
        one.appliers[DELETE].apply(preview)
    assert one.live("shop/Pod/redis-0") is not None


@pytest.mark.parametrize(("short", "arguments"), [("shop/Deployment/web", {}), ("shop/Pod/redis-0", {"force": True})])
def test_what_does_not_fit_is_refused(world: Callable[..., Any], short: str, arguments: dict[str, Any]) -> None:
    """Another kind of target or an unknown argument never gets as far as the server."""
    with pytest.raises(ToolInputError):
        world("stale-alert").preview(EVICT, short, arguments)
