"""The access that is applied is enough for every enabled tool, none of it is too much, and all else is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.errors import ClusterError, NotFound
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of
from agentops.providers.kubernetes.access.needs import LEASE, SWEEP
from agentops.providers.kubernetes.access.rights import CHANGED_KINDS, READ_KINDS, Right
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.read.registry import SPECS
from agentops.providers.kubernetes.sweep.sweep import sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.providers.kubernetes.access.conftest import Bound, bound
from tests.providers.kubernetes.change.conftest import NOW, steady_now
from tests.providers.kubernetes.change.test_undo_leads_back import CASES, Case

_META = {"namespace": "shop", "labels": {"app": "spare"}}
_POD = {"containers": [{"name": "app", "image": "registry.shop.example/web:2.14.1"}]}
_TEMPLATE = {"metadata": {"labels": {"app": "spare"}}, "spec": _POD}
_WORKLOAD = {"selector": {"matchLabels": {"app": "spare"}}, "template": _TEMPLATE}
_ONE_RUN = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pod-watchers"}
_ANA = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ana"}
_BOUND = {"roleRef": _ROLE, "subjects": [_ANA]}
# An object of each kind that may be made and deleted, as little as the server takes.
MADE: Mapping[str, Mapping[str, Any]] = {
    "ConfigMap": {"data": {"a": "1"}},
    "Service": {"spec": {"selector": {"app": "spare"}, "ports": [{"port": 80}]}},
    "Deployment": {"spec": {**_WORKLOAD, "replicas": 0}},
    "StatefulSet": {"spec": {**_WORKLOAD, "replicas": 0, "serviceName": "spare"}},
    "DaemonSet": {"spec": _WORKLOAD},
    "Job": {"spec": _ONE_RUN},
    "CronJob": {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": _ONE_RUN}}},
    "Ingress": {"spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}},
    "NetworkPolicy": {"spec": {"podSelector": {"matchLabels": {"app": "spare"}}}},
    "HorizontalPodAutoscaler": {
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    },
    "PodDisruptionBudget": {"spec": {"minAvailable": 0, "selector": {"matchLabels": {"app": "spare"}}}},
}
# What else there must be to be scaled, labelled or bound.
_STORAGE = {"requests": {"storage": "1Gi"}}
_BESIDE: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("ReplicaSet", {"spec": {**_WORKLOAD, "replicas": 0}}),
    ("ReplicationController", {"spec": {"replicas": 0, "selector": {"app": "spare"}, "template": _TEMPLATE}}),
    ("LimitRange", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "8"}}]}}),
    ("PersistentVolumeClaim", {"spec": {"accessModes": ["ReadWriteOnce"], "resources": _STORAGE}}),
    ("RoleBinding", _BOUND),
)  # fmt: skip


def _object(kind: str, content: Mapping[str, Any], name: str = "spare") -> dict[str, Any]:
    known = builtin(kind)
    meta = {**_META, "name": name}
    if not known.namespaced:
        del meta["namespace"]
    return {"apiVersion": known.api_version, "kind": kind, "metadata": meta, **content}


def _furnish(here: Bound) -> None:
    """Put things there that the scenario has not, as an administrator would."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    here.world.create(_object("ClusterRole", {"rules": rules}, "pod-watchers"))
    here.world.create(_object("ClusterRoleBinding", _BOUND))
    for kind, content in _BESIDE:
        here.world.create(_object(kind, content))


def _first(here: Bound, kind: str) -> str:
    """Return ``shop/Service/web`` of some object of a kind."""
    items = here.sandbox.simulation.store.list(kind, group=builtin(kind).group)
    one = min(items, key=lambda item: (item["metadata"].get("namespace", "") != "shop", item["metadata"]["name"]))
    return f"{one['metadata'].get('namespace') or '-'}/{kind}/{one['metadata']['name']}"


