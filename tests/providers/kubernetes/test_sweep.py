"""The sweep against a loopback server: what it reads, what it keeps, and what becomes a gap."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.core.errors import ClusterError, Unreachable
from agentops.core.progress import Step, no_progress
from agentops.providers.kubernetes.api.client import Cluster, connect
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from agentops.providers.kubernetes.sweep.sweep import sweep

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def look(cluster: Cluster, target: Target | None = None, namespaces: tuple[str, ...] = ()) -> Snapshot:
    """Sweep with a fixed clock and nobody watching."""
    return sweep(cluster, target=target or Target(), namespaces=namespaces, clock=lambda: NOW, progress=no_progress)


def pod(name: str, namespace: str = "shop", **parts: Any) -> dict[str, Any]:
    """Return a running, ready pod as a real server would send it, noise included."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "managedFields": [{"manager": "kubelet"}],
            "labels": {"app": "web"},
            "annotations": {"note": "x", "long": "y" * 300},
        },
        "spec": {
            "nodeName": "n1",
            "containers": [
                {
                    "name": "app",
                    "image": "web:1",
                    "env": [{"name": "URL", "value": parts.get("url", "http://localhost")}],
                    "volumeMounts": [
                        {"name": "kube-api-access-abcde", "mountPath": "/var/run/secrets"},
                        {"name": "data", "mountPath": "/data"},
                    ],
                    "terminationMessagePath": "/dev/termination-log",
                }
            ],
            "volumes": [{"name": "kube-api-access-abcde", "projected": {}}, {"name": "data", "emptyDir": {}}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": None}],
            "containerStatuses": [
                {
                    "name": "app",
                    "ready": True,
                    "restartCount": 0,
                    "containerID": "containerd://1",
                    "state": {"running": {"startedAt": "2026-11-22T11:00:00Z"}},
                    **parts.get("container", {}),
                }
            ],
        },
    }


CRASHING = {
    "container": {
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1}},
    }
}


def test_a_pod_keeps_what_analyzers_read_and_nothing_else(cluster: Cluster, stub: Any) -> None:
    """Token volumes, managed fields, ids and long annotations are gone; the rest is as the server sent it."""
    stub.objects = [pod("web-1")]
    assert look(cluster, namespaces=("shop",)).of("Pod") == (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "web-1",
                "namespace": "shop",
                "uid": "uid-web-1",
                "labels": {"app": "web"},
                "annotations": {"note": "x"},
            },
            "spec": {
                "nodeName": "n1",
                "containers": [
                    {
                        "name": "app",
                        "image": "web:1",
                        "env": [{"name": "URL", "value": "http://localhost"}],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    }
                ],
                "volumes": [{"name": "data", "emptyDir": {}}],
            },
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [
                    {
                        "name": "app",
                        "ready": True,
                        "restartCount": 0,
                        "state": {"running": {"startedAt": "2026-11-22T11:00:00Z"}},
                    }
                ],
            },
        },
    )


def test_the_targets_namespace_is_the_scope(cluster: Cluster, stub: Any) -> None:
    """With a namespace in the alert, no list goes beyond it but for cluster-scoped kinds."""
    stub.objects = [pod("web-1"), pod("api-1", "other")]
    seen = look(cluster, Target(namespace="shop", kind="Pod", name="web-1"))
    assert (seen.namespaces, [item["metadata"]["name"] for item in seen.of("Pod")]) == (("shop",), ["web-1"])
    assert "/api/v1/pods" not in stub.paths()


def test_a_target_without_a_namespace_is_searched(cluster: Cluster, stub: Any) -> None:
    """The object's own namespace becomes the scope."""
    stub.objects = [pod("web-1"), pod("api-1", "other")]
    seen = look(cluster, Target(kind="Pod", name="api-1"))
    assert (seen.namespaces, stub.query("/api/v1/pods")["fieldSelector"]) == (("other",), "metadata.name=api-1")


def test_nothing_given_means_all_namespaces(cluster: Cluster, stub: Any) -> None:
    """A plain scan reads everything in one list a kind."""
    stub.objects = [pod("web-1"), pod("api-1", "other")]
    seen = look(cluster)
    assert (seen.namespaces, len(seen.of("Pod")), seen.gaps) == ((), 2, ())


def test_secrets_come_with_keys_only(cluster: Cluster, stub: Any) -> None:
    """The snapshot maps a Secret's keys to nothing, and helm's releases are not even asked for."""
    stub.objects = [
        {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": "db", "namespace": "shop"},
            "type": "Opaque",
            "data": {"password": "aHVudGVyMg=="},
        }
    ]
    seen = look(cluster, namespaces=("shop",))
    assert [(item["metadata"]["name"], item["data"]) for item in seen.of("Secret")] == [("db", {"password": ""})]
    assert stub.query("/api/v1/namespaces/shop/secrets")["fieldSelector"] == "type!=helm.sh/release.v1"
    assert "aHVudGVyMg" not in repr(seen)


