"""What the change tools refuse, what they call stale, whose field they say it is, and when they promise no way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import Forbidden, Stale, ToolError, ToolInputError
from agentops.core.plan import Change, Ownership
from agentops.core.resource import parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.refusals import may_have_happened, refused
from agentops.providers.kubernetes.change.permissions import missing_permissions
from agentops.providers.kubernetes.change.registry import change_tools

_CHECKOUT = "shop/Deployment/checkout"
_C = "spec.template.spec.containers[checkout]"
_CONFIG = "shop/ConfigMap/shop-config"

_WRONG: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "an old value that is not there": (
        "patch",
        _CHECKOUT,
        {"path": "spec.replicas", "old": 7, "new": 4},
        "spec.replicas is not 7 but 3",
    ),
    "an old value of another type": (
        "patch",
        _CHECKOUT,
        {"path": "spec.replicas", "old": "3", "new": 4},
        'spec.replicas is not "3" but 3',
    ),
    "an old value for what is absent": (
        "patch",
        _CHECKOUT,
        {"path": "spec.paused", "old": False, "new": True},
        "spec.paused is not false but absent",
    ),
    "no old value": ("patch", _CHECKOUT, {"path": "spec.replicas", "new": 4}, "spec.replicas: old is missing"),
    "path and changes": (
        "patch",
        _CHECKOUT,
        {"path": "a", "old": 1, "new": 2, "changes": [{"path": "a", "old": 1, "new": 2}]},
        "kubernetes_patch takes either",
    ),
    "neither path nor changes": ("patch", _CHECKOUT, {}, "kubernetes_patch takes either"),
    "replace beside old": (
        "patch",
        _CHECKOUT,
        {"path": f"{_C}.image", "old": "a", "replace": {"a": "b"}},
        f"{_C}.image: replace stands in place of old and new",
    ),
    "a text that is not there": (
        "patch",
        _CHECKOUT,
        {"path": f"{_C}.image", "replace": {"v9": "v1"}},
        f"{_C}.image does not hold 'v9'",
    ),
    "a replace in a number": (
        "patch",
        _CHECKOUT,
        {"path": "spec.replicas", "replace": {"3": "4"}},
        "spec.replicas is not a text in which something could be replaced: 3",
    ),
    "a container that is not there": (
        "patch",
        _CHECKOUT,
        {"path": "spec.template.spec.containers[app].image", "old": None, "new": "x"},
        "spec.template.spec.containers[app].image: the list has no item 'app'",
    ),
    "a map's key that is taken": (
        "patch",
        "shop/Service/checkout",
        {"path": "spec.selector", "old": {}, "new": {"app": "x"}},
        'spec.selector[app] is there already: "checkout"',
    ),
    "finalizers": (
        "patch",
        _CHECKOUT,
        {"path": "metadata.finalizers", "old": None, "new": ["a"]},
        "metadata.finalizers cannot be edited",
    ),
    "status": (
        "patch",
        _CHECKOUT,
        {"path": "status.replicas", "old": 4, "new": 9},
        "status of Deployment cannot be edited",
    ),
    "the kind": (
        "patch",
        _CHECKOUT,
        {"path": "kind", "old": "Deployment", "new": "Job"},
        "kind of Deployment cannot be edited",
    ),
    "a machine's annotation": (
        "annotate",
        _CHECKOUT,
        {"set": {"deployment.kubernetes.io/revision": "9"}},
        "the annotation deployment.kubernetes.io/revision is written by a program for itself",
    ),
    "a taint that a controller sets": (
        "patch",
        "-/Node/worker-1",
        {"path": "spec.taints", "old": None, "new": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]},
        "spec.taints is written by a controller, not by agentops",
    ),
    "a Secret's data": (
        "patch",
        "shop/Secret/shop-database",
        {"path": "data[password]", "old": "(7 bytes, not shown)", "new": "x"},
        "data[password] is not",
    ),
    "a Secret's new key": (
        "patch",
        "shop/Secret/shop-database",
        {"path": "data[extra]", "old": None, "new": "eA=="},
        "data of Secret cannot be edited",
    ),
    "a Secret's text": (
        "patch",
        "shop/Secret/shop-database",
        {"path": "stringData", "old": None, "new": {"a": "b"}},
        "stringData of Secret cannot be edited",
    ),
    "another kind": ("scale", "shop/Service/checkout", {"replicas": 1}, "this is for Deployment, StatefulSet"),
    "a plural for the kind": ("patch", "shop/deployments/checkout", {"path": "a"}, "the kind 'deployments' is written"),
    "a short name for the kind": (
        "label",
        "shop/secret/shop-database",
        {"set": {"a": "b"}},
        "the kind 'secret' is written",
    ),
    "no namespace": ("scale", "-/Deployment/checkout", {"replicas": 1}, "Deployment checkout needs a namespace"),
    "a namespace too many": ("cordon", "shop/Node/worker-1", {}, "Node worker-1 is cluster-scoped"),
    "a revision that is not kept": (
        "rollout_undo",
        _CHECKOUT,
        {"to_revision": 99},
        "there is no revision 99 any more",
    ),
    "no earlier revision": (
        "rollout_undo",
        "shop/Deployment/cart",
        {},
        "there is no earlier revision to go back to",
    ),
    "suspending by resume": (
        "resume_cronjob",
        "shop/CronJob/daily-report",
        {"suspend": True},
        "kubernetes_resume_cronjob resumes",
    ),
    "a key that is not there": ("edit_configmap", _CONFIG, {"unset": ["NONE"]}, "there is no key 'NONE' in data"),
    "a key that cannot be": ("edit_configmap", _CONFIG, {"set": {"a b": "c"}}, "'a b' cannot be a key"),
    "a rename onto a key": (
        "edit_configmap",
        _CONFIG,
        {"rename": {"DATABASE_HOST": "DATABASE_NAME"}},
        "the key 'DATABASE_NAME' is there already",
    ),
    "nothing to edit": ("edit_configmap", _CONFIG, {}, "kubernetes_edit_configmap needs one of"),
    "a key without replace": (
        "edit_configmap",
        _CONFIG,
        {"key": "DATABASE_HOST"},
        "kubernetes_edit_configmap needs key and replace together",
    ),
    "no image": ("set_image", _CHECKOUT, {"image": "-evil --flag"}, "'-evil --flag' is not an image"),
    "a container unknown": ("set_image", _CHECKOUT, {"container": "x", "image": "a"}, "there is no container 'x'"),
    "no quantity": ("set_resources", _CHECKOUT, {"limits": {"memory": "lots"}}, "memory cannot be 'lots'"),
    "a negative quantity": ("set_resources", _CHECKOUT, {"limits": {"cpu": "-1"}}, "cpu cannot be '-1'"),
    "no resources": ("set_resources", _CHECKOUT, {}, "kubernetes_set_resources needs requests or limits"),
    "a credential's name": (
        "set_env",
        _CHECKOUT,
        {"set": {"DB_PASSWORD": "x"}},
        "DB_PASSWORD looks like a credential, and a pod template is no place for one: use a Secret",
    ),
    "a credential's value": (
        "set_env",
        _CHECKOUT,
        {"set": {"DATABASE_URL": "postgres://u:hunter2@db/x"}},
        "DATABASE_URL looks like a credential, and a pod template is no place for one: use a Secret",
    ),
    "a variable unknown": ("set_env", _CHECKOUT, {"unset": ["NONE"]}, "there is no variable 'NONE'"),
    "a probe unknown": (
        "set_probe",
        _CHECKOUT,
        {"probe": "startup", "fields": {"periodSeconds": 3}},
        "the container has no startupProbe",
    ),
    "a port unknown": (
        "set_service",
        "shop/Service/checkout",
        {"ports": {"grpc": {"port": 1}}},
        "no ports of the Service are called 'grpc'",
    ),
    "bounds that cross": ("set_hpa", "shop/HorizontalPodAutoscaler/web", {"min": 99}, "min 99 is above max"),
    "a smaller claim": (
        "resize_pvc",
        "shop/PersistentVolumeClaim/data-postgres-0",
        {"storage": "1Mi"},
        "the claim has",
    ),
    "a label that is not there": ("label", _CHECKOUT, {"unset": ["none"]}, "there is no 'none' in metadata.labels"),
    "no marks": ("label", _CHECKOUT, {}, "set or unset is needed to change labels"),
    "a Secret's manifest": (
        "apply_manifest",
        "shop/Secret/x",
        {"manifest": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}},
        "agentops does not apply a Secret",
    ),
    "a manifest of another object": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}}},
        "metadata.name of the manifest is not x",
    ),
    "a manifest for another namespace": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "kube-system"}}},
        "metadata.namespace of the manifest is not shop",
    ),
    "a manifest with owners": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "ownerReferences": []}}},
        "metadata.ownerReferences cannot be set by a manifest",
    ),
    "a manifest of another kind": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}},
        "kind of the manifest is Secret, not ConfigMap",
    ),
    "the cluster's own namespace": (
        "delete",
        "-/Namespace/kube-system",
        {},
        "the namespace kube-system is the cluster's",
    ),
}


@pytest.mark.parametrize("name", _WRONG)
def test_what_does_not_fit_is_refused_and_nothing_is_stored(name: str, standing: Callable[..., Any]) -> None:
    """The message says what is wrong, and the store is as it was."""
    here = standing()
    before = here.sandbox.dump()
    tool, target, arguments, words = _WRONG[name]
    with pytest.raises(ToolInputError) as caught:
        here.preview(f"kubernetes_{tool}", target, arguments)
    assert (caught.value.message[: len(words)], here.sandbox.dump()) == (words, before)


def test_a_message_does_not_show_a_credential(standing: Callable[..., Any]) -> None:
    """Asking with a wrong old value is no way to read what a variable or key of such a name holds."""
    here = standing()
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "leaky", "namespace": "shop"}}
    here.create({**live, "data": {"API_TOKEN": "hunter2", "url": "postgres://u:hunter2@db/x", "plain": "seen"}})
    said = []
    for key in ("API_TOKEN", "url", "plain"):
        with pytest.raises(ToolInputError) as caught:
            here.preview("kubernetes_patch", "shop/ConfigMap/leaky", {"path": f"data[{key}]", "old": "x", "new": "y"})
        said.append(caught.value.message)
    assert said == [
        "data[API_TOKEN] is not (not shown) but (not shown)",
        'data[url] is not "x" but (not shown)',
        'data[plain] is not "x" but "seen"',
    ]


def test_several_texts_are_replaced_in_one_pass(world: Callable[..., Any]) -> None:
    """What has been put in is not replaced again, and the longest text wins."""
    here = world()
    texts = {"new-basket": "free-shipping", "free-shipping": "new-basket", "free": "no"}
    preview = here.preview("kubernetes_edit_configmap", _CONFIG, {"key": "FEATURE_FLAGS", "replace": texts})
    assert [edit.new for edit in preview.objects[0].edits] == ["free-shipping,new-basket"]


def test_another_clusters_object_is_refused(standing: Callable[..., Any]) -> None:
    """The context in the target is the one that the tools are bound to, or nothing is asked."""
    here = standing()
    target = parse_ref("k8s://production/shop/Deployment/checkout")
    with pytest.raises(ToolInputError, match="is not in the cluster sandbox"):
        here.tools["kubernetes_scale"].preview(
            Change(tool="kubernetes_scale", target=target, arguments={"replicas": 1})
        )


def test_reads_and_writes_must_go_to_one_cluster(world: Callable[..., Any], connect_to_stub: Any, stub: Any) -> None:
    """A dry runner of another connection than the reader's is refused when the tools are made."""
    from agentops.providers.kubernetes.api.transport import Patience

    with pytest.raises(ToolInputError, match="reads go to"):
        change_tools(connect_to_stub(Patience()), world().clients.dry_runner, lambda: None)  # type: ignore[arg-type, return-value]