def _pod(here: Bound, prefix: str) -> str:
    pods = here.sandbox.simulation.store.list("Pod", "shop")
    return "shop/Pod/" + min(pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"].startswith(prefix))


def _read_everything(here: Bound) -> None:
    """Call every read tool, on every kind that it may be about, and sweep."""
    for kind in READ_KINDS:
        short = _first(here, kind) if here.sandbox.simulation.store.list(kind, group=builtin(kind).group) else ""
        place, _, name = short.rpartition("/")
        where = {"namespace": place.partition("/")[0]} if builtin(kind).namespaced and place else {}
        here.read("kubernetes_list", {"kind": kind, **({"namespace": "*"} if builtin(kind).namespaced else {})})
        with suppress(NotFound):
            here.read("kubernetes_get", {"kind": kind, "name": name or "none", **where})
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        place, _, name = _first(here, kind).partition(f"/{kind}/")
        here.read("kubernetes_describe", {"kind": kind, "name": name, "namespace": place})
        here.read("kubernetes_rollout_history", {"kind": kind, "name": name, "namespace": place})
    here.read("kubernetes_events", {})
    here.read("kubernetes_logs", {"workload": "deploy/web", "tail": 3})
    here.read("kubernetes_logs", {"pod": _pod(here, "web-").rpartition("/")[2], "tail": 3})
    here.read("kubernetes_endpoints", {"service": "web"})
    here.read("kubernetes_capacity", {})
    for kind in ("Node", "Pod"):
        here.read("kubernetes_metrics", {"kind": kind})
    here.read("kubernetes_can_i", {"verb": "list", "kind": "pods"})
    here.running = SWEEP
    for target in (Target(), Target(kind="Deployment", namespace="shop", name="checkout")):
        sweep(here.world.cluster, target=target, namespaces=(), clock=lambda: NOW, progress=no_progress)


# Of the cases of the change tools, those on kinds that the role does not let any tool change.
_NOT_GRANTED = {
    "shop/Secret/shop-database", "-/Namespace/shop", "shop/ResourceQuota/shop", "shop/RoleBinding/deployers",
    "shop/ServiceAccount/shop",
}  # fmt: skip


def _changes(here: Bound) -> Iterator[Case]:
    """Yield changes by every change tool, and by those for any kind one on each kind that they may change."""
    yield Case("kubernetes_rerun_job", _first(here, "Job"), {})
    yield Case("kubernetes_evict_pod", _pod(here, "catalog-"), {})
    yield Case("kubernetes_delete_pod", _pod(here, "cart-"), {})
    yield Case("kubernetes_drain", "-/Node/worker-3", {"delete_emptydir": True})
    for case in CASES:
        is_granted = case.target not in _NOT_GRANTED or case.tool == "kubernetes_set_quota"
        if case.scenario == "bad-image-tag" and is_granted:
            yield case
    for kind in CHANGED_KINDS["patch"]:
        for tool in ("kubernetes_label", "kubernetes_annotate"):
            yield Case(tool, _first(here, kind), {"set": {"seen": "yes"}})
    for kind, content in MADE.items():
        manifest = _object(kind, content, "fresh")
        yield Case("kubernetes_apply_manifest", f"shop/{kind}/fresh", {"manifest": manifest})
        if kind not in ("Job", "StatefulSet"):
            here.world.create(_object(kind, content, "old"))
            yield Case("kubernetes_delete", f"shop/{kind}/old", {})
    for kind in ("ReplicaSet", "ReplicationController"):
        yield Case("kubernetes_scale", f"shop/{kind}/spare", {"replicas": 1})
    for target in ("shop/RoleBinding/spare", "-/ClusterRoleBinding/spare"):
        yield Case("kubernetes_set_role_binding", target, {"add": [{"kind": "User", "name": "bob"}]})


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bound]:
    """Return a sandbox in which every tool has been used with the access that was applied, and nothing else."""
    folder: Path = tmp_path_factory.mktemp("everything")
    with Sandbox(load("bad-image-tag"), ticking=False, now=steady_now) as sandbox:
        here = bound(sandbox, AccessRequest(may_change=True), folder)
        _furnish(here)
        _read_everything(here)
        for case in _changes(here):
            for manifest in case.first:
                with suppress(Exception):
                    here.world.create(manifest)
            try:
                here.change(case.tool, case.target, case.arguments)
            except ClusterError as error:
                raise AssertionError(f"{case.tool} on {case.target}: {error.message}") from error
        for scenario in ("cordoned-nodes", "suspended-cronjob"):
            with Sandbox(load(scenario), ticking=False, now=steady_now) as other:
                there = bound(other, AccessRequest(may_change=True), folder / scenario)
                for case in (one for one in CASES if one.scenario == scenario):
                    there.change(case.tool, case.target, case.arguments)
                here.asked += there.asked
        yield here


