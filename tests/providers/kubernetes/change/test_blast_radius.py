"""Figures of the blast radius on the sandbox, each against a value computed by hand from the scenario's manifests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from agentops.core.plan import BlastRadius, Call, ObjectChange, Preview, Purpose, Verb
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.client import Selection
from agentops.providers.kubernetes.impact.blast_radius import blast_radius
from agentops.providers.kubernetes.objects.field_paths import parse, put, remove
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.sandbox.store import copy_json

WEB_BUDGET = "shop/web: 1 disruption allowed now (3 healthy, 2 needed)"
CHECKOUT_BUDGET = "shop/checkout: 1 disruption allowed now (3 healthy, 2 needed)"
STUCK_BUDGET = "shop/checkout: 1 disruption allowed now (3 healthy, 2 needed)"
IMAGE = "spec.template.spec.containers[{}].image"
GONE = object()


@dataclass(frozen=True)
class Expected:
    """What a case must give; everything that is not named must be empty."""

    instances: int | None = 0
    total: int | None = 0
    percent: int | None = 0
    services: tuple[str, ...] = ()
    ingresses: tuple[str, ...] = ()
    budgets: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    stateful: bool = False
    data_loss: bool = False


def seen(found: BlastRadius) -> Expected:
    """Return the figures of a blast radius in the form of the cases."""
    return Expected(
        instances=found.instances,
        total=found.instances_total,
        percent=found.percent,
        services=named(found.fronts, "Service"),
        ingresses=named(found.fronts, "Ingress"),
        budgets=found.detail.get("disruption budget", ()),
        controllers=tuple(ref.name for ref in found.controllers),
        dependents=tuple(f"{ref.kind}/{ref.name}" for ref in found.dependents),
        stateful=found.stateful,
        data_loss=found.data_loss,
    )


def named(refs: Iterable[ResourceRef], kind: str) -> tuple[str, ...]:
    """Return the names of those of one kind."""
    return tuple(ref.name for ref in refs if ref.kind == kind)


def change_of(cluster: Any, short: str, edit: Any) -> ObjectChange:
    """Return the change of a live object by ``{path: value}``, GONE for a deletion, or of a new one by a manifest."""
    namespace, kind, name = short.split("/")
    ref = cluster.ref(kind, name, namespace.strip("-"))
    if isinstance(edit, Mapping) and "apiVersion" in edit:
        return ObjectChange(ref=ref, verb=Verb.CREATE, after=edit)
    live = cluster.get_object(cluster.kind(kind), name, namespace.strip("-"))
    before = normalised(live)
    after: Any = copy.deepcopy(before)
    for path, value in edit.items() if edit is not GONE else ():
        after = remove(after, parse(path)) if value is GONE else put(after, parse(path), value)
    return ObjectChange(
        ref=ref,
        verb=Verb.DELETE if edit is GONE else Verb.UPDATE,
        uid=live["metadata"]["uid"],
        before=before,
        after=None if edit is GONE else after,
    )


def preview_of(*changes: ObjectChange, calls: tuple[Call, ...] = ()) -> Preview:
    """Return a preview of these changes."""
    return Preview(calls=calls, objects=changes, validated=True, risk=Risk.LOW, reversal=Reversal.EXACT)


WEB = {"services": ("web",), "ingresses": ("web",), "budgets": (WEB_BUDGET,), "controllers": ("web",)}
ROLLING = "spec.strategy.rollingUpdate"
CASES: dict[str, tuple[str, str, Any, Expected]] = {
    "a new image replaces all pods, none is out with maxUnavailable 25 % of 3": (
        "stale-alert",
        "shop/Deployment/web",
        {IMAGE.format("web"): "x:1"},
        Expected(instances=3, total=3, **WEB),
    ),
    "maxUnavailable 50 % of 3 rounds down to one": (
        "stale-alert",
        "shop/Deployment/web",
        {IMAGE.format("web"): "x:1", f"{ROLLING}.maxUnavailable": "50%"},
        Expected(instances=3, total=3, percent=34, **WEB),
    ),
    "maxUnavailable and maxSurge of zero count as one unavailable": (
        "stale-alert",
        "shop/Deployment/web",
        {IMAGE.format("web"): "x:1", f"{ROLLING}.maxUnavailable": 0, f"{ROLLING}.maxSurge": "0%"},
        Expected(instances=3, total=3, percent=34, **WEB),
    ),
    "strategy Recreate takes all pods out": (
        "stale-alert",
        "shop/Deployment/web",
        {IMAGE.format("web"): "x:1", "spec.strategy": {"type": "Recreate"}},
        Expected(instances=3, total=3, percent=100, **WEB),
    ),
    "a paused Deployment replaces no pod": (
        "stale-alert",
        "shop/Deployment/web",
        {IMAGE.format("web"): "x:1", "spec.paused": True},
        Expected(instances=0, total=3, **WEB),
    ),
    "an annotation of the Deployment itself replaces no pod": (
        "stale-alert",
        "shop/Deployment/web",
        {"metadata.annotations[team]": "x"},
        Expected(instances=0, total=3, **WEB),
    ),
    "back to the revision before a stuck rollout keeps its three ready pods": (
        "bad-image-tag",
        "shop/Deployment/checkout",
        {IMAGE.format("checkout"): "registry.shop.example/checkout:v1.4.1"},
        Expected(instances=1, total=4, services=("checkout",), budgets=(STUCK_BUDGET,)),
    ),
    "a third image in a stuck rollout replaces all four pods": (
        "bad-image-tag",
        "shop/Deployment/checkout",
        {IMAGE.format("checkout"): "registry.shop.example/checkout:v1.4.2"},
        Expected(instances=4, total=4, services=("checkout",), budgets=(STUCK_BUDGET,)),
    ),
    "scaling down by two of three": (
        "stale-alert",
        "shop/Deployment/web",
        {"spec.replicas": 1},
        Expected(instances=2, total=3, percent=67, **WEB),
    ),
    "scaling to zero": (
        "stale-alert",
        "shop/Deployment/web",
        {"spec.replicas": 0},
        Expected(instances=3, total=3, percent=100, **WEB),
    ),
    "scaling up makes the difference": (
        "stale-alert",
        "shop/Deployment/web",
        {"spec.replicas": 5},
        Expected(instances=2, total=5, **WEB),
    ),
    "deleting a workload takes all of it": (
        "stale-alert",
        "shop/Deployment/web",
        GONE,
        Expected(instances=3, total=3, percent=100, dependents=("ReplicaSet/web-76c6c55455",), **WEB),
    ),
    "a single-pod StatefulSet is out while its pod is replaced": (
        "stale-alert",
        "shop/StatefulSet/postgres",
        {IMAGE.format("postgres"): "x:1"},
        Expected(instances=1, total=1, percent=100, services=("postgres",), stateful=True),
    ),
    "update strategy OnDelete waits": (
        "stale-alert",
        "shop/StatefulSet/postgres",
        {IMAGE.format("postgres"): "x:1", "spec.updateStrategy": {"type": "OnDelete"}},
        Expected(instances=0, total=1, services=("postgres",), stateful=True),
    ),
    "deleting a StatefulSet without claims": (
        "stale-alert",
        "shop/StatefulSet/redis",
        GONE,
        Expected(instances=1, total=1, percent=100, services=("redis",)),
    ),
    "a DaemonSet goes node by node: one of four": (
        "stale-alert",
        "monitoring/DaemonSet/node-exporter",
        {IMAGE.format("node-exporter"): "x:1"},
        Expected(instances=4, total=4, percent=25),
    ),
    "a DaemonSet's maxUnavailable rounds up: 30 % of four is two": (
        "stale-alert",
        "monitoring/DaemonSet/node-exporter",
        {IMAGE.format("node-exporter"): "x:1", "spec.updateStrategy.rollingUpdate.maxUnavailable": "30%"},
        Expected(instances=4, total=4, percent=50),
    ),
    "a DaemonSet of another node selector may leave all its nodes": (
        "stale-alert",
        "monitoring/DaemonSet/node-exporter",
        {"spec.template.spec.nodeSelector": {"disk": "ssd"}},
        Expected(instances=4, total=4, percent=100),
    ),
    "a key that two workloads read as environment restarts nobody": (
        "stale-alert",
        "shop/ConfigMap/shop-config",
        {"data[REDIS_ADDR]": "redis:6380"},
        Expected(services=("cart", "catalog"), dependents=("Deployment/cart", "Deployment/catalog")),
    ),
    "a key that nobody names reaches who takes all keys": (
        "stale-alert",
        "shop/ConfigMap/shop-config",
        {"data[NEW_KEY]": "1"},
        Expected(services=("cart",), dependents=("Deployment/cart",)),
    ),
    "a ConfigMap's label impacts nobody": (
        "stale-alert",
        "shop/ConfigMap/shop-config",
        {"metadata.labels": {"team": "shop"}},
        Expected(),
    ),
    "deleting a Secret loses its content and stops no pod": (
        "stale-alert",
        "shop/Secret/shop-database",
        GONE,
        Expected(
            services=("checkout", "postgres"),
            budgets=(CHECKOUT_BUDGET,),
            dependents=("Deployment/checkout", "StatefulSet/postgres"),
            data_loss=True,
        ),
    ),
    "a selector that matches nothing takes the Service's three pods away": (
        "stale-alert",
        "shop/Service/web",
        {"spec.selector": {"app": "wbe"}},
        Expected(instances=3, total=3, percent=100, **WEB),
    ),
    "mending a selector that matches nothing costs nothing": (
        "selector-typo",
        "shop/Service/checkout",
        {"spec.selector": {"app": "checkout"}},
        Expected(instances=3, total=3, services=("checkout",), budgets=(CHECKOUT_BUDGET,)),
    ),
    "a named target port that no pod has takes them away": (
        "stale-alert",
        "shop/Service/web",
        {"spec.ports[http].targetPort": "htpp"},
        Expected(instances=3, total=3, percent=100, **WEB),
    ),
    "a Service's numeric port moves traffic and stops nothing": (
        "stale-alert",
        "shop/Service/web",
        {"spec.ports[http].targetPort": 9090},
        Expected(instances=3, total=3, **WEB),
    ),
    "a Service's number that no pod lists takes them away": (
        "stale-alert",
        "shop/Service/web",
        {"spec.ports[http].targetPort": 9999},
        Expected(instances=3, total=3, percent=100, **WEB),
    ),
    "a Service that goes to other pods that are ready loses nothing": (
        "stale-alert",
        "shop/Service/cart",
        {"spec.selector": {"app": "web"}},
        Expected(
            instances=5,
            total=5,
            services=("cart", "web"),
            ingresses=("web",),
            budgets=(WEB_BUDGET,),
            controllers=("web",),
        ),
    ),
    "a Service that goes to fewer ready pods loses those that are missing": (
        "stale-alert",
        "shop/Service/web",
        {"spec.selector": {"app": "cart"}},
        Expected(
            instances=5,
            total=5,
            percent=34,
            services=("cart", "web"),
            ingresses=("web",),
            budgets=(WEB_BUDGET,),
            controllers=("web",),
        ),
    ),
    "deleting an Ingress takes the last route of what is behind it": (
        "stale-alert",
        "shop/Ingress/web",
        GONE,
        Expected(instances=3, total=3, percent=100, dependents=("Service/web",), **WEB),
    ),
    "an autoscaler's higher minimum makes the difference": (
        "stale-alert",
        "shop/HorizontalPodAutoscaler/web",
        {"spec.minReplicas": 5},
        Expected(instances=2, total=5, dependents=("Deployment/web",), **WEB),
    ),
    "an autoscaler's lower maximum stops what is above it": (
        "stale-alert",
        "shop/HorizontalPodAutoscaler/web",
        {"spec.minReplicas": 1, "spec.maxReplicas": 2},
        Expected(instances=1, total=3, percent=34, dependents=("Deployment/web",), **WEB),
    ),
    "a disruption budget guards three pods and stops none": (
        "stale-alert",
        "shop/PodDisruptionBudget/web",
        {"spec.minAvailable": 1},
        Expected(dependents=("Deployment/web",), **{**WEB, "controllers": ()}),
    ),
    "a quota is for what is made later": (
        "stale-alert",
        "shop/ResourceQuota/shop",
        {"spec.hard.pods": "50"},
        Expected(),
    ),
    "a CronJob's edit touches no pod that runs": (
        "stale-alert",
        "shop/CronJob/daily-report",
        {"spec.suspend": True},
        Expected(),
    ),
    "cordoning moves no pod": ("stale-alert", "-/Node/worker-1", {"spec.unschedulable": True}, Expected()),
    "a claim that is deleted loses its data": (
        "stale-alert",
        "shop/PersistentVolumeClaim/data-postgres-0",
        GONE,
        Expected(services=("postgres",), dependents=("StatefulSet/postgres",), stateful=True, data_loss=True),
    ),
    "a service account is a matter of those who run as it": (
        "stale-alert",
        "payments/ServiceAccount/default",
        {"metadata.labels": {"a": "b"}},
        Expected(services=("ledger", "payments-api"), dependents=("Deployment/ledger", "Deployment/payments-api")),
    ),
    "a key that three crash-looping or waiting pods will read at their next start": (
        "missing-config-key",
        "shop/ConfigMap/shop-config",
        {"data[TAX_TABLE]": "1"},
        Expected(
            instances=1,
            total=4,
            services=("cart", "checkout"),
            budgets=(STUCK_BUDGET,),
            dependents=("Deployment/cart", "Deployment/checkout"),
        ),
    ),
    "deleting a ConfigMap stops nobody who runs": (
        "stale-alert",
        "monitoring/ConfigMap/kube-root-ca.crt",
        GONE,
        Expected(),
    ),
    "deleting an autoscaler stops no pod": (
        "stale-alert",
        "shop/HorizontalPodAutoscaler/web",
        GONE,
        Expected(dependents=("Deployment/web",)),
    ),
    "a claim that grows": (
        "stale-alert",
        "shop/PersistentVolumeClaim/data-postgres-0",
        {"spec.resources.requests.storage": "40Gi"},
        Expected(services=("postgres",), dependents=("StatefulSet/postgres",), stateful=True),
    ),
    "a node that is deleted takes its pods: of two DaemonSets, and one of two of coredns": (
        "stale-alert",
        "-/Node/control-plane-1",
        GONE,
        Expected(instances=3, total=10, percent=50, services=("kube-dns",)),
    ),
    "a namespace's label moves no pod": ("stale-alert", "-/Namespace/shop", {"metadata.labels.team": "x"}, Expected()),
    "a workload without a ready pod has no capacity to lose": (
        "statefulset-stuck",
        "shop/StatefulSet/redis",
        GONE,
        Expected(instances=1, total=1, percent=0, services=("redis",)),
    ),
    "a new Deployment makes its pods": (
        "stale-alert",
        "shop/Deployment/extra",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "extra", "namespace": "shop"},
            "spec": {"replicas": 4, "template": {"metadata": {"labels": {"app": "extra"}}}},
        },
        Expected(instances=4, total=4),
    ),
}


@pytest.mark.parametrize(("scenario", "short", "edit", "expected"), CASES.values(), ids=CASES)
def test_figures(standing: Callable[..., Any], scenario: str, short: str, edit: Any, expected: Expected) -> None:
    """Each kind of change has the figures that a person computes from the manifests."""
    cluster = standing(scenario).cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, short, edit)))
    assert (seen(found), found.unknown) == (expected, ())


def pods_named(cluster: Any, prefix: str) -> list[str]:
    """Return the names of the pods of the shop that begin so."""
    pods, _ = cluster.list_objects(builtin("Pod"), Selection(namespace="shop"))
    return sorted(pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"].startswith(prefix))


def test_two_deleted_pods_of_one_workload_are_added_up(standing: Callable[..., Any]) -> None:
    """Two of three pods that are deleted are two thirds, whatever the budget says."""
    cluster = standing("stale-alert").cluster
    going = [change_of(cluster, f"shop/Pod/{name}", GONE) for name in pods_named(cluster, "web")[:2]]
    found = blast_radius(cluster, preview_of(*going))
    assert seen(found) == Expected(instances=2, total=3, percent=67, **WEB)
    assert "disruption budgets are not asked: they limit evictions only" in found.reasons


def test_evictions_are_out_only_as_far_as_the_budget_allows(standing: Callable[..., Any]) -> None:
    """Two of three pods that are evicted are one at a time where the budget allows one."""
    cluster = standing("stale-alert").cluster
    names = pods_named(cluster, "web")[:2]
    going = [change_of(cluster, f"shop/Pod/{name}", GONE) for name in names]
    calls = tuple(
        Call(verb="create", method="POST", path=f"/api/v1/namespaces/shop/pods/{name}/eviction") for name in names
    )
    found = blast_radius(cluster, preview_of(*going, calls=calls))
    assert seen(found) == Expected(instances=2, total=3, percent=34, **WEB)
    assert "disruption budgets are not asked: they limit evictions only" not in found.reasons


def test_the_workload_that_is_hit_hardest_decides(standing: Callable[..., Any]) -> None:
    """A single pod that is wholly out is not made good by a large workload that is not."""
    cluster = standing("stale-alert").cluster
    going = [change_of(cluster, f"shop/Pod/{name}", GONE) for name in ("redis-0", pods_named(cluster, "web")[0])]
    found = blast_radius(cluster, preview_of(*going))
    assert (found.instances, found.instances_total, found.percent) == (2, 4, 100)
    assert (
        "100 % is 1 of the 1 ready pod of shop/StatefulSet/redis, the workload that is hit hardest; "
        "together 2 of 4 ready pods are out"
    ) in found.reasons


def test_a_namespace_takes_everything_with_it(standing: Callable[..., Any]) -> None:
    """Deleting the shop takes its 13 pods, its data and every Service."""
    cluster = standing("stale-alert").cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, "-/Namespace/shop", GONE)))
    assert seen(found) == Expected(
        instances=13,
        total=13,
        percent=100,
        services=("cart", "catalog", "checkout", "postgres", "recommendations", "redis", "web"),
        ingresses=("web",),
        budgets=(CHECKOUT_BUDGET, WEB_BUDGET),
        controllers=("web",),
        stateful=True,
        data_loss=True,
    )


def test_a_deleted_cron_job_takes_its_runs_with_it(standing: Callable[..., Any]) -> None:
    """The three runs that it keeps are its dependents; none of their pods runs any more."""
    one = standing("stale-alert")
    runs = sorted(f"Job/{job['metadata']['name']}" for job in one.sandbox.simulation.store.list("Job", "shop"))
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/CronJob/daily-report", GONE)))
    assert (seen(found), len(runs)) == (Expected(dependents=tuple(runs)), 3)


def test_pods_left_behind_are_not_out(standing: Callable[..., Any]) -> None:
    """A delete that orphans its dependents stops no pod."""
    cluster = standing("stale-alert").cluster
    call = Call(
        verb="delete",
        method="DELETE",
        path="/apis/apps/v1/namespaces/shop/deployments/web",
        body={"propagationPolicy": "Orphan"},
    )
    found = blast_radius(cluster, preview_of(change_of(cluster, "shop/Deployment/web", GONE), calls=(call,)))
    assert (found.instances, found.percent, named(found.fronts, "Service")) == (0, 0, ("web",))


def config_map(name: str) -> dict[str, Any]:
    """Return a ConfigMap of one key."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"a": "1"},
    }