_FORBIDDEN = [
    ("kubernetes_patch", _CHECKOUT, {"path": "spec.replicas", "old": 3, "new": 4}),
    ("kubernetes_scale", _CHECKOUT, {"replicas": 4}),
    (
        "kubernetes_apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}},
    ),
    ("kubernetes_cordon", "-/Node/worker-1", {}),
]


@pytest.mark.parametrize(("tool", "target", "arguments"), _FORBIDDEN)
def test_a_viewer_is_told_so_by_the_dry_run(
    tool: str, target: str, arguments: dict[str, Any], standing: Callable[..., Any]
) -> None:
    """Permissions are the server's: what may not be written cannot be previewed."""
    with pytest.raises(Forbidden):
        standing(context="viewer").preview(tool, target, arguments)


def test_a_viewer_is_told_that_it_may_not_delete(standing: Callable[..., Any]) -> None:
    """A deletion is not tried out; whether it may be done is asked of the server."""
    here = standing(context="viewer")
    found = missing_permissions(here.cluster, here.preview("kubernetes_delete", _CONFIG, {}))
    assert [one.partition(":")[0] for one in found] == ["delete configmaps shop/shop-config"]


_MOVED = [
    ("kubernetes_patch", _CHECKOUT, {"path": "spec.replicas", "old": 3, "new": 4}, {"replicas": 6}),
    ("kubernetes_scale", _CHECKOUT, {"replicas": 4}, {"replicas": 6}),
    ("kubernetes_set_image", _CHECKOUT, {"image": "registry.shop.example/checkout:v1.4.1"}, {"replicas": 6}),
]


