"""What was saved of a cluster is read like the cluster; what was not saved is never taken for missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.core.errors import ClusterError, NotFound, UsageError
from agentops.providers.kubernetes.api.client import Selection
from agentops.providers.kubernetes.api.dump_files import read_dump
from agentops.providers.kubernetes.api.dump_transport import open_dump
from agentops.providers.kubernetes.api.tail import LogPlace, read_tail
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _pod(name: str, namespace: str = "shop") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2026-11-20T10:00:00Z"}}


def _list(kind: str, *items: dict[str, Any], version: str = "v1") -> str:
    return json.dumps({"kind": f"{kind}List", "apiVersion": version, "items": list(items)})


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _names(path: Path, kind: str, namespace: str = "") -> list[str]:
    found, _ = open_dump(path)[0].list_objects(builtin(kind), Selection(namespace=namespace))
    return sorted(item["metadata"]["name"] for item in found)


def test_the_folder_of_cluster_info_dump(tmp_path: Path) -> None:
    """Lists by namespace, an empty one proves that there is nothing, logs stand between marks."""
    log = "==== START logs for container app of pod shop/web-1 ====\none\ntwo\n"
    log += "==== END logs for container app of pod shop/web-1 ====\n"
    files = {
        "nodes.json": _list("Node", {"metadata": {"name": "n1"}}),
        "shop/pods.json": _list("Pod", _pod("web-1")),
        "shop/services.json": _list("Service"),
        "shop/web-1/logs.txt": log,
        "pay/pods.json": _list("Pod", _pod("api-1", "pay")),
    }
    cluster, dump, clock = open_dump(_write(tmp_path, files))
    assert (_names(tmp_path, "Pod", "shop"), _names(tmp_path, "Pod"), _names(tmp_path, "Node")) == (
        ["web-1"],
        ["api-1", "web-1"],
        ["n1"],
    )
    assert (_names(tmp_path, "Service", "shop"), dump.namespaces) == ([], ("pay", "shop"))
    with pytest.raises(ClusterError, match="not in the dump"):
        _names(tmp_path, "Service", "pay")
    place = LogPlace(namespace="shop", pod="web-1", container="app")
    assert read_tail(cluster, place, lines=1, size_bytes=1_000, line_limit=100).lines == ("two",)
    assert clock is not None
    assert clock() == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_the_folder_of_must_gather(tmp_path: Path) -> None:
    """Lists of a namespace as YAML, a file for each cluster-scoped object, logs of this run and the one before."""
    base = "must-gather.local.1/quay-io-x"
    files = {
        f"{base}/namespaces/shop/core/pods.yaml": yaml.safe_dump(json.loads(_list("Pod", _pod("web-1")))),
        f"{base}/namespaces/shop/core/configmaps.yaml": yaml.safe_dump(json.loads(_list("ConfigMap"))),
        f"{base}/namespaces/shop/pods/web-1/app/app/logs/current.log": "now\n",
        f"{base}/namespaces/shop/pods/web-1/app/app/logs/previous.log": "then\n",
        f"{base}/cluster-scoped-resources/core/nodes/n1.yaml": "kind: Node\napiVersion: v1\nmetadata: {name: n1}\n",
    }
    cluster, _, _ = open_dump(_write(tmp_path, files))
    assert (_names(tmp_path, "Pod", "shop"), _names(tmp_path, "ConfigMap", "shop"), _names(tmp_path, "Node")) == (
        ["web-1"],
        [],
        ["n1"],
    )
    for previous, said in ((False, "now"), (True, "then")):
        place = LogPlace(namespace="shop", pod="web-1", container="app", previous=previous)
        assert read_tail(cluster, place, lines=5, size_bytes=1_000, line_limit=100).lines == (said,)
    with pytest.raises(NotFound):
        cluster.get_object(builtin("Node"), "n2")


def test_the_folder_that_oc_adm_must_gather_leaves(tmp_path: Path) -> None:
    """The layout that ``oc adm inspect`` writes: what is no object beside the objects makes no gap.

    Source: openshift/enhancements ``enhancements/oc/inspect.md``, openshift/oc ``pkg/cli/admin/inspect`` (``pod.go``:
    log lines with the time before each, metrics as text in ``metrics.json``; ``namespace.go``: ``NS/NS.yaml``).
    """
    image = "must-gather.local.7079684121838056125/quay-io-openshift-release-dev-ocp-v4-0-art-dev-sha256-4f688c549604"
    space = f"{image}/namespaces/shop"
    pod = {"kind": "Pod", "apiVersion": "v1", **_pod("web-1")}
    whole = "---\n" + yaml.safe_dump({"apiVersion": "v1", "kind": "PodList", "items": [pod], "metadata": {}})
    container = f"{space}/pods/web-1/app/app"
    cluster_scoped = f"{image}/cluster-scoped-resources"
    files = {
        "must-gather.local.7079684121838056125/timestamp": "2026-11-22 12:00:00.1 +0000 UTC\n",
        "must-gather.local.7079684121838056125/event-filter.html": "<html></html>",
        f"{image}/version": "openshift/must-gather\n4.16.0-202411-abc\n",
        f"{image}/host_service_logs/masters/kubelet_service.log": "Nov 22 kubelet started\n",
        f"{image}/etcd_info/endpoint_health.json": "[]",
        f"{space}/shop.yaml": yaml.safe_dump({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}}),
        f"{space}/core/pods.yaml": whole,
        f"{space}/core/configmaps.yaml": yaml.safe_dump(json.loads(_list("ConfigMap"))),
        f"{space}/core/events.yaml": yaml.safe_dump(json.loads(_list("Event"))),
        f"{space}/apps/deployments.yaml": yaml.safe_dump(json.loads(_list("Deployment", version="apps/v1"))),
        f"{space}/route.openshift.io/routes.yaml": yaml.safe_dump(
            json.loads(_list("Route", version="route.openshift.io/v1"))
        ),
        f"{space}/pods/web-1/web-1.yaml": "---\n" + yaml.safe_dump(pod),
        f"{container}/logs/current.log": "2026-11-22T11:59:58.123456789Z ready\n",
        f"{container}/logs/previous.log": "2026-11-22T11:50:00.123456789Z FATAL no disk\n",
        f"{container}/logs/previous.insecure.log": "",
        f"{container}/healthz/index": "ok",
        f"{container}/metrics.json": "# HELP go_goroutines Number\ngo_goroutines 12\n",
        f"{cluster_scoped}/core/nodes/n1.yaml": yaml.safe_dump(
            {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}}
        ),
        f"{cluster_scoped}/core/namespaces/shop.yaml": yaml.safe_dump(
            {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}}
        ),
        f"{cluster_scoped}/config.openshift.io/clusteroperators.yaml": yaml.safe_dump(
            json.loads(_list("ClusterOperator", version="config.openshift.io/v1"))
        ),
    }
    cluster, dump, _ = open_dump(_write(tmp_path, files))
    assert (
        _names(tmp_path, "Pod", "shop"),
        _names(tmp_path, "ConfigMap", "shop"),
        _names(tmp_path, "Deployment", "shop"),
        _names(tmp_path, "Node"),
        _names(tmp_path, "Namespace"),
        [gap.what for gap in dump.gaps],
        dump.namespaces,
    ) == (["web-1"], [], [], ["n1"], ["shop"], [], ("shop",))
    place = LogPlace(namespace="shop", pod="web-1", container="app", previous=True)
    said = read_tail(cluster, place, lines=5, size_bytes=1_000, line_limit=100).lines
    assert said == ("2026-11-22T11:50:00.123456789Z FATAL no disk",)


def test_the_folder_that_cluster_info_dump_leaves(tmp_path: Path) -> None:
    """All files of one namespace as kubectl names them, logs of several containers in one text, requests that failed.

    Source: kubernetes/kubernetes ``staging/src/k8s.io/kubectl/pkg/cmd/clusterinfo/clusterinfo_dump.go``.
    """
    marks = (
        "==== START logs for container {} of pod shop/web-1 ====\n",
        "==== END logs for container {} of pod shop/web-1 ====\n",
    )
    log = "".join(marks[0].format(name) + text + marks[1].format(name) for name, text in (
        ("init", "made\n"), ("app", "Request log error: container is waiting to start\n")))  # fmt: skip
    kinds = {
        "events": "Event", "replication-controllers": "ReplicationController", "services": "Service",
        "daemonsets": "DaemonSet", "deployments": "Deployment", "replicasets": "ReplicaSet",
    }  # fmt: skip
    files = {f"shop/{name}.yaml": yaml.safe_dump(json.loads(_list(kind))) for name, kind in kinds.items()}
    files |= {
        "nodes.yaml": yaml.safe_dump(json.loads(_list("Node", {"metadata": {"name": "n1"}}))),
        "shop/pods.yaml": yaml.safe_dump(json.loads(_list("Pod", _pod("web-1")))),
        "shop/web-1/logs.txt": log,
    }
    dump = read_dump(_write(tmp_path, files))
    assert (_names(tmp_path, "Service", "shop"), _names(tmp_path, "Node"), list(dump.gaps)) == ([], ["n1"], [])
    assert dump.logs["shop", "web-1", "init", False].strip() == "made"


def test_the_folder_of_a_support_bundle(tmp_path: Path) -> None:
    """A file for each namespace in a folder of the kind; some folders have names that are no kind's plural.

    Source: replicatedhq/troubleshoot ``pkg/constants/constants.go``.
    """
    files = {
        "cluster-resources/nodes.json": _list("Node", {"metadata": {"name": "n1"}}),
        "cluster-resources/pods-errors.json": '["pods is forbidden"]',
        "cluster-resources/ingress/shop.json": _list("Ingress", version="networking.k8s.io/v1"),
        "cluster-resources/network-policy/shop.json": _list("NetworkPolicy", version="networking.k8s.io/v1"),
        "cluster-resources/pvcs/shop.json": _list("PersistentVolumeClaim"),
        "cluster-resources/resource-quota/shop.json": _list("ResourceQuota"),
        "cluster-resources/storage-classes.json": _list("StorageClass", version="storage.k8s.io/v1"),
        "cluster-resources/pods/shop.json": _list("Pod", _pod("web-1")),
        "cluster-resources/pods/logs/shop/web-1/app.log": "now\n",
        "cluster-resources/pods/logs/shop/web-1/app-previous.log": "then\n",
        "cluster-resources/services/shop.json": _list("Service"),
    }
    dump = read_dump(_write(tmp_path, files))
    assert dump.logs == {("shop", "web-1", "app", False): "now\n", ("shop", "web-1", "app", True): "then\n"}
    empty = ("Service", "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "ResourceQuota")
    assert [_names(tmp_path, kind, "shop") for kind in empty] == [[]] * len(empty)
    assert (_names(tmp_path, "Pod", "shop"), _names(tmp_path, "Node"), dump.gaps) == (["web-1"], ["n1"], [])


def test_one_list_of_several_kinds_in_two_namespaces_is_of_all(tmp_path: Path) -> None:
    """A kind with objects in one namespace only was asked for everywhere, too."""
    config = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "namespace": "shop"}}
    pods = [{"kind": "Pod", "apiVersion": "v1", **_pod("a", space)} for space in ("shop", "pay")]
    whole = _write(tmp_path, {"all.json": json.dumps({"kind": "List", "items": [config, *pods]})}) / "all.json"
    alone = _write(tmp_path, {"one.json": json.dumps({"kind": "List", "items": [config, pods[0]]})}) / "one.json"
    assert (_names(whole, "ConfigMap", "pay"), read_dump(whole).namespaces, read_dump(alone).namespaces) == (
        [],
        (),
        ("shop",),
    )


def test_a_single_object_says_nothing_of_the_others(tmp_path: Path) -> None:
    """``kubectl get configmap c -o yaml`` is no list of ConfigMaps; of pods, what there is can be looked at."""
    texts = [f"kind: {kind}\napiVersion: v1\nmetadata: {{name: x, namespace: shop}}\n" for kind in ("ConfigMap", "Pod")]
    path = _write(tmp_path, {"two.yaml": "---\n".join(texts)}) / "two.yaml"
    cluster, _, _ = open_dump(path)
    assert (_names(path, "Pod", "shop"), cluster.get_object(builtin("ConfigMap"), "x", "shop")["kind"]) == (
        ["x"],
        "ConfigMap",
    )
    with pytest.raises(ClusterError, match="in part only"):
        _names(path, "ConfigMap", "shop")


def test_values_of_secrets_stay_out(tmp_path: Path) -> None:
    """As from a server: the keys are seen, the values nowhere."""
    secret = {"metadata": {"name": "s", "namespace": "shop"}, "data": {"password": "aHVudGVyMg=="}}
    path = _write(tmp_path, {"shop/secrets.json": _list("Secret", secret)})
    found, _ = open_dump(path)[0].list_objects(builtin("Secret"), Selection(namespace="shop"))
    assert ("password" in found[0]["data"], "aHVudGVyMg" in json.dumps(found)) == (True, False)


def test_kinds_that_are_not_built_in_are_served(tmp_path: Path) -> None:
    """A custom resource of the dump is found by its kind."""
    rollout = {"kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1", "metadata": {"name": "r", "namespace": "shop"}}
    cluster, _, _ = open_dump(_write(tmp_path, {"r.json": json.dumps({"kind": "List", "items": [rollout]})}))
    kind = cluster.kind("rollout")
    assert (kind.api_version, cluster.get_object(kind, "r", "shop")["metadata"]["name"]) == (
        "argoproj.io/v1alpha1",
        "r",
    )


def test_field_selectors_are_those_of_the_api(tmp_path: Path) -> None:
    """Equal and unequal, several at once."""
    path = _write(tmp_path, {"shop/pods.json": _list("Pod", _pod("a"), _pod("b"))})
    cluster = open_dump(path)[0]
    chosen = [
        [item["metadata"]["name"] for item in cluster.list_objects(builtin("Pod"), Selection(fields=fields))[0]]
        for fields in ("metadata.name=a", "metadata.name!=a", "metadata.name=a,metadata.namespace=pay")
    ]
    assert chosen == [["a"], ["b"], []]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A broken file, a device, aliases that stand for gigabytes: a gap each, and the rest is read."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    _write(tmp_path, {"shop/pods.json": _list("Pod", _pod("a")), "broken.json": "{", "bomb.yaml": bomb})
    os.mkfifo(tmp_path / "pipe.json")
    gaps = {gap.what: gap.reason for gap in read_dump(tmp_path).gaps}
    assert (set(gaps), "JSON" in gaps["broken.json"], "aliases" in gaps["bomb.yaml"]) == (
        {"broken.json", "bomb.yaml", "pipe.json"},
        True,
        True,
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"kind": "Status"}', "hello", "- a\n- b\n", "\x00", "{" * 9000]
)
def test_what_is_no_dump_is_refused(tmp_path: Path, text: str) -> None:
    """With the forms that are known; whatever is in the file."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="holds no Kubernetes objects"):
        read_dump(path)


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    """A folder that somebody sent leads nowhere else."""
    _write(tmp_path, {"in/shop/pods.json": _list("Pod", _pod("a")), "out/pods.json": _list("Pod", _pod("secret"))})
    (tmp_path / "in/more").symlink_to(tmp_path / "out", target_is_directory=True)
    (tmp_path / "in/linked.json").symlink_to(tmp_path / "out/pods.json")
    assert _names(tmp_path / "in", "Pod", "shop") == ["a"]


