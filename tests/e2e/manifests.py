"""The objects that the tests make: as small as the API takes them, and such that any cluster takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.client import Obj

LABELS = {"app": "web"}


def pod_spec(image: str, **container: Any) -> Obj:
    """Return a pod's spec with one container called ``main``."""
    requests = {"requests": {"cpu": "5m", "memory": "8Mi"}}
    return {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": image, "resources": requests, **container}],
    }


def deployment(image: str, *, name: str = "web", replicas: int = 1, **container: Any) -> Obj:
    """Return a Deployment whose pods bear ``app=NAME``."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(image, **container)},
        },
    }


def pod(image: str, name: str = "alone", **spec: Any) -> Obj:
    """Return a pod that nothing owns."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {**pod_spec(image), **spec},
    }


def config(data: Mapping[str, str], name: str = "settings") -> Obj:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(data)}


def service(name: str = "web", **selector: str) -> Obj:
    """Return a Service on port 80; it selects ``app=web`` unless told otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector or LABELS, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }


def cron_job(image: str, *, suspend: bool) -> Obj:
    """Return a CronJob that runs once a year."""
    template = {"spec": {**pod_spec(image), "restartPolicy": "Never"}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "yearly"},
        "spec": {"schedule": "0 0 1 1 *", "suspend": suspend, "jobTemplate": {"spec": {"template": template}}},
    }


def job(image: str, name: str = "work", **spec: Any) -> Obj:
    """Return a Job."""
    template = {"spec": {**pod_spec(image), "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def autoscaler() -> Obj:
    """Return an autoscaler of the Deployment ``web``."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }


def quota(hard: Mapping[str, str], name: str = "limits") -> Obj:
    """Return a ResourceQuota."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": dict(hard)}}


def network_policy() -> Obj:
    """Return a NetworkPolicy that lets pods of the namespace in to ``app=web``."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "web"},
        "spec": {
            "podSelector": {"matchLabels": LABELS},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}]}],
        },
    }


def role(*verbs: str, name: str = "reader", resources: tuple[str, ...] = ("pods",)) -> Obj:
    """Return a Role over resources of all groups."""
    rule = {"apiGroups": ["*"], "resources": list(resources), "verbs": list(verbs)}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": name},
        "rules": [rule],
    }


def binding(namespace: str, account: str, name: str = "reader") -> Obj:
    """Return a RoleBinding of the Role of the same name to a service account of the namespace."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


def account(name: str) -> Obj:
    """Return a ServiceAccount."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def claim(storage_class: str, size: str = "1Gi", name: str = "data") -> Obj:
    """Return a PersistentVolumeClaim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }


def storage_class() -> Obj:
    """Return a StorageClass without a driver, whose volumes may grow."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "provisioner": "kubernetes.io/no-provisioner",
        "allowVolumeExpansion": True,
    }


def volume(storage_class: str) -> Obj:
    """Return a PersistentVolume of that class, on a path that nothing is ever written to."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/tmp/agentops-e2e-nothing"},
        },
    }


def node() -> Obj:
    """Return a Node that no kubelet stands behind, and on which there is no room."""
    room = {"cpu": "0", "memory": "0", "pods": "0"}
    taint = {"key": "e2e.example.org/none", "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "spec": {"taints": [taint]},
        "status": {"capacity": room, "allocatable": room},
    }


def budget(name: str = "web", **spec: Any) -> Obj:
    """Return a PodDisruptionBudget of ``app=web``."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": LABELS}, **spec},
    }


def ingress(service: str) -> Obj:
    """Return an Ingress with one backend and no class."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
    }