@pytest.mark.parametrize(("tool", "target", "arguments", "meanwhile"), _MOVED)
def test_an_object_that_moved_after_the_preview_is_stale(
    tool: str, target: str, arguments: dict[str, Any], meanwhile: dict[str, Any], world: Callable[..., Any]
) -> None:
    """Somebody else's change in between is not overwritten: nothing is stored and the error says what moved."""
    here = world()
    preview = here.preview(tool, target, arguments)
    here.appliers["kubernetes_scale"].apply(here.preview("kubernetes_scale", target, meanwhile))
    before = here.sandbox.dump()
    with pytest.raises(Stale, match="has changed"):
        here.appliers[tool].apply(preview)
    assert here.sandbox.dump() == before


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("kubernetes_edit_configmap", {"set": {"A": "1"}}), ("kubernetes_delete", {})],
)
def test_a_config_map_that_moved_is_stale(tool: str, arguments: dict[str, Any], world: Callable[..., Any]) -> None:
    """Without a status only people move it, so its version is expected as well."""
    here = world()
    preview = here.preview(tool, _CONFIG, arguments)
    here.appliers["kubernetes_label"].apply(here.preview("kubernetes_label", _CONFIG, {"set": {"x": "y"}}))
    with pytest.raises(Stale):
        here.appliers[tool].apply(preview)