def test_a_refused_kind_is_a_gap_and_not_an_empty_list(cluster: Cluster, stub: Any) -> None:
    """What may not be read is told apart from what does not exist."""
    stub.script("/api/v1/namespaces/shop/secrets", (403, {"message": "secrets is forbidden"}))
    stub.script("/apis/policy/v1/namespaces/shop/poddisruptionbudgets", (404, {"message": "not here"}))
    seen = look(cluster, namespaces=("shop",))
    assert (seen.was_read("Secret"), seen.was_read("ConfigMap"), seen.gaps) == (
        False,
        True,
        (
            Gap(what="PodDisruptionBudget in shop", reason="this server does not serve the kind"),
            Gap(
                what="Secret in shop",
                reason="not allowed: GET /api/v1/namespaces/shop/secrets: secrets is forbidden",
                chosen=True,
            ),
        ),
    )


def test_a_refusal_is_said_alike_of_each_kind(cluster: Cluster, stub: Any) -> None:
    """In the API server's own words each is another sentence; a report names who may not, once, and the kinds."""
    said = 'is forbidden: User "ana" cannot list resource "{0}" in API group "{1}" in the namespace "shop"'
    stub.script("/api/v1/namespaces/shop/secrets", (403, {"message": "secrets " + said.format("secrets", "")}))
    path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    stub.script(path, (403, {"message": "pdb " + said.format("poddisruptionbudgets", "policy")}))
    gaps = look(cluster, namespaces=("shop",)).gaps
    assert [gap.what for gap in gaps] == ["PodDisruptionBudget in shop", "Secret in shop"]
    assert {gap.reason for gap in gaps} == {"not allowed: ana cannot list it"}


def test_a_kind_read_in_part_only_is_left_out(cluster: Cluster, stub: Any) -> None:
    """A ConfigMap in a namespace that could not be read would otherwise look as if it did not exist."""
    stub.objects = [{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "shop"}}]
    stub.script("/api/v1/namespaces/other/configmaps", (403, {"message": "no"}))
    seen = look(cluster, namespaces=("shop", "other"))
    assert (seen.was_read("ConfigMap"), [gap.what for gap in seen.gaps]) == (False, ["ConfigMap in other"])


def test_without_cluster_wide_rights_the_own_namespace_is_read(cluster: Cluster, stub: Any) -> None:
    """A user of one namespace gets that namespace, and is told so."""
    stub.objects = [pod("web-1")]
    stub.script("/api/v1/pods", (403, {"message": "pods is forbidden"}))
    seen = look(cluster)
    assert (seen.namespaces, len(seen.of("Pod")), seen.gaps) == (
        ("shop",),
        1,
        (Gap(what="all namespaces", reason="not allowed; only shop was read"),),
    )


def test_logs_of_unwell_containers_are_read(cluster: Cluster, stub: Any) -> None:
    """A crashing container's last and previous run are read, a healthy one's are not."""
    stub.objects = [pod("web-1", **CRASHING), pod("web-2")]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = b"\x1b[31mboom\x1b[0m\xff\nbye\n"
    seen = look(cluster, namespaces=("shop",))
    assert seen.logs == tuple(
        LogTail(namespace="shop", pod="web-1", container="app", previous=previous, lines=("boom\ufffd", "bye"))
        for previous in (False, True)
    )


def test_the_targets_own_logs_are_read_when_it_looks_well(cluster: Cluster, stub: Any) -> None:
    """An alert about a pod that runs and is ready is still worth its log."""
    stub.objects = [pod("web-1"), pod("web-2")]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = b"slow\n"
    seen = look(cluster, Target(namespace="shop", kind="Pod", name="web-1"))
    assert [(tail.pod, tail.previous, tail.lines) for tail in seen.logs] == [("web-1", False, ("slow",))]


def test_a_log_that_cannot_be_read_is_a_gap(cluster: Cluster, stub: Any) -> None:
    """The reason is the server's own."""
    stub.objects = [pod("web-1", **CRASHING)]
    stub.script("/api/v1/namespaces/shop/pods/web-1/log", (400, {"message": "container is waiting to start"}))
    seen = look(cluster, namespaces=("shop",))
    assert [(gap.what, gap.reason.partition(": ")[2]) for gap in seen.gaps] == [
        ("logs of shop/web-1 app", "container is waiting to start")
    ]


