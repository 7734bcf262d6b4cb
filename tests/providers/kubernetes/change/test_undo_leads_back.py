"""Every tool on the simulator: the dry run stores nothing, the preview is what apply stores, the undo restores it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS, CHANGE_TARGETS
from agentops.providers.kubernetes.objects.difference import changes


@dataclass(frozen=True)
class Case:
    """One change that a tool can make in a scenario, and what its preview has to say."""

    tool: str
    target: str
    arguments: dict[str, Any]
    edits: tuple[tuple[str, Any, Any], ...] | None = None
    scenario: str = "bad-image-tag"
    reversal: Reversal = Reversal.EXACT
    risk: Risk = Risk.MEDIUM
    first: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.tool.removeprefix('kubernetes_')}-{self.target.rpartition('/')[2]}-{len(str(self.arguments))}"


_CHECKOUT = "shop/Deployment/checkout"
_C = "spec.template.spec.containers[checkout]"
_V3, _V1 = "registry.shop.example/checkout:v1.4.3", "registry.shop.example/checkout:v1.4.1"
_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "deployers", "namespace": "shop"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
    "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ana"}],
}
_NEW_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "fresh", "namespace": "shop", "labels": {"app": "web"}},
    "data": {"A": "1"},
}
COMPENSATING = Reversal.COMPENSATING

CASES = (
    Case("kubernetes_patch", _CHECKOUT, {"path": "spec.replicas", "old": 3, "new": 4}, (("spec.replicas", 3, 4),)),
    Case(
        "kubernetes_patch",
        _CHECKOUT,
        {"path": f"{_C}.image", "replace": {"v1.4.3": "v1.4.1"}},
        ((f"{_C}.image", _V3, _V1),),
        reversal=COMPENSATING,
    ),
    Case(
        "kubernetes_patch",
        "shop/Service/checkout",
        {"path": "spec.selector", "old": {"app": "checkout"}, "new": {"app": "cart", "tier": "web"}},
        (("spec.selector.app", "checkout", "cart"), ("spec.selector.tier", None, "web")),
    ),
    Case("kubernetes_scale", _CHECKOUT, {"replicas": 5}, (("spec.replicas", 3, 5),)),
    Case("kubernetes_scale", _CHECKOUT, {"replicas": 1}, (("spec.replicas", 3, 1),), reversal=COMPENSATING),
    Case(
        "kubernetes_scale",
        _CHECKOUT,
        {"replicas": 0},
        (("spec.replicas", 3, 0),),
        reversal=COMPENSATING,
        risk=Risk.HIGH,
    ),
    Case("kubernetes_scale", "shop/StatefulSet/redis", {"replicas": 2}),
    Case(
        "kubernetes_rollout_restart",
        _CHECKOUT,
        {},
        (("spec.template.metadata.annotations", None, {"agentops.dev/restart": "generation-2"}),),
        reversal=COMPENSATING,
    ),
    Case("kubernetes_rollout_restart", "shop/StatefulSet/postgres", {}, reversal=COMPENSATING),
    Case("kubernetes_rollout_restart", "monitoring/DaemonSet/node-exporter", {}, reversal=COMPENSATING),
    Case("kubernetes_rollout_undo", _CHECKOUT, {"to_revision": 1}, ((f"{_C}.image", _V3, _V1),), reversal=COMPENSATING),
    Case("kubernetes_rollout_undo", _CHECKOUT, {}, ((f"{_C}.image", _V3, _V1),), reversal=COMPENSATING),
    Case("kubernetes_rollout_undo", "shop/StatefulSet/redis", {}, scenario="statefulset-stuck", reversal=COMPENSATING),
    Case("kubernetes_cordon", "-/Node/worker-2", {}, (("spec.unschedulable", None, True),)),
    Case("kubernetes_uncordon", "-/Node/worker-1", {}, (("spec.unschedulable", True, None),), "cordoned-nodes"),
    Case("kubernetes_suspend_cronjob", "shop/CronJob/daily-report", {}, (("spec.suspend", False, True),)),
    Case(
        "kubernetes_resume_cronjob",
        "shop/CronJob/daily-report",
        {"suspend": False},
        (("spec.suspend", True, False),),
        "suspended-cronjob",
    ),
    Case(
        "kubernetes_edit_configmap",
        "shop/ConfigMap/shop-config",
        {"set": {"NEW.key": "a\nb"}},
        (("data[NEW.key]", None, "a\nb"),),
    ),
    Case(
        "kubernetes_set_image",
        _CHECKOUT,
        {"image": "registry.shop.example/checkout:v1.4.1"},
        ((f"{_C}.image", _V3, _V1),),
        reversal=COMPENSATING,
    ),
    Case(
        "kubernetes_set_resources",
        _CHECKOUT,
        {"container": "checkout", "limits": {"memory": "300Mi"}},
        reversal=COMPENSATING,
    ),
    Case(
        "kubernetes_set_env",
        _CHECKOUT,
        {"set": {"LOG_LEVEL": "debug"}},
        reversal=COMPENSATING,
    ),
    Case(
        "kubernetes_set_probe",
        _CHECKOUT,
        {"probe": "readiness", "fields": {"path": "/up", "periodSeconds": 7}},
        reversal=COMPENSATING,
    ),
    Case("kubernetes_set_service", "shop/Service/checkout", {"selector": {"app": "web"}}),
    Case("kubernetes_set_service", "shop/Service/checkout", {"ports": {"http": {"targetPort": 9999}}}),
    Case("kubernetes_set_hpa", "shop/HorizontalPodAutoscaler/web", {"max": 20, "min": 2}),
    Case("kubernetes_set_quota", "shop/ResourceQuota/shop", {"hard": {"pods": "99"}}, risk=Risk.HIGH),
    Case(
        "kubernetes_set_network_policy",
        "payments/NetworkPolicy/payments-api",
        {"ingress": [{"from": [{"namespaceSelector": {}}]}]},
    ),
    Case(
        "kubernetes_set_role_binding",
        "shop/RoleBinding/deployers",
        {
            "add": [{"kind": "ServiceAccount", "name": "shop", "namespace": "shop"}],
            "remove": [{"kind": "User", "name": "ana"}],
        },
        risk=Risk.HIGH,
        first=[_BINDING],
    ),
    Case(
        "kubernetes_label",
        _CHECKOUT,
        {"set": {"app.kubernetes.io/part-of": "shop"}, "unset": ["team"]},
        (("metadata.labels[team]", "shop", None), ("metadata.labels[app.kubernetes.io/part-of]", None, "shop")),
        risk=Risk.LOW,
    ),
    Case("kubernetes_label", "shop/Secret/shop-database", {"set": {"seen": "yes"}}, risk=Risk.LOW),
    Case("kubernetes_label", "-/Namespace/shop", {"set": {"seen": "yes"}}, risk=Risk.HIGH),
    Case(
        "kubernetes_annotate",
        _CHECKOUT,
        {"set": {"note": "seen"}, "unset": ["kubernetes.io/change-cause"]},
        risk=Risk.LOW,
    ),
    Case("kubernetes_apply_manifest", "shop/ConfigMap/fresh", {"manifest": _NEW_MAP}, risk=Risk.LOW),
    Case(
        "kubernetes_apply_manifest",
        "shop/ConfigMap/shop-config",
        {"manifest": {**_NEW_MAP, "metadata": {"name": "shop-config"}}},
        (("data[A]", None, "1"),),
    ),
    Case("kubernetes_delete", "shop/ConfigMap/shop-config", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "shop/HorizontalPodAutoscaler/web", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "shop/Ingress/web", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "shop/PodDisruptionBudget/web", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "shop/ResourceQuota/shop", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "payments/NetworkPolicy/payments-api", {}, risk=Risk.HIGH),
    Case("kubernetes_delete", "shop/RoleBinding/deployers", {}, risk=Risk.HIGH, first=[_BINDING]),
    Case("kubernetes_delete", "shop/Service/checkout", {}, risk=Risk.HIGH, reversal=COMPENSATING),
    Case("kubernetes_delete", "shop/Service/postgres", {}, risk=Risk.HIGH, reversal=COMPENSATING),
    Case("kubernetes_delete", "shop/ServiceAccount/shop", {}, risk=Risk.HIGH, reversal=COMPENSATING),
    Case("kubernetes_delete", "shop/CronJob/daily-report", {}, risk=Risk.HIGH, reversal=COMPENSATING),
    Case("kubernetes_delete", _CHECKOUT, {"propagation": "Background"}, risk=Risk.HIGH, reversal=COMPENSATING),
)
_NO_WAY_BACK = {
    "kubernetes_resize_pvc": "grows only",
    "kubernetes_evict_pod": "tested with the pod tools",
    "kubernetes_delete_pod": "tested with the pod tools",
    "kubernetes_drain": "tested with the pod tools",
    "kubernetes_rerun_job": "tested with the pod tools",
}


def _prepared(world: Any, case: Case) -> list[Any]:
    """Make what the case needs beside the scenario, and return the whole store."""
    if case.first and world.live(case.target) is None:
        for manifest in case.first:
            world.create(manifest)
    return world.sandbox.dump()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_preview_says_what_changes_and_stores_nothing(case: Case, standing: Callable[..., Any]) -> None:
    """The dry run leaves the store as it was, and the preview declares fields, risk and way back."""
    here = standing(case.scenario)
    before = _prepared(here, case)
    preview = here.preview(case.tool, case.target, case.arguments)
    found = tuple((edit.path, edit.old, edit.new) for edit in preview.objects[0].edits)
    expected = (case.edits or found, case.reversal, case.risk, True)
    assert here.sandbox.dump() == before
    assert (found, preview.reversal, preview.risk, bool(found)) == expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_previewing_twice_gives_the_same_plan(case: Case, standing: Callable[..., Any]) -> None:
    """Nothing of a preview depends on the time or on chance, so that it can be compared right before it is applied."""
    here = standing(case.scenario)
    _prepared(here, case)
    first, second = (here.preview(case.tool, case.target, case.arguments) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("case", CASES, ids=str)
def test_apply_stores_what_was_previewed_and_the_undo_takes_it_back(case: Case, world: Callable[..., Any]) -> None:
    """The object is as the preview said, and after its undo as it was before, field for field."""
    here = world(case.scenario)
    _prepared(here, case)
    before = here.live(case.target)
    preview = here.preview(case.tool, case.target, case.arguments)
    receipt = here.appliers[case.tool].apply(preview)
    applied = here.shown(case.target, preview.objects[0])
    for change in preview.undo:
        here.appliers[change.tool].apply(here.tools[change.tool].preview(change))
    assert (applied, here.live(case.target)) == (preview.objects[0].after, before)
    assert list(receipt.objects) == [str(here.ref(case.target))]


_NAMES = st.sampled_from(["A", "B", "C", "LOG_LEVEL", "DATABASE_HOST"])
_ENV = st.lists(st.tuples(_NAMES, st.sampled_from(["", "1", "x y", "$(A)"])), unique_by=lambda one: one[0], max_size=5)
_WANTED = st.fixed_dictionaries(
    {
        "env": _ENV,
        "args": st.lists(st.sampled_from(["-v", "--port=1", ""]), max_size=3),
        "replicas": st.integers(0, 6),
        "marks": st.dictionaries(
            st.sampled_from(["note", "team.example/owner", "x"]), st.sampled_from(["", "a"]), max_size=3
        ),
        "port": st.none() | st.sampled_from([8080, 9090, "http"]),
    }
)


@given(wanted=_WANTED)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_edit_of_a_workload_is_taken_back(wanted: dict[str, Any], standing: Callable[..., Any]) -> None:
    """Whatever is set, added, removed or put in another order: applied as previewed, undone to what was there."""
    here = standing("readiness-probe-port")
    target = "shop/Deployment/catalog"
    before = here.live(target)
    edits = changes(before, _as_wanted(before, wanted))
    if not edits:
        return
    preview = here.preview("kubernetes_patch", target, {"changes": edits})
    here.appliers["kubernetes_patch"].apply(preview)
    applied = here.live(target)
    (undo,) = preview.undo
    here.appliers["kubernetes_patch"].apply(here.tools["kubernetes_patch"].preview(undo))
    assert (applied, here.live(target)) == (preview.objects[0].after, before)


def _as_wanted(before: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the workload with another environment, arguments, replicas, annotations and probe."""
    new = deepcopy(before)
    container = new["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": name, "value": value} if value else {"name": name} for name, value in wanted["env"]]
    container["args"] = wanted["args"]
    for name in ("env", "args"):
        if not container[name]:
            del container[name]
    if wanted["port"] is None:
        container.pop("readinessProbe", None)
    else:
        container["readinessProbe"]["httpGet"]["port"] = wanted["port"]
    new["spec"]["replicas"] = wanted["replicas"]
    new["metadata"]["annotations"] = wanted["marks"]
    return new


def test_every_tool_has_a_case() -> None:
    """No tool is declared without being tried: here, or where its own tests are."""
    names = {spec.name for spec in CHANGE_SPECS}
    assert (names, names) == ({case.tool for case in CASES} | set(_NO_WAY_BACK), set(CHANGE_TARGETS))