@pytest.mark.parametrize(("sub_path", "live"), [("", 3), ("a", 0)])
def test_mounted_keys_change_under_a_running_program(world: Callable[..., Any], sub_path: str, live: int) -> None:
    """A volume follows its ConfigMap in all three pods at once; a subPath mount does not."""
    one = world("stale-alert")
    one.create(config_map("files"))
    store = one.sandbox.simulation.store
    for pod in [p for p in store.list("Pod", "shop") if p["metadata"]["name"].startswith("web")]:
        new = copy_json(pod)
        new["spec"]["volumes"] = [{"name": "files", "configMap": {"name": "files"}}]
        mount = {"name": "files", "mountPath": "/etc/files", **({"subPath": sub_path} if sub_path else {})}
        new["spec"]["containers"][0]["volumeMounts"] = [mount]
        store.update(new)
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/ConfigMap/files", {"data[a]": "2"})))
    assert (found.instances, found.percent, [ref.name for ref in found.dependents]) == (live, 0, ["web"])


def role_binding(role: str, kind: str = "Role") -> dict[str, Any]:
    """Return a binding of a role to the shop's service account."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": role, "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "shop", "namespace": "shop"}, {"kind": "User", "name": "ana"}],
    }


ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "reader", "namespace": "shop"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}


@pytest.mark.parametrize(
    ("short", "edit"),
    [
        ("shop/RoleBinding/reader", GONE),
        ("shop/Role/reader", {"rules": []}),
        ("-/ClusterRole/view", {"rules": []}),
    ],
)
def test_permissions_are_a_matter_of_who_has_them(world: Callable[..., Any], short: str, edit: Any) -> None:
    """A role or binding reaches the workloads that run as its service accounts, and stops none of their pods."""
    one = world("stale-alert")
    one.create(ROLE)
    one.create(role_binding("reader"))
    one.create(role_binding("view", "ClusterRole"))
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, short, edit)))
    assert (found.instances, found.percent, [ref.name for ref in found.dependents]) == (
        0,
        0,
        ["cart", "catalog", "checkout", "web"],
    )


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"metadata.labels[team]": "x"}, Expected(instances=1, total=3, percent=0, **WEB)),
        ({"metadata.labels[app]": "quarantine"}, Expected(instances=1, total=3, percent=34, **WEB)),
        ({"spec.containers[web].image": "x:1"}, Expected(instances=1, total=3, percent=34, **WEB)),
    ],
)
def test_a_pods_labels_decide_who_it_belongs_to(standing: Callable[..., Any], edit: Any, expected: Expected) -> None:
    """A pod that leaves its Service, or whose container restarts, is one of three out; another label is none."""
    cluster = standing("stale-alert").cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, f"shop/Pod/{pods_named(cluster, 'web')[0]}", edit)))
    assert seen(found) == expected


def test_a_new_pod(standing: Callable[..., Any]) -> None:
    """One pod is made; a Service that selects it stands in front of it."""
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": "shop", "labels": {"app": "redis"}},
        "spec": {},
    }
    cluster = standing("stale-alert").cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, "shop/Pod/probe", made)))
    assert seen(found) == Expected(instances=1, total=1, services=("redis",))


def test_several_changes_of_one_workload_are_not_counted_twice(standing: Callable[..., Any]) -> None:
    """A new image and a new bound of the same three pods are three pods, not six."""
    cluster = standing("stale-alert").cluster
    found = blast_radius(
        cluster,
        preview_of(
            change_of(
                cluster, "shop/Deployment/web", {IMAGE.format("web"): "x:1", "spec.strategy": {"type": "Recreate"}}
            ),
            change_of(cluster, "shop/HorizontalPodAutoscaler/web", {"spec.minReplicas": 1, "spec.maxReplicas": 1}),
        ),
    )
    assert (found.objects, found.instances, found.instances_total, found.percent) == (2, 3, 3, 100)


def test_many_namespaces_cost_one_list_of_each_kind(world: Callable[..., Any]) -> None:
    """Pods of twenty namespaces that go together are measured with the lists of the whole cluster."""
    one = world("stale-alert")
    pod = one.sandbox.simulation.store.list("Pod", "shop")[0]
    changes = []
    for number in range(20):
        one.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{number}"}})
        lone = copy_json(pod)
        lone["metadata"] = {"name": "lone", "namespace": f"n{number}"}
        one.create(lone)
        changes.append(change_of(one.cluster, f"n{number}/Pod/lone", GONE))
    found = blast_radius(one.cluster, preview_of(*changes))
    assert (found.instances, found.instances_total, found.percent, found.unknown) == (20, 20, 100, ())
    assert found.reasons[-1] == "6 reads of the API server made these figures"


def test_a_pod_that_is_not_there_any_more_is_unknown(standing: Callable[..., Any]) -> None:
    """A preview of a pod that has gone gives no figure."""
    cluster = standing("stale-alert").cluster
    ref = cluster.ref("Pod", "gone", "shop")
    change = ObjectChange(ref=ref, verb=Verb.DELETE, before={"apiVersion": "v1", "kind": "Pod", "metadata": {}})
    found = blast_radius(cluster, preview_of(change))
    assert (found.instances, found.percent, found.unknown) == (None, None, ("the pods shop/Pod/gone",))


@pytest.mark.parametrize(
    ("policies", "lost"),
    [({"whenDeleted": "Delete"}, True), ({"whenDeleted": "Retain"}, False), ({"whenScaled": "Delete"}, False)],
)
def test_a_stateful_set_may_take_its_claims_with_it(
    standing: Callable[..., Any], policies: dict[str, str], lost: bool
) -> None:
    """Whether data goes with a StatefulSet is its own policy's to say."""
    cluster = standing("stale-alert").cluster
    change = change_of(cluster, "shop/StatefulSet/postgres", GONE)
    before = copy.deepcopy(dict(change.before or {}))
    before["spec"]["persistentVolumeClaimRetentionPolicy"] = policies
    deleted = ObjectChange(ref=change.ref, verb=Verb.DELETE, before=before)
    scaled = copy.deepcopy(before)
    scaled["spec"]["replicas"] = 0
    down = ObjectChange(ref=change.ref, verb=Verb.UPDATE, before=before, after=scaled)
    found = [blast_radius(cluster, preview_of(one)).data_loss for one in (deleted, down)]
    assert found == [lost, policies == {"whenScaled": "Delete"}]