def test_namespaces_that_the_workload_talks_to_are_read_too(cluster: Cluster, stub: Any) -> None:
    """A host in an env value leads to the namespace behind it, when there is one of that name."""
    stub.objects = [
        pod("web-1", url="postgres://db.data:5432/x?via=cache.nowhere"),
        pod("db-0", "data"),
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "data"}},
    ]
    seen = look(cluster, Target(namespace="shop", kind="Deployment", name="web"))
    assert (seen.namespaces, [item["metadata"]["name"] for item in seen.of("Pod")]) == (
        ("shop", "data"),
        ["web-1", "db-0"],
    )


def test_an_object_of_unforeseen_form_is_still_seen(cluster: Cluster, stub: Any) -> None:
    """A field of the wrong type is left out and named; the object and the rest of the list are seen."""
    odd = pod("web-1") | {"status": {"phase": "Running", "conditions": "none"}}
    stub.objects = [odd]
    seen = look(cluster, namespaces=("shop",))
    assert [(item["metadata"]["name"], item["status"]) for item in seen.of("Pod")] == [("web-1", {"phase": "Running"})]
    said = (
        "1 part of the answer cannot be right and was left out: Pod shop/web-1 status.conditions: a text and not a list"
    )
    assert [(gap.what, gap.reason) for gap in seen.gaps] == [("Pod in shop", said)]


def test_a_list_that_changed_under_the_token_is_read_again(cluster: Cluster, stub: Any) -> None:
    """410 Gone in the middle of paging starts that list once more."""
    path = "/api/v1/namespaces/shop/pods"
    first = {
        "kind": "PodList",
        "metadata": {"continue": "t"},
        "items": [{"metadata": {"name": "a", "namespace": "shop"}}],
    }
    both = {
        "kind": "PodList",
        "metadata": {},
        "items": [*first["items"], {"metadata": {"name": "b", "namespace": "shop"}}],
    }
    stub.script(path, (200, first), (410, {"message": "too old"}), (200, both))
    assert [item["metadata"]["name"] for item in look(cluster, namespaces=("shop",)).of("Pod")] == ["a", "b"]


def test_one_list_without_an_answer_is_a_gap(cluster: Cluster, stub: Any, faults: Any) -> None:
    """A list whose connection always breaks costs that list only."""
    stub.objects = [pod("web-1")]
    stub.script("/apis/networking.k8s.io/v1/namespaces/shop/ingresses", faults["cut"])
    seen = look(cluster, namespaces=("shop",))
    assert (len(seen.of("Pod")), [gap.what for gap in seen.gaps]) == (1, ["Ingress in shop"])
    assert "the connection broke" in seen.gaps[0].reason


def test_a_throttled_server_is_read_all_the_same(cluster: Cluster, stub: Any) -> None:
    """When every first request is answered with 429, the sweep still has no gap."""
    refused: set[str] = set()
    answer = stub.answer

    def once(path: str, query: dict[str, str]) -> Any:
        if path in refused:
            return answer(path, query)
        refused.add(path)
        return (429, {"message": "too many requests"})

    stub.objects = [pod("web-1")]
    stub.answer = once
    seen = look(cluster, namespaces=("shop",))
    assert (len(seen.of("Pod")), seen.gaps) == (1, ())


def test_a_namespace_that_does_not_exist_is_said(cluster: Cluster, stub: Any) -> None:
    """Empty lists of a misspelt namespace are not taken for a namespace where all is well."""
    stub.objects = [{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}} for name in ("shop", "data")]
    seen = look(cluster, namespaces=("shopp",))
    assert seen.gaps == (Gap(what="namespace shopp", reason="it does not exist; there are: data, shop"),)


def test_no_answer_at_all_is_an_error(write_kubeconfig: Any, tmp_path: Any) -> None:
    """Only a cluster that cannot be reached stops the sweep."""
    cluster = connect(kubeconfig=write_kubeconfig(1), context=None, namespace=None, cache_dir=tmp_path)
    with pytest.raises(Unreachable):
        look(cluster)


def test_refused_credentials_are_an_error(cluster: Cluster, stub: Any) -> None:
    """A wholly unauthorized sweep says so instead of returning 28 gaps."""
    stub.answer = lambda path, query: (401, {"message": "Unauthorized"})
    with pytest.raises(ClusterError) as caught:
        look(cluster)
    assert caught.value.code == "unauthorized"


def test_progress_tells_each_list(cluster: Cluster, stub: Any) -> None:
    """Every list that arrives is one closed step."""
    steps: list[Step] = []
    stub.objects = [pod("web-1")]
    sweep(cluster, target=Target(), namespaces=("shop",), clock=lambda: NOW, progress=steps.append)
    assert "Pod in shop: 1" in [step.text for step in steps if step.done]
    assert len({step.key for step in steps if step.done}) == len([step for step in steps if step.done])


