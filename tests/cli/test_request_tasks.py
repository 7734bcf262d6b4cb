"""Ordinary tasks through ``agentops do``: words in, one plan up the guard, and the cluster is as it was asked for.

The model is scripted: what is tested is that a plan of that kind can be drafted, applied and judged by the request.
Policy is the shipped one, but for who must agree (nobody: there is no terminal here), for the share of a workload that
may be out, and for what it forbids in any case, scaling to zero and deleting workloads: those are tasks too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

Cli = Callable[..., Any]
Obj = dict[str, Any]
_WEB = "registry.shop.example/web"
_REQUESTS = {"cpu": "50m", "memory": "64Mi"}


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A cluster in which nothing is wrong, served to whoever has its kubeconfig."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


@pytest.fixture
def unattended(at: tuple[str, ...], home: Path) -> tuple[str, ...]:
    """The options that lead to the cluster, in a home whose own policy asks nobody outside production."""
    config = home / "config.toml"
    config.write_text("[policy]\nmax_percent = 100\n" + config.read_text())
    text = (files("agentops.policy") / "default.cedar").read_text()
    text = text.replace('@id("change")\n@approval("one")', '@id("change")\n@approval("none")')
    kept = [part for part in text.split("\n@id(") if not part.startswith(('"scale-to-zero"', '"workload-deletion"'))]
    policy = home / "policy.cedar"
    policy.write_text("\n@id(".join(kept))
    policy.chmod(0o600)
    return at


Look = Callable[..., Any]
Check = Callable[[Look], Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked for, what the model drafts for it, and what must be so afterwards."""

    words: str
    drafts: tuple[Obj, ...]
    check: Check


def draft(tool: str, target: str, **arguments: Any) -> Obj:
    """Return a draft of one step."""
    return {"tool": f"kubernetes_{tool}", "target": target, "arguments": arguments}


def manifest(target: str, api: str, **parts: Any) -> Obj:
    """Return a draft that makes, or updates, one object."""
    kind, name = target.split("/")[-2:]
    body = {"apiVersion": api, "kind": kind, "metadata": {"name": name} | parts.pop("metadata", {}), **parts}
    return draft("apply_manifest", target, manifest=body)