def test_every_tool_was_used(everything: Bound) -> None:
    """No tool is left out of what the rest of this file rests on."""
    needless = {"kubernetes_can_i", "kubernetes_resize_pvc"}
    running = {running for _, _, running, _ in everything.asked} | needless
    assert {spec.name for spec in (*SPECS, *CHANGE_SPECS)} - running == set()


def test_nothing_that_a_tool_asks_for_is_refused(everything: Bound) -> None:
    """Reads, previews, writes, verification and undo all pass RBAC and the admission policy; Secrets are not listed."""
    assert everything.refused() == {"list secrets"}


def test_every_right_is_made_use_of_by_what_it_is_for(everything: Bound) -> None:
    """There is no right that no tool uses, and what is said to need it does: without it, that request is refused."""
    users = everything.users()
    unused = {str(right) for right, by in everything.access.granted.items() if not set(by) & users.get(right, set())}
    assert unused == set()


def test_no_right_is_used_that_its_declarations_do_not_have(everything: Bound) -> None:
    """Nothing that is asked for stands in no declaration, but for the questions that everybody may ask."""
    granted = everything.access.granted
    questions = {"create selfsubjectaccessreviews.authorization.k8s.io"}
    assert {str(right) for right in everything.users() if right not in granted} == questions


@pytest.mark.parametrize("account", ["agentops-read", "agentops-fix"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/shop/secrets"),
        ("GET", "/api/v1/namespaces/shop/secrets/shop-database"),
        ("POST", "/api/v1/namespaces/shop/pods/web/exec"),
        ("POST", "/api/v1/namespaces/shop/pods/web/attach"),
        ("POST", "/api/v1/namespaces/shop/pods/web/portforward"),
        ("GET", "/api/v1/namespaces/shop/services/web/proxy"),
        ("GET", "/api/v1/nodes/worker-1/proxy"),
        ("POST", "/api/v1/namespaces/agentops/serviceaccounts/agentops-fix/token"),
        ("POST", "/api/v1/namespaces/shop/serviceaccounts/shop/token"),
        ("PATCH", "/api/v1/namespaces/agentops/configmaps/agentops-approved-plans"),
        ("DELETE", "/api/v1/namespaces/shop/persistentvolumeclaims/data"),
        ("DELETE", "/api/v1/namespaces/shop"),
        ("DELETE", "/api/v1/namespaces/shop/pods"),
        ("DELETE", "/api/v1/nodes/worker-1"),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
        ("PATCH", "/apis/rbac.authorization.k8s.io/v1/clusterroles/agentops-fix"),
        ("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/agentops-approved-plans"),
        ("PATCH", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/agentops-approved-plans"),
        ("PUT", "/apis/apps/v1/namespaces/shop/deployments/web/status"),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/status"),
    ],
)
def test_everything_else_is_refused(account: str, method: str, path: str, standing: Callable[[str], Bound]) -> None:
    """No Secret, shell, proxy or token, no deletion in bulk or of what holds data, and no hand on its own access."""
    here = standing(account)
    named = {"PATCH": {}, "PUT": {"name": path.rpartition("/")[0].rpartition("/")[2]}}.get(method, {"name": "x"})
    body = {"metadata": {**named, "labels": {"a": "b"}}} if method in ("POST", "PUT", "PATCH") else None
    code, answer = here.send(method, path, body, context="account")
    assert (code, answer["reason"]) == (403, "Forbidden")


@pytest.mark.parametrize("verb", ["impersonate-user", "impersonate-group"])
def test_nobody_is_impersonated(verb: str, standing: Callable[[str], Bound]) -> None:
    """The account may not act as anybody else."""
    allowed = here_may(standing("agentops-fix"), {"verb": "impersonate", "resource": f"{verb.partition('-')[2]}s"})
    assert allowed is False


def here_may(here: Bound, attributes: Mapping[str, str]) -> bool:
    """Return what the server says to the account's own question."""
    body = {"spec": {"resourceAttributes": dict(attributes)}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return bool(here.send("POST", path, body, context="account")[1]["status"]["allowed"])


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bound]]:
    """Return a sandbox with the access of one account, in which no plan is approved."""
    found: dict[str, Bound] = {}
    running: list[Sandbox] = []

    def find(account: str) -> Bound:
        if account not in found:
            sandbox = Sandbox(load("bad-image-tag"), ticking=False, now=steady_now)
            running.append(sandbox)
            sandbox.start()
            request = AccessRequest(may_change=account == "agentops-fix")
            found[account] = bound(sandbox, request, tmp_path_factory.mktemp(account))
        return found[account]

    yield find
    for sandbox in running:
        sandbox.stop()