REFUSED = (
    b'pods is forbidden: User "system:serviceaccount:shop:reporter" cannot list resource "pods" in API group "" in the '
    b'namespace "shop"\n'
)


def _rbac(kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"kind": kind, "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name, **place}, **fields}


def _bound(kind: str, name: str, role: str, account: str, namespace: str = "") -> dict[str, Any]:
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}]
    return _rbac(kind, name, namespace, roleRef={"kind": "ClusterRole", "name": role}, subjects=subjects)


def test_roles_are_read_only_when_a_log_holds_a_refusal(cluster: Cluster, stub: Any) -> None:
    """Without one, no request is made for them, and the snapshot does not know them."""
    stub.objects = [pod("web-1", **CRASHING), _rbac("Role", "reader", "shop")]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = b"boom\n"
    seen = look(cluster, namespaces=("shop",))
    assert (seen.was_read("Role"), [path for path in stub.paths() if "rbac" in path]) == (False, [])


def test_a_refusal_leads_to_the_roles_and_bindings_that_matter(cluster: Cluster, stub: Any) -> None:
    """The namespace's own, the ClusterRoleBindings, and of the ClusterRoles those that are bound there."""
    stub.objects = [
        pod("web-1", **CRASHING),
        _rbac("Role", "reader", "shop", rules=[{"verbs": ["get"], "resources": ["pods"], "apiGroups": [""]}]),
        _rbac("Role", "elsewhere", "other"),
        _bound("RoleBinding", "own", "view", "reporter", "shop"),
        _bound("ClusterRoleBinding", "near", "watch", "reproter"),
        _rbac("ClusterRole", "view", rules=[]),
        _rbac("ClusterRole", "watch", rules=[]),
        _rbac("ClusterRole", "not-bound", rules=[]),
    ]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = REFUSED
    seen = look(cluster, namespaces=("shop",))
    kinds = ("Role", "RoleBinding", "ClusterRoleBinding", "ClusterRole")
    assert {kind: sorted(item["metadata"]["name"] for item in seen.of(kind)) for kind in kinds} == {
        "Role": ["reader"],
        "RoleBinding": ["own"],
        "ClusterRoleBinding": ["near"],
        "ClusterRole": ["view", "watch"],
    }
    assert (seen.of("Role")[0]["rules"][0]["verbs"], seen.of("RoleBinding")[0]["roleRef"]["name"]) == (["get"], "view")
    assert "/apis/rbac.authorization.k8s.io/v1/clusterroles" not in stub.paths()


def test_roles_that_may_not_be_read_are_gaps(cluster: Cluster, stub: Any) -> None:
    """An identity that may not read roles gets the rest of the sweep, and each kind by name."""
    stub.objects = [pod("web-1", **CRASHING)]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = REFUSED
    base = "/apis/rbac.authorization.k8s.io/v1"
    for path in (
        f"{base}/namespaces/shop/roles",
        f"{base}/namespaces/shop/rolebindings",
        f"{base}/clusterrolebindings",
    ):
        stub.script(path, (403, {"message": "not for you"}))
    seen = look(cluster, namespaces=("shop",))
    assert [(gap.what, "not for you" in gap.reason) for gap in seen.gaps] == [
        ("ClusterRoleBinding", True),
        ("Role in shop", True),
        ("RoleBinding in shop", True),
    ]


def test_what_a_line_claims_of_another_namespace_is_not_looked_for(cluster: Cluster, stub: Any) -> None:
    """A pod's account is of its own namespace; a line about another one is no reason to read there."""
    stub.objects = [pod("web-1", **CRASHING)]
    stub.logs["/api/v1/namespaces/shop/pods/web-1/log"] = REFUSED.replace(
        b"serviceaccount:shop", b"serviceaccount:bank"
    )
    look(cluster, namespaces=("shop",))
    assert [path for path in stub.paths() if "rbac" in path] == []


def test_a_long_note_of_an_owner_is_cut_and_kept(cluster: Cluster, stub: Any) -> None:
    """Other long annotations are dropped; what somebody wrote for whoever comes is not."""
    written = pod("web-1")
    written["metadata"]["annotations"] = {"do-not-restart": "because " * 100, "long": "y" * 300}
    stub.objects = [written]
    (seen,) = look(cluster, namespaces=("shop",)).of("Pod")
    assert {key: len(value) for key, value in seen["metadata"]["annotations"].items()} == {"do-not-restart": 256}