def policy(name: str, app: str, **spec: Any) -> dict[str, Any]:
    """Return a NetworkPolicy of the shop."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"app": app}}, **spec},
    }


def test_a_policy_that_isolates_pods_for_the_first_time_counts_all_of_them(standing: Callable[..., Any]) -> None:
    """A first policy cuts whoever it does not name, so all that it selects counts as out."""
    cluster = standing("stale-alert").cluster
    made = policy("cart", "cart", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}])
    found = blast_radius(cluster, preview_of(change_of(cluster, "shop/NetworkPolicy/cart", made)))
    assert (found.instances, found.instances_total, found.percent) == (2, 2, 100)


@pytest.mark.parametrize(
    ("edit", "percent"),
    [
        ({"spec.ingress": [{"from": [{"podSelector": {}}]}, {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}, 0),
        ({"spec.ingress": [{}]}, 0),
        (GONE, 0),
        ({"spec.ingress": []}, 100),
        ({"spec.ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]}, 100),
        ({"spec.policyTypes": ["Ingress", "Egress"]}, 100),
    ],
)
def test_a_policy_that_only_allows_more_costs_nothing(world: Callable[..., Any], edit: Any, percent: int) -> None:
    """An edit is harmless when each rule of before is still allowed as a whole, and nothing new is isolated."""
    one = world("stale-alert")
    one.create(policy("cart", "cart", ingress=[{"from": [{"podSelector": {}}]}], policyTypes=["Ingress"]))
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/NetworkPolicy/cart", edit)))
    assert (found.instances, found.percent, found.risk) == (2, percent, Risk.HIGH if percent else Risk.LOW)


def test_a_second_policy_for_isolated_pods_only_allows_more(world: Callable[..., Any]) -> None:
    """Policies add up: another one for pods that are isolated already takes nothing away."""
    one = world("stale-alert")
    one.create(policy("none", "cart", policyTypes=["Ingress"]))
    made = policy("cart", "cart", ingress=[{}], policyTypes=["Ingress"])
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/NetworkPolicy/cart", made)))
    assert (found.instances, found.percent) == (2, 0)


TAINT = [{"key": "a", "value": "b", "effect": "NoExecute"}]
FOR_GOOD = {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute"}
LABELLED = {"nodeSelector": {"kubernetes.io/os": "linux"}}


@pytest.mark.parametrize(
    ("edit", "extra", "leaves"),
    [
        ({"spec.taints": TAINT}, {}, True),
        ({"spec.taints": TAINT}, {"tolerations": [{"operator": "Exists"}]}, False),
        ({"spec.taints": TAINT}, {"tolerations": [FOR_GOOD]}, False),
        ({"spec.taints": TAINT}, {"tolerations": [{**FOR_GOOD, "value": "c"}]}, True),
        ({"spec.taints": TAINT}, {"tolerations": [{**FOR_GOOD, "tolerationSeconds": 60}]}, True),
        ({"spec.taints": [{**TAINT[0], "effect": "NoSchedule"}]}, {}, False),
        ({"metadata.labels[kubernetes.io/os]": "windows"}, LABELLED, False),
    ],
)
def test_a_nodes_taints_and_labels_take_away_who_does_not_bear_them(
    world: Callable[..., Any], edit: Any, extra: dict[str, Any], leaves: bool
) -> None:
    """NoExecute takes pods without a lasting toleration; new labels take only what a DaemonSet placed by them."""
    one = world("stale-alert")
    store = one.sandbox.simulation.store
    pod = copy_json(next(pod for pod in store.list("Pod", "shop") if pod["metadata"]["name"] == "redis-0"))
    pod["spec"] |= extra
    store.update(pod)
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, f"-/Node/{pod['spec']['nodeName']}", edit)))
    assert any("shop/StatefulSet/redis" in reason for reason in found.reasons) is leaves


def test_a_daemon_sets_pod_leaves_a_node_whose_label_it_needs(world: Callable[..., Any]) -> None:
    """A DaemonSet removes its pod from a node that its selector does not match any more."""
    one = world("stale-alert")
    store = one.sandbox.simulation.store
    pod = copy_json(next(p for p in store.list("Pod", "monitoring") if p["metadata"]["name"].startswith("node-exp")))
    pod["spec"] |= LABELLED
    store.update(pod)
    edit = {"metadata.labels[kubernetes.io/os]": "windows"}
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, f"-/Node/{pod['spec']['nodeName']}", edit)))
    assert (found.instances, found.instances_total, found.percent, found.risk) == (1, 4, 25, Risk.HIGH)


@pytest.mark.parametrize(
    ("ready", "image", "expected"),
    [
        (1, "v1.4.1", (100, Purpose.RESTORES)),
        (0, "v1.4.1", (0, Purpose.RESTORES)),
        (2, "v1.4.1", (100, Purpose.RESTORES)),
        (1, "v1.4.2", (100, Purpose.MENDS)),
        (2, "v1.4.2", (100, Purpose.NONE)),
    ],
)
def test_what_puts_right_a_failing_rollout_says_so(
    world: Callable[..., Any], ready: int, image: str, expected: tuple[int, Purpose]
) -> None:
    """Recreate with some pods ready: back to the revision whose ReplicaSet is kept, or to a template that none has."""
    one = world("bad-image-tag")
    store = one.sandbox.simulation.store
    pods = [copy_json(pod) for pod in store.list("Pod", "shop") if pod["metadata"]["labels"].get("app") == "checkout"]
    hashes = "pod-template-hash"
    (failing,) = (pod for pod in pods if pod["spec"]["containers"][0]["image"].endswith("v1.4.3"))
    for number, pod in enumerate(pods[:3]):
        pod["metadata"]["ownerReferences"] = failing["metadata"]["ownerReferences"]
        pod["metadata"]["labels"][hashes] = failing["metadata"]["labels"][hashes]
        pod["status"]["conditions"] = [{"type": "Ready", "status": str(number < ready)}]
        store.update(pod)
    for pod in pods[3:]:
        store.update({**pod, "status": {"phase": "Failed"}})
    listed = store.list("Deployment", "shop")
    deployment = copy_json(next(one for one in listed if one["metadata"]["name"] == "checkout"))
    deployment["spec"]["strategy"] = {"type": "Recreate"}
    store.update(deployment)
    edit = {IMAGE.format("checkout"): f"registry.shop.example/checkout:{image}"}
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/Deployment/checkout", edit)))
    assert (found.percent, found.purpose) == expected


def test_a_label_that_places_nobody_raises_no_risk(standing: Callable[..., Any]) -> None:
    """A node's label that no pod on it was placed by takes none away."""
    cluster = standing("stale-alert").cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, "-/Node/worker-1", {"metadata.labels[disk]": "ssd"})))
    assert (found.instances, found.percent, found.risk) == (0, 0, Risk.LOW)