def test_an_object_made_again_under_the_same_name_is_stale(world: Callable[..., Any]) -> None:
    """The uid is expected: another object of the same name is another object."""
    here = world()
    preview = here.preview("kubernetes_edit_configmap", _CONFIG, {"set": {"A": "1"}})
    gone = here.preview("kubernetes_delete", _CONFIG, {})
    here.appliers["kubernetes_delete"].apply(gone)
    back = gone.undo[0]
    here.appliers[back.tool].apply(here.tools[back.tool].preview(back))
    with pytest.raises(Stale, match="/metadata/uid was"):
        here.appliers["kubernetes_edit_configmap"].apply(preview)


def test_somebody_who_creates_it_first_makes_a_creation_stale(world: Callable[..., Any]) -> None:
    """A creation does not become an update of what somebody else made."""
    here = world()
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "namespace": "shop"},
        "data": {"a": "1"},
    }
    preview = here.preview("kubernetes_apply_manifest", "shop/ConfigMap/x", {"manifest": manifest})
    here.create({**manifest, "data": {"a": "2"}})
    with pytest.raises(Stale, match="already exists"):
        here.appliers["kubernetes_apply_manifest"].apply(preview)


def test_a_status_update_in_between_is_no_reason_to_refuse(world: Callable[..., Any]) -> None:
    """A crash-looping workload has a new resourceVersion every few seconds; what is changed has not moved."""
    here = world()
    arguments = {"path": "spec.replicas", "old": 3, "new": 4}
    preview = here.preview("kubernetes_patch", _CHECKOUT, arguments)
    store = here.sandbox.simulation.store
    live = next(one for one in store.dump() if one["kind"] == "Deployment" and one["metadata"]["name"] == "checkout")
    store.update({**live, "status": {**live["status"], "readyReplicas": 1}})
    assert here.preview("kubernetes_patch", _CHECKOUT, arguments).calls == preview.calls
    here.appliers["kubernetes_patch"].apply(preview)
    assert here.live(_CHECKOUT) == preview.objects[0].after


