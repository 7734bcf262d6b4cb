"""A large simulated cluster, served by a process of its own until its standard input closes.

``python tests/benchmarks/big_cluster.py PODS [EVERY]`` prints the URL and then serves. Pods are as large as real ones,
with managedFields; one pod in EVERY (500) crashes, so that triage has something to find. With 1 they all do, each with
an event of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Obj = dict[str, Any]
_PODS_PER_DEPLOYMENT = 20
_PODS_PER_NODE = 10
_NAMESPACES = 20


def objects(pods: int, now: datetime, every: int = 500) -> Iterator[Obj]:
    """Yield every object of a cluster with ``pods`` pods, of which one in ``every`` crashes."""
    then = (now - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in range(_NAMESPACES):
        yield _object("v1", "Namespace", "", f"team-{number}", then, status={"phase": "Active"})
    for number in range(pods // _PODS_PER_NODE):
        yield _node(number, then)
    for number in range(pods // _PODS_PER_DEPLOYMENT):
        yield from _workload(number, then, every)


def _object(version: str, kind: str, namespace: str, name: str, then: str, **body: Any) -> Obj:
    metadata: Obj = {"name": name, "creationTimestamp": then, "labels": {"app.kubernetes.io/name": name}}
    if namespace:
        metadata["namespace"] = namespace
    metadata.update(body.pop("metadata", {}))
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _node(number: int, then: str) -> Obj:
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": then}
    images = [{"names": [f"registry.example/team/app-{n}:1.{n}"], "sizeBytes": 123456789} for n in range(20)]
    status = {"capacity": capacity, "allocatable": capacity, "conditions": [ready], "images": images}
    return _object("v1", "Node", "", f"node-{number}", then, spec={"podCIDR": "10.0.0.0/24"}, status=status)


def _workload(number: int, then: str, every: int) -> Iterator[Obj]:
    namespace, name = f"team-{number % _NAMESPACES}", f"app-{number}"
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": _pod_spec(name)}
    count = _PODS_PER_DEPLOYMENT
    counts = {"replicas": count, "updatedReplicas": count}
    if every > 1:
        counts |= {"readyReplicas": count, "availableReplicas": count}
    spec = {"replicas": count, "selector": {"matchLabels": labels}, "template": template}
    deployment = _object("apps/v1", "Deployment", namespace, name, then, spec=spec, status=counts)
    deployment["metadata"]["uid"] = f"d-{number}"
    yield deployment
    owner = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": f"d-{number}", "controller": True}]
    metadata = {"uid": f"r-{number}", "ownerReferences": owner, "labels": labels}
    yield _object("apps/v1", "ReplicaSet", namespace, f"{name}-5d4f", then, metadata=metadata, spec=spec, status=counts)
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    yield _object(
        "v1", "Service", namespace, name, then, spec={"selector": labels, "ports": ports, "type": "ClusterIP"}
    )
    yield _object("v1", "ConfigMap", namespace, f"{name}-config", then, data={"LOG_LEVEL": "info", "REGION": "eu"})
    for replica in range(count):
        pod = _pod(number, replica, namespace, name, then, every)
        yield pod
        if every == 1:
            yield _back_off(pod, then)


def _pod_spec(name: str) -> Obj:
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1}
    reference = {"configMapKeyRef": {"name": f"{name}-config", "key": "LOG_LEVEL"}}
    container = {
        "name": "app",
        "image": f"registry.example/team/{name}:1.0.0",
        "env": [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(12)]
        + [{"name": "LOG_LEVEL", "valueFrom": reference}],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": resources,
        "livenessProbe": probe,
        "readinessProbe": probe,
    }
    return {"containers": [container], "restartPolicy": "Always", "serviceAccountName": "default"}


def _back_off(pod: Obj, then: str) -> Obj:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": name}
    body = {"involvedObject": about, "reason": "BackOff", "type": "Warning", "count": 40}
    body |= {"message": f"Back-off restarting failed container app in pod {name}"}
    return _object("v1", "Event", namespace, f"{name}.1", then, firstTimestamp=then, lastTimestamp=then, **body)


def _pod(number: int, replica: int, namespace: str, name: str, then: str, every: int) -> Obj:
    pod_name = f"{name}-5d4f-{replica:05d}"
    index = number * _PODS_PER_DEPLOYMENT + replica
    crashes = index % every == min(7, every - 1)
    state: Obj = {"running": {"startedAt": then}}
    if crashes:
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
    statuses = [
        {
            "name": "app",
            "ready": not crashes,
            "restartCount": 40 if crashes else 0,
            "image": f"registry.example/team/{name}:1.0.0",
            "imageID": "registry.example/team/app@sha256:" + "ab" * 32,
            "state": state,
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": then}} if crashes else {},
        }
    ]
    truth = "False" if crashes else "True"
    conditions = [
        {"type": kind, "status": truth if kind in ("Ready", "ContainersReady") else "True", "lastTransitionTime": then}
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    fields = {
        f"f:{key}": {f"k:{n}": {".": {}, "f:value": {}} for n in range(12)} for key in ("metadata", "spec", "status")
    }
    metadata = {
        "labels": {"app": name, "pod-template-hash": "5d4f"},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"{name}-5d4f",
                "uid": f"r-{number}",
                "controller": True,
            }
        ],
        "managedFields": [
            {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields},
            {
                "manager": "kubelet",
                "operation": "Update",
                "apiVersion": "v1",
                "subresource": "status",
                "fieldsV1": fields,
            },
        ],
    }
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": statuses, "podIP": "10.0.0.1"}
    spec = _pod_spec(name) | {"nodeName": f"node-{index // _PODS_PER_NODE}"}
    return _object("v1", "Pod", namespace, pod_name, then, metadata=metadata, spec=spec, status=status)


def main() -> None:
    """Serve until standard input closes."""
    from agentops.sandbox.api_server import ApiServer
    from agentops.sandbox.store import ObjectStore
    from tests.sandbox.silent import NoLogs

    now = datetime.now(UTC)
    store = ObjectStore(lambda: datetime.now(UTC))
    store.load(list(objects(int(sys.argv[1]), now, *map(int, sys.argv[2:]))))
    server = ApiServer(store, logs=NoLogs())
    sys.stdout.write(server.start() + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