def turns(drafts: tuple[Obj, ...], **report: Any) -> list[Obj]:
    """Return a model's turns: it drafts one step after the other, and reports the plan."""
    said = {"reason": "It is asked for.", "evidence": ["{{first}}"]}
    made = [{"calls": [{"tool": "draft_change", "arguments": said | one}]} for one in drafts]
    planned = {"verdict": "planned", "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}
    return [*made, {"calls": [{"tool": "report_request", "arguments": planned | report}]}]


_CONFIGURED = {"envFrom": [{"configMapRef": {"name": "shop-config"}}]}


def app(name: str, image: str, replicas: int = 1, **labels: str) -> Obj:
    """Return a Deployment of one small container."""
    container = {
        "name": "main",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": _REQUESTS, "limits": {"memory": "128Mi"}},
    } | ({} if "redis" in image else _CONFIGURED)
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return manifest(f"Deployment/{name}", "apps/v1", spec=spec)


def service(name: str, namespace: str = "", **selector: str) -> Obj:
    """Return a Service on port 80."""
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return manifest(f"{namespace}Service/{name}", "v1", spec={"selector": selector, "ports": ports})


_REDIS = "docker.io/library/redis:7.4"
_TASKS: Mapping[str, Task] = {
    "create a workload and its service": Task(
        words="run redis 7.4 as cache, one copy, and give it a Service",
        drafts=(app("cache", _REDIS, app="cache"), service("cache", app="cache")),
        check=lambda look: (
            (
                look("Deployment", "cache", "status", "readyReplicas"),
                look("Service", "cache", "spec", "selector"),
            )
            == (1, {"app": "cache"})
        ),
    ),
    "scale": Task(
        words="scale catalog to 3",
        drafts=(draft("scale", "Deployment/catalog", replicas=3),),
        check=lambda look: look("Deployment", "catalog", "status", "readyReplicas") == 3,
    ),
    "scale to zero on purpose": Task(
        words="stop recommendations for now, scale it to 0",
        drafts=(draft("scale", "Deployment/recommendations", replicas=0),),
        check=lambda look: look("Deployment", "recommendations", "spec", "replicas") == 0,
    ),
    "roll out an image": Task(
        words="roll out catalog 1.8.3",
        drafts=(draft("set_image", "shop/Deployment/catalog", image="registry.shop.example/catalog:1.8.3"),),
        check=lambda look: (
            (
                look("Deployment", "catalog", "status", "updatedReplicas"),
                look("Deployment", "catalog", "spec", "template", "spec", "containers", 0, "image"),
            )
            == (2, "registry.shop.example/catalog:1.8.3")
        ),
    ),
    "switch a service to the green version": Task(
        words="run the new web next to the old one as web-green and switch the Service to it",
        drafts=(
            app("web-green", f"{_WEB}:2.15.0", 2, app="web-green"),
            draft("set_service", "Service/web", selector={"app": "web-green"}),
        ),
        check=lambda look: look("Service", "web", "spec", "selector") == {"app": "web-green"},
    ),
    "a canary behind the service": Task(
        words="scale web to 4 and put one canary of 2.15.0 behind the Service",
        drafts=(
            draft("set_hpa", "HorizontalPodAutoscaler/web", min=4),
            app("web-canary", f"{_WEB}:2.15.0", app="web", track="canary"),
        ),
        check=lambda look: (
            (
                look("HorizontalPodAutoscaler", "web", "spec", "minReplicas"),
                look("Deployment", "web-canary", "status", "readyReplicas"),
            )
            == (4, 1)
        ),
    ),
    "expose on a node port": Task(
        words="expose cart on a node port",
        drafts=(
            manifest(
                "Service/cart-public",
                "v1",
                spec={
                    "type": "NodePort",
                    "selector": {"app": "cart"},
                    "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                },
            ),
        ),
        check=lambda look: look("Service", "cart-public", "spec", "ports", 0, "nodePort") >= 30000,
    ),
    "an ingress": Task(
        words="make catalog reachable as catalog.shop.example",
        drafts=(
            manifest(
                "Ingress/catalog",
                "networking.k8s.io/v1",
                spec={
                    "ingressClassName": "nginx",
                    "rules": [
                        {
                            "host": "catalog.shop.example",
                            "http": {
                                "paths": [
                                    {
                                        "path": "/",
                                        "pathType": "Prefix",
                                        "backend": {"service": {"name": "catalog", "port": {"number": 80}}},
                                    }
                                ]
                            },
                        }
                    ],
                },
            ),
        ),
        check=lambda look: look("Ingress", "catalog", "spec", "rules", 0, "host") == "catalog.shop.example",
    ),
    "set limits": Task(
        words="give cart 256Mi of memory at most",
        drafts=(draft("set_resources", "Deployment/cart", container="cart", limits={"memory": "256Mi"}),),
        check=lambda look: (
            look("Deployment", "cart", "spec", "template", "spec", "containers", 0, "resources", "limits")
            == {"memory": "256Mi"}
        ),
    ),
    "set an environment variable": Task(
        words="set LOG_LEVEL to debug on cart",
        drafts=(draft("set_env", "Deployment/cart", container="cart", set={"LOG_LEVEL": "debug"}),),
        check=lambda look: (
            {"name": "LOG_LEVEL", "value": "debug"}
            in look("Deployment", "cart", "spec", "template", "spec", "containers", 0, "env")
        ),
    ),
    "raise a quota": Task(
        words="let shop have 50 pods",
        drafts=(draft("set_quota", "ResourceQuota/shop", hard={"pods": "50"}),),
        check=lambda look: look("ResourceQuota", "shop", "spec", "hard", "pods") == "50",
    ),
    "a default limit for a namespace": Task(
        words="containers in shop without limits get 256Mi",
        drafts=(
            manifest(
                "LimitRange/defaults",
                "v1",
                spec={"limits": [{"type": "Container", "default": {"memory": "256Mi"}}]},
            ),
        ),
        check=lambda look: look("LimitRange", "defaults", "spec", "limits", 0, "default") == {"memory": "256Mi"},
    ),
    "a network policy": Task(
        words="only cart may reach redis",
        drafts=(
            manifest(
                "NetworkPolicy/redis",
                "networking.k8s.io/v1",
                spec={
                    "podSelector": {"matchLabels": {"app": "redis"}},
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "cart"}}}]}],
                },
            ),
        ),
        check=lambda look: look("NetworkPolicy", "redis", "spec", "podSelector", "matchLabels") == {"app": "redis"},
    ),
    "a role and its binding": Task(
        words="let the service account shop read ConfigMaps here",
        drafts=(
            manifest(
                "Role/config-reader",
                "rbac.authorization.k8s.io/v1",
                rules=[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}],
            ),
            manifest(
                "RoleBinding/config-reader",
                "rbac.authorization.k8s.io/v1",
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "config-reader"},
                subjects=[{"kind": "ServiceAccount", "name": "shop", "namespace": "shop"}],
            ),
        ),
        check=lambda look: (
            (
                look("Role", "config-reader", "rules", 0, "verbs"),
                look("RoleBinding", "config-reader", "subjects", 0, "name"),
            )
            == (["get", "list"], "shop")
        ),
    ),
    "a service account": Task(
        words="make a service account named deployer",
        drafts=(manifest("ServiceAccount/deployer", "v1"),),
        check=lambda look: look("ServiceAccount", "deployer", "metadata", "name") == "deployer",
    ),
    "an autoscaler": Task(
        words="scale catalog by itself between 2 and 5 at 70 % CPU",
        drafts=(
            manifest(
                "HorizontalPodAutoscaler/catalog",
                "autoscaling/v2",
                spec={
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "catalog"},
                    "minReplicas": 2,
                    "maxReplicas": 5,
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                        }
                    ],
                },
            ),
        ),
        check=lambda look: look("HorizontalPodAutoscaler", "catalog", "spec", "maxReplicas") == 5,
    ),
    "a disruption budget": Task(
        words="never take down both catalogs at once",
        drafts=(
            manifest(
                "PodDisruptionBudget/catalog",
                "policy/v1",
                spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "catalog"}}},
            ),
        ),
        check=lambda look: look("PodDisruptionBudget", "catalog", "spec", "minAvailable") == 1,
    ),
    "a namespace with its contents": Task(
        words="a namespace blue with a quota, a config and a small redis in it",
        drafts=(
            manifest("Namespace/blue", "v1", metadata={"labels": {"team": "blue"}}),
            manifest("blue/ResourceQuota/blue", "v1", spec={"hard": {"pods": "10"}}),
            manifest("blue/ConfigMap/settings", "v1", data={"MODE": "blue"}),
            app("redis", _REDIS, app="redis") | {"target": "blue/Deployment/redis"},
            service("redis", "blue/", app="redis"),
        ),
        check=lambda look: (
            (
                look("ConfigMap", "settings", "data", "MODE", namespace="blue"),
                look("Deployment", "redis", "status", "readyReplicas", namespace="blue"),
            )
            == ("blue", 1)
        ),
    ),
    "edit a config and restart who reads it": Task(
        words="point the shop at redis on port 6380 in the config and restart cart",
        drafts=(
            draft("edit_configmap", "ConfigMap/shop-config", set={"FEATURE_FLAGS": "fast-cart"}),
            draft("rollout_restart", "Deployment/cart"),
        ),
        check=lambda look: (
            (
                look("ConfigMap", "shop-config", "data", "FEATURE_FLAGS"),
                look("Deployment", "cart", "status", "updatedReplicas"),
            )
            == ("fast-cart", 2)
        ),
    ),
    "suspend a cron job": Task(
        words="suspend the daily report",
        drafts=(draft("suspend_cronjob", "CronJob/daily-report", suspend=True),),
        check=lambda look: look("CronJob", "daily-report", "spec", "suspend") is True,
    ),
    "change a schedule": Task(
        words="run the daily report at six in the morning",
        drafts=(draft("patch", "CronJob/daily-report", path="spec.schedule", old="17,47 * * * *", new="0 6 * * *"),),
        check=lambda look: look("CronJob", "daily-report", "spec", "schedule") == "0 6 * * *",
    ),
    "cordon a node": Task(
        words="take no new pods on worker-3",
        drafts=(draft("cordon", "Node/worker-3"),),
        check=lambda look: look("Node", "worker-3", "spec", "unschedulable", namespace="") is True,
    ),
    "drain a node": Task(
        words="empty worker-3 for maintenance",
        drafts=(draft("drain", "Node/worker-3", delete_emptydir=True),),
        check=lambda look: look("Node", "worker-3", "spec", "unschedulable", namespace="") is True,
    ),
    "resize a claim": Task(
        words="postgres gets 30Gi of disk",
        drafts=(draft("resize_pvc", "PersistentVolumeClaim/data-postgres-0", storage="30Gi"),),
        check=lambda look: (
            look("PersistentVolumeClaim", "data-postgres-0", "spec", "resources", "requests", "storage") == "30Gi"
        ),
    ),
    "label and annotate": Task(
        words="label cart with tier=backend and note who owns it",
        drafts=(
            draft("label", "Deployment/cart", set={"tier": "backend"}),
            draft("annotate", "Deployment/cart", set={"example.com/owner": "team-cart"}),
        ),
        check=lambda look: (
            (
                look("Deployment", "cart", "metadata", "labels", "tier"),
                look("Deployment", "cart", "metadata", "annotations", "example.com/owner"),
            )
            == ("backend", "team-cart")
        ),
    ),
    "delete an object": Task(
        words="delete the disruption budget of checkout",
        drafts=(draft("delete", "PodDisruptionBudget/checkout"),),
        check=lambda look: look("PodDisruptionBudget", "checkout") is None,
    ),
    "pause a rollout": Task(
        words="pause rollouts of cart",
        drafts=(draft("patch", "Deployment/cart", path="spec.paused", old=None, new=True),),
        check=lambda look: look("Deployment", "cart", "spec", "paused") is True,
    ),
    "a job": Task(
        words="run the report once now",
        drafts=(
            manifest(
                "Job/report-now",
                "batch/v1",
                spec={
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [
                                {
                                    "name": "report",
                                    "image": "registry.shop.example/report:2.0",
                                    "resources": {"requests": _REQUESTS, "limits": {"memory": "128Mi"}},
                                    **_CONFIGURED,
                                }
                            ],
                        }
                    }
                },
            ),
        ),
        check=lambda look: look("Job", "report-now", "metadata", "name") == "report-now",
    ),
}


def _look(cluster: Sandbox) -> Look:
    def look(kind: str, name: str, *path: str | int, namespace: str = "shop") -> Any:
        """Return what stands at a path of an object; None where there is no object."""
        for one in cluster.simulation.store.dump():
            meta = one["metadata"]
            if (one["kind"], meta["name"], meta.get("namespace", "")) == (kind, name, namespace):
                found: Any = one
                for part in path:
                    found = found[part] if isinstance(part, int) else found.get(part)
                return found
        return None

    return look


@pytest.mark.parametrize("task", _TASKS.values(), ids=_TASKS)
def test_it_is_done_as_asked(
    cli: Cli, cluster: Sandbox, unattended: tuple[str, ...], tmp_path: Path, task: Task
) -> None:
    """Planned, applied, judged by the request: exit 0, verified, the cluster is so, and the last lines say it."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": turns(task.drafts)}))
    done = cli("do", task.words, "--model", f"scripted:{script}", "--yes", *unattended)
    assert done.code == 0, done.out + done.err
    found = done.document
    assert (found["status"], found["request"]["verdict"], found["outcome"]["verified"]) == ("applied", "done", True)
    assert task.check(_look(cluster))
    assert found["request"]["words"] == task.words
    assert "Done as asked" in cli("show").out