_NOTHING = [
    ("kubernetes_patch", _CHECKOUT, {"path": "spec.replicas", "old": 3, "new": 3}),
    ("kubernetes_scale", _CHECKOUT, {"replicas": 3}),
    ("kubernetes_uncordon", "-/Node/worker-1", {}),
    ("kubernetes_resume_cronjob", "shop/CronJob/daily-report", {}),
    ("kubernetes_label", _CHECKOUT, {"set": {"team": "shop"}}),
    ("kubernetes_set_quota", "shop/ResourceQuota/shop", {"hard": {"none": None}}),
]


@pytest.mark.parametrize(("tool", "target", "arguments"), _NOTHING)
def test_what_is_so_already_is_an_empty_preview(
    tool: str, target: str, arguments: dict[str, Any], standing: Callable[..., Any]
) -> None:
    """No call, no object: the guard stops there."""
    preview = standing().preview(tool, target, arguments)
    assert (preview.calls, preview.objects, preview.undo) == ((), (), ())


def test_applying_the_same_manifest_twice_changes_nothing(world: Callable[..., Any]) -> None:
    """Server-side apply of what is there already is an empty preview."""
    here = world()
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-config"}, "data": {"NEW": "1"}}
    first = here.preview("kubernetes_apply_manifest", _CONFIG, {"manifest": manifest})
    here.appliers["kubernetes_apply_manifest"].apply(first)
    second = here.preview("kubernetes_apply_manifest", _CONFIG, {"manifest": manifest})
    assert (len(first.objects), second.objects, second.calls) == (1, (), ())


def test_a_field_of_another_manager_is_not_taken_by_apply(world: Callable[..., Any]) -> None:
    """The conflict is an error that names the owner and the field."""
    here = world()
    fields = {"manager": "helm", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1"}
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "owned", "namespace": "shop"},
        "data": {"K": "1"},
    }
    managed = [{**fields, "fieldsV1": {"f:data": {"f:K": {}}}}]
    here.create({**manifest, "metadata": {**manifest["metadata"], "managedFields": managed}})
    with pytest.raises(ToolError, match=r"helm owns \.data\.K"):
        here.preview(
            "kubernetes_apply_manifest", "shop/ConfigMap/owned", {"manifest": {**manifest, "data": {"K": "2"}}}
        )


_LOST = {
    "shop/Secret/shop-database": (Risk.HIGH, "Its content is not kept by agentops."),
    "shop/Job/daily-report-": (Risk.HIGH, "Created again, it would run again."),
    "shop/PersistentVolumeClaim/data-postgres-0": (
        Risk.CRITICAL,
        "The data of its volume may be deleted with it (reclaim policy).",
    ),
    "-/Namespace/shop": (Risk.CRITICAL, "Everything in it is deleted."),
    "shop/StatefulSet/redis": (
        Risk.CRITICAL,
        "Its pods and revisions are gone, and its claims with them if its retention policy says so.",
    ),
}


def _whole(here: Any, target: str) -> str:
    """Return a target whose name ends in a dash with the newest name that begins so: a CronJob's runs are named by
    the minute in which they were due."""
    if not target.endswith("-"):
        return target
    namespace, kind, prefix = target.split("/")
    names = [
        one["metadata"]["name"]
        for one in here.sandbox.simulation.store.dump()
        if (one["kind"], one["metadata"].get("namespace")) == (kind, namespace)
    ]
    return f"{namespace}/{kind}/{max(name for name in names if name.startswith(prefix))}"


@pytest.mark.parametrize("target", _LOST)
def test_a_deletion_that_nothing_takes_back_says_so(target: str, standing: Callable[..., Any]) -> None:
    """No undo is promised, the reason is in the residue, and a Secret's content is nowhere."""
    here = standing()
    preview = here.preview("kubernetes_delete", _whole(here, target), {})
    risk, why = _LOST[target]
    assert (preview.reversal, preview.undo, preview.risk, preview.residue) == (Reversal.NONE, (), risk, (why,))
    assert "data" not in (preview.objects[0].before or {})