def without(one: Any, resource: str) -> None:
    """Take a resource out of what viewers may read."""
    store = one.sandbox.simulation.store
    role = copy_json(next(r for r in store.list("ClusterRole") if r["metadata"]["name"] == "view"))
    for rule in role["rules"]:
        rule["resources"] = [name for name in rule["resources"] if name != resource]
    store.update(role)


@pytest.mark.parametrize(
    ("resource", "figures"),
    [
        ("pods", (None, None, None)),
        ("replicasets", (None, None, None)),
        ("poddisruptionbudgets", (3, 3, 0)),
        ("services", (3, 3, 0)),
    ],
)
def test_what_cannot_be_read_is_unknown_and_not_zero(
    world: Callable[..., Any], resource: str, figures: tuple[int | None, ...]
) -> None:
    """A list that is forbidden is named, and the figures that rest on it are None; the others stay."""
    one = world("stale-alert", context="viewer")
    edit = change_of(one.cluster, "shop/Deployment/web", {IMAGE.format("web"): "x:1"})
    without(one, resource)
    found = blast_radius(one.cluster, preview_of(edit))
    assert (found.instances, found.instances_total, found.percent) == figures
    assert any(f"{resource} in shop" in line and "forbidden" in line for line in found.unknown)


def test_a_foreign_kind_is_not_known(standing: Callable[..., Any]) -> None:
    """What another controller makes of its object cannot be computed, also when its kind has a familiar name."""
    one = standing("stale-alert")
    foreign = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
    }
    found = blast_radius(one.cluster, preview_of(change_of(one.cluster, "shop/Service/web", foreign)))
    assert (found.instances, found.percent, found.unknown) == (
        None,
        None,
        ("what the controllers of Service do with shop/Service/web",),
    )


def test_the_cost_in_requests_is_said(standing: Callable[..., Any]) -> None:
    """A change of one namespace costs six lists, and one more for the revisions of a Deployment."""
    cluster = standing("stale-alert").cluster
    found = blast_radius(cluster, preview_of(change_of(cluster, "shop/Deployment/web", {IMAGE.format("web"): "x:1"})))
    assert found.reasons[-1] == "7 reads of the API server made these figures"