@pytest.mark.real
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_what_the_real_kubectl_writes(tmp_path: Path) -> None:
    """Its dump, as folder and as stream, and its lists, as YAML and JSON, hold the same pods and logs."""
    everything = "all,configmaps,secrets,events,nodes,pvc,networkpolicies"
    with Sandbox(load("bad-image-tag"), now=lambda: NOW, ticking=False) as sandbox:
        base = ["kubectl", "--kubeconfig", str(sandbox.kubeconfig), "--context", sandbox.context]
        for words, name in (
            (["cluster-info", "dump", "-A", "--output-directory", str(tmp_path / "folder")], ""),
            (["cluster-info", "dump", "-A"], "stream.txt"),
            (["get", everything, "-A", "-o", "yaml"], "all.yaml"),
            (["get", everything, "-A", "-o", "json"], "all.json"),
        ):
            done = subprocess.run([*base, *words], capture_output=True, text=True, check=True, timeout=120)
            if name:
                (tmp_path / name).write_text(done.stdout)
    forms = [tmp_path / name for name in ("folder", "stream.txt", "all.yaml", "all.json")]
    pods = [_names(form, "Pod", "shop") for form in forms]
    assert (len(pods[0]) > 10, [found == pods[0] for found in pods]) == (True, [True] * 4)
    logs = [read_dump(form).logs for form in forms[:2]]
    assert (len(logs[0]) > 10, logs[0].keys() == logs[1].keys()) == (True, True)