def test_a_secrets_labels_are_shown_and_its_content_is_not(standing: Callable[..., Any]) -> None:
    """Neither the objects, the calls nor the undo of a Secret's change hold anything of its data."""
    preview = standing().preview("kubernetes_label", "shop/Secret/shop-database", {"set": {"a": "b"}})
    change = preview.objects[0]
    found = (set(change.before or {}) & {"data", "stringData"}, set(change.after or {}) & {"data", "stringData"})
    assert (found, [one for one in preview.calls[0].body if "/data" in one["path"]]) == ((set(), set()), [])


def test_a_claim_grows_and_nothing_takes_it_back(world: Callable[..., Any]) -> None:
    """The preview has no undo and says why."""
    here = world()
    preview = here.preview("kubernetes_resize_pvc", "shop/PersistentVolumeClaim/data-postgres-0", {"storage": "500Gi"})
    here.appliers["kubernetes_resize_pvc"].apply(preview)
    assert (preview.reversal, preview.undo, preview.risk, preview.residue) == (
        Reversal.NONE,
        (),
        Risk.MEDIUM,
        ("A volume that has grown cannot be made smaller.",),
    )
    assert here.shown("shop/PersistentVolumeClaim/data-postgres-0", preview.objects[0]) == preview.objects[0].after


def test_scaling_what_an_autoscaler_scales_names_it(standing: Callable[..., Any]) -> None:
    """The autoscaler will take the number back, and the plan says where to make the change instead."""
    preview = standing().preview("kubernetes_scale", "shop/Deployment/web", {"replicas": 4})
    expected = Ownership(
        by="hpa/web",
        what="spec.replicas",
        reverts=True,
        where="minReplicas and maxReplicas of HorizontalPodAutoscaler web (kubernetes_set_hpa)",
    )
    assert preview.owners == (expected,)


def test_an_image_of_another_workload_is_nobody_elses(standing: Callable[..., Any]) -> None:
    """An autoscaler owns the number of replicas and nothing else."""
    image = {"image": "registry.shop.example/web:v1"}
    assert standing().preview("kubernetes_set_image", "shop/Deployment/web", image).owners == ()


_OWNED: dict[str, tuple[dict[str, Any], tuple[Ownership, ...]]] = {
    "Argo CD": (
        {"annotations": {"argocd.argoproj.io/tracking-id": "shop-app:/ConfigMap:shop/owned"}},
        (
            Ownership(
                by="argocd",
                what="the whole object",
                reverts=True,
                where="the Git source of Argo CD Application shop-app",
            ),
        ),
    ),
    "Argo CD by label": (
        {"labels": {"argocd.argoproj.io/instance": "shop-app"}},
        (
            Ownership(
                by="argocd",
                what="the whole object",
                reverts=True,
                where="the Git source of Argo CD Application shop-app",
            ),
        ),
    ),
    "Flux": (
        {
            "labels": {
                "kustomize.toolkit.fluxcd.io/name": "apps",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            }
        },
        (
            Ownership(
                by="flux",
                what="the whole object",
                reverts=True,
                where="the source of Flux Kustomization flux-system/apps",
            ),
        ),
    ),
    "Helm": (
        {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"},
        },
        (
            Ownership(
                by="helm",
                what="the whole object; the next upgrade of the release may undo the change",
                where="the values of Helm release shop/shop",
            ),
        ),
    ),
    "an operator": (
        {
            "ownerReferences": [
                {"apiVersion": "x/v1", "kind": "Cache", "name": "main", "uid": "u", "controller": True},
                {"apiVersion": "v1", "kind": "Other", "name": "o", "uid": "v"},
            ]
        },
        (Ownership(by="Cache/main", what="the whole object", reverts=True, where="Cache main"),),
    ),
    "an operator by its fields": (
        {"managedFields": [{"manager": "cache-operator", "operation": "Update", "fieldsV1": {"f:data": {"f:K": {}}}}]},
        (Ownership(by="cache-operator", what="data[K]", reverts=True),),
    ),
    "kubectl": (
        {"managedFields": [{"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:K": {}}}}]},
        (Ownership(by="kubectl-edit", what="data[K]"),),
    ),
    "another field's manager": (
        {
            "managedFields": [
                {"manager": "cache-operator", "operation": "Update", "fieldsV1": {"f:data": {"f:OTHER": {}}}}
            ]
        },
        (),
    ),
    "agentops itself": (
        {"managedFields": [{"manager": "agentops", "operation": "Update", "fieldsV1": {"f:data": {"f:K": {}}}}]},
        (),
    ),
}