def test_another_namespace_is_refused(binding: Callable[..., Bound]) -> None:
    """With namespaces given, nothing of another one is read or changed, and of the cluster nothing is changed."""
    here = binding(may_change=True, namespaces=("shop",))
    here.approve("UPDATE deployments.apps payments/payments-api", "UPDATE nodes worker-1")
    label = {"metadata": {"labels": {"a": "b"}}}
    seen = [
        here.send("GET", "/api/v1/namespaces/shop/pods", context="account")[0],
        here.send("GET", "/api/v1/namespaces/payments/pods", context="account")[0],
        here.send("GET", "/api/v1/pods", context="account")[0],
        here.send("PATCH", "/apis/apps/v1/namespaces/payments/deployments/payments-api", label, context="account")[0],
        here.send("PATCH", "/api/v1/nodes/worker-1", label, context="account")[0],
        here.send("GET", "/api/v1/nodes", context="account")[0],
    ]
    assert seen == [200, 403, 403, 403, 403, 200]
    assert [str(right) for right in here.access.left_out] == [
        "patch nodes",
        "patch clusterrolebindings.rbac.authorization.k8s.io",
    ]


def test_a_tool_works_in_its_namespace_alone(binding: Callable[..., Bound]) -> None:
    """A change in the namespace passes from preview to undo with the Role of that namespace."""
    here = binding(may_change=True, namespaces=("shop",))
    preview = here.change("kubernetes_scale", "shop/Deployment/checkout", {"replicas": 5})
    assert (preview.objects[0].after or {})["spec"]["replicas"] == 5


def test_a_tool_that_is_switched_off_takes_its_rights_along() -> None:
    """Without the tools for pods and nodes nothing can be evicted, and without any change tool nothing be changed."""
    pods = ("kubernetes_evict_pod", "kubernetes_delete_pod", "kubernetes_drain")
    without = access_of(AccessRequest(may_change=True, disabled=pods)).granted
    none = access_of(AccessRequest(may_change=True, disabled=tuple(one.name for one in CHANGE_SPECS))).granted
    gone = [Right(resource="pods", subresource="eviction", verb="create"), Right(resource="pods", verb="delete")]
    assert ([one in without for one in gone], [str(one) for one in none if one.changes]) == ([False, False], [])


def test_reading_holds_no_right_to_change() -> None:
    """The rights of mode read are get and list alone."""
    assert {right.verb for right in access_of(AccessRequest()).granted} == {"get", "list"}


def test_a_lease_is_one_object_in_its_namespace() -> None:
    """With the setting, get and patch are of the one Lease by name; only create cannot be narrowed so."""
    access = access_of(AccessRequest(may_change=True, lease_namespace="locks"))
    role = next(one for one in access.manifests if one["metadata"]["name"] == "agentops-fix-lease" and "rules" in one)
    assert role["metadata"]["namespace"] == "locks"
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    named = {**leases, "resourceNames": ["agentops"], "verbs": ["get", "patch"]}
    assert role["rules"] == [{**leases, "verbs": ["create"]}, named]
    assert {by for right, by in access.granted.items() if right.resource == "leases"} == {(LEASE,)}


@pytest.mark.parametrize(
    "request_", [AccessRequest(), AccessRequest(may_change=True), AccessRequest(may_change=True, namespaces=("a", "b"))]
)
def test_no_rule_holds_what_is_never_granted(request_: AccessRequest) -> None:
    """No wildcard, no Secret, no shell, no proxy, no impersonation, no escalation, in any rule of any role."""
    rules = [rule for one in access_of(request_).manifests for rule in one.get("rules", ())]
    resources = {name for rule in rules for name in rule["resources"]}
    verbs = {verb for rule in rules for verb in rule["verbs"]}
    assert verbs <= {"get", "list", "create", "patch", "delete"}
    assert not {name for name in resources if name.partition("/")[2] not in ("", "log", "scale", "eviction", "token")}
    assert not {"*", "secrets", "users", "groups"} & (resources | {one for rule in rules for one in rule["apiGroups"]})