@pytest.mark.parametrize("name", _OWNED)
def test_who_else_writes_an_object_is_said(name: str, world: Callable[..., Any]) -> None:
    """GitOps and controllers take a change back; Helm only when somebody upgrades; people's tools do not."""
    here = world()
    metadata, owners = _OWNED[name]
    here.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "owned", "namespace": "shop", **metadata},
            "data": {"K": "1"},
        }
    )
    assert here.preview("kubernetes_edit_configmap", "shop/ConfigMap/owned", {"set": {"K": "2"}}).owners == owners


def test_what_the_server_would_not_take_again_has_no_way_back(world: Callable[..., Any]) -> None:
    """The object was admitted before a rule that refuses it now: its undo would be refused, so none is promised."""
    here = world()
    store = here.sandbox.simulation.store
    live = next(one for one in store.dump() if one["kind"] == "Service" and one["metadata"]["name"] == "checkout")
    ports = [{**live["spec"]["ports"][0], "port": 99999}]
    store.update({**live, "spec": {**live["spec"], "ports": ports}})
    preview = here.preview(
        "kubernetes_patch", "shop/Service/checkout", {"path": "spec.ports[http].port", "old": 99999, "new": 8080}
    )
    assert (preview.reversal, preview.undo, len(preview.residue)) == (Reversal.NONE, (), 1)
    assert preview.residue[0].startswith("The server does not accept the object as it was")


def test_an_operator_of_the_shop_can_do_what_a_plan_needs(standing: Callable[..., Any]) -> None:
    """Without admin's rights: edits and their undo in the shop, nothing on nodes."""
    here = standing(context="operator")
    preview = here.preview("kubernetes_rollout_undo", _CHECKOUT, {})
    with pytest.raises(Forbidden):
        here.preview("kubernetes_cordon", "-/Node/worker-1", {})
    assert (preview.validated, len(preview.undo)) == (True, 1)


_ANSWERS: dict[str, tuple[int, dict[str, Any], str, str]] = {
    # As Kubernetes 1.36.2 words them; `in doubt` is what must never be said of a write that was refused.
    "another uid": (
        409,
        {
            "message": 'Operation cannot be fulfilled on ConfigMap "c1": the UID in the precondition (abc) does not '
            "match the UID in record (c2a0). The object might have been deleted and then recreated",
            "reason": "Conflict",
            "details": {"name": "c1", "kind": "ConfigMap"},
        },
        "stale",
        "the UID in the precondition (abc) does not match the UID in record (c2a0)",
    ),
    "another resourceVersion": (
        409,
        {
            "message": 'Operation cannot be fulfilled on ConfigMap "c1": the ResourceVersion in the precondition (1) '
            "does not match the ResourceVersion in record (40802). The object might have been modified",
            "reason": "Conflict",
            "details": {"name": "c1", "kind": "ConfigMap"},
        },
        "stale",
        "The object might have been modified",
    ),
    "a budget with nothing to spare": (
        429,
        {
            "message": "Cannot evict pod as it would violate the pod's disruption budget.",
            "reason": "TooManyRequests",
            "details": {
                "causes": [
                    {
                        "reason": "DisruptionBudget",
                        "message": "The disruption budget b1 needs 2 healthy pods and has 2 currently",
                    }
                ]
            },
        },
        "disruption-budget",
        "Cannot evict pod",
    ),
    "two budgets": (
        500,
        {"message": "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."},
        "disruption-budget",
        "more than one PodDisruptionBudget",
    ),
}


@pytest.mark.parametrize("name", _ANSWERS)
def test_the_real_words_of_a_refusal_are_understood(name: str) -> None:
    """A failed precondition is stale, a budget is a budget, and none of it leaves in doubt whether it was done."""
    status, answer, code, words = _ANSWERS[name]
    body = json.dumps({"kind": "Status", "status": "Failure", "code": status, **answer}).encode()
    error = refused(status, body, "DELETE /x")
    assert (error.code, words in str(error), may_have_happened(status, body)) == (code, True, False)
