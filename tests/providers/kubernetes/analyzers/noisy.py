"""Healthy clusters full of noise, by seed: what a real one has lying about while nothing is wrong.

Comes in: a seed. Goes out: a snapshot and an alert that is about one of its healthy workloads. Whatever triage makes of
it with more than low confidence is an error. Each kind of noise is a function that adds to the objects; the seed says
which of them a cluster has.
"""

from __future__ import annotations

import json
import random
from typing import Any

from agentops.core.alert import Alert, Target
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from tests.providers.kubernetes.analyzers.builder import NOW, Builder

_APPS = ("web", "cart", "orders", "billing", "search", "ledger", "mail", "catalog", "stock", "users", "media", "rates")
_ALERTS = ("KubePodNotReady", "KubeDeploymentReplicasMismatch", "HighLatency", "WebErrors", "KubePodCrashLooping")
_CALM = (
    "2026-11-22T15:58:{s:02d}Z INFO served GET /items 200 in {n} ms",
    'level=info ts=2026-11-22T15:57:{s:02d}Z msg="flushed" errors=0 failed=0',
    "2026-11-22T15:59:{s:02d}Z INFO error budget recalculated: {n} percent left",
    '2026-11-22T15:59:{s:02d}Z "GET /favicon.ico HTTP/1.1" 404 0',
    "I1122 15:58:{s:02d}.120000       1 reconciler.go:311] synced {n} objects, 0 errors",
    "2026-11-22T15:58:{s:02d}Z INFO registered handler for timeouts and errors",
    "2026-11-22T15:58:{s:02d}Z INFO retries:{n} timed out:0 refused:0",
    "2026-11-22T15:58:{s:02d}Z DEBUG lookup table TARIFFS_V{n} loaded",
    "2026-11-22T02:11:{s:02d}Z ERROR dial tcp db.shop:5432: connect: connection refused",
    "2026-11-22T02:12:{s:02d}Z INFO connected to db.shop:5432",
    "2026-11-22T03:00:{s:02d}Z ERROR KeyError: 'EUR'",
    "2026-11-22T15:59:{s:02d}Z INFO customer refused the offer, order {n} closed",
)


def noisy_cluster(seed: int) -> tuple[Alert | None, Snapshot]:
    """Return one healthy cluster with its alert (None: a plain scan); the same seed gives the same one."""
    dice, build = random.Random(seed), Builder()
    names = dice.sample(_APPS, dice.randint(4, 9))
    objects: list[dict[str, Any]] = [build.node(f"node-{letter}") for letter in "abc"]
    objects.append(_control_plane(build))
    for name in names:
        objects += _application(dice, build, name, names)
    for add in dice.sample(_NOISE, dice.randint(4, len(_NOISE))):
        objects += add(dice, build, dice.choice(names))
    target = dice.choice(names)
    pods = [obj for obj in objects if obj["kind"] == "Pod" and obj["metadata"]["name"].startswith(f"{target}-")]
    logs = tuple(_log(dice, pod, target) for pod in pods if pod["status"]["phase"] == "Running")
    alert = _alert(dice, target) if dice.random() < 0.9 else None
    where = alert.target if alert is not None else Target()
    about = {"namespace": where.namespace, "kind": where.kind, "name": where.name}
    return alert, build.snapshot(*objects, logs=logs if where.name else (), target=about)


def _alert(dice: random.Random, target: str) -> Alert:
    kind = dice.choice(("Deployment", "Service", ""))
    where = Target(namespace="shop", kind=kind, name=target) if kind else Target(namespace="shop")
    began = NOW.replace(hour=15, minute=dice.randint(10, 55))
    return Alert(name=dice.choice(_ALERTS), source="text", status="firing", started_at=began, target=where)


def _control_plane(build: Builder) -> dict[str, Any]:
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    return build.node("cp-1", taints=[taint])


def _application(dice: random.Random, build: Builder, name: str, names: list[str]) -> list[dict[str, Any]]:
    other = dice.choice(names)
    key = other.upper()
    env = [build.env(f"{key}_HOST", other), build.env(f"{key}_PORT", "80"), build.env("LOG_LEVEL", "info")]
    containers = [build.container(name, env=env)]
    replicas, age = dice.randint(1, 3), dice.randint(600, 9000)
    deployment = build.deployment(name, replicas, containers=containers)
    deployment["status"]["conditions"][0]["lastTransitionTime"] = build.ago(age)
    pods = [build.pod(name, n, minutes=age, containers=containers) for n in range(replicas)]
    for pod in pods:
        pod["status"]["conditions"][1]["lastTransitionTime"] = build.ago(age)
    return [
        deployment,
        build.replica_set(name, 1, minutes=age, containers=containers, replicas=replicas),
        *pods,
        build.service(name),
        build.config_map(f"{name}-config", **{f"{key}_HOST": other, f"{key}_PORT": "80", "MODE": "fast"}),
    ]


def _log(dice: random.Random, pod: dict[str, Any], container: str) -> LogTail:
    # Old lines first, as a container prints them.
    lines = sorted(
        (dice.choice(_CALM).format(s=dice.randint(0, 59), n=dice.randint(1, 9)) for _ in range(12)), key=_hour
    )
    return LogTail(
        namespace="shop", pod=pod["metadata"]["name"], container=container, previous=False, lines=tuple(lines)
    )


def _hour(line: str) -> str:
    return "02" if "T02:" in line else "03" if "T03:" in line else "15"


def _old_restart(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    status = build.ready(name, minutes=700)
    status |= {"restartCount": dice.randint(1, 40)}
    ended = {"exitCode": dice.choice((1, 137, 143)), "reason": "Error", "finishedAt": build.ago(700)}
    status["lastState"] = {"terminated": ended}
    return [build.pod(name, 7, minutes=3000, statuses=[status])]


def _passed_warnings(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    pod = build.pod(name, 8, minutes=2000)
    said = (
        ("Unhealthy", 'Readiness probe failed: Get "http://10.1.1.1:8080/ready": context deadline exceeded'),
        ("FailedMount", 'MountVolume.SetUp failed for volume "kube-api-access": failed to sync configmap cache'),
        ("BackOff", "Back-off restarting failed container"),
        ("FailedScheduling", "0/4 nodes are available: 3 Insufficient memory."),
        ("Failed", 'Failed to pull image "registry.shop.example/web:9": not found'),
    )
    past = dice.randint(60, 170)
    return [pod, *(build.event(pod, *one, minutes=past, first=past + 9.0) for one in dice.sample(said, 3))]


def _dns_forming(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    pod = build.pod(name, 9, minutes=2000)
    return [pod, build.event(pod, "DNSConfigForming", "Nameserver limits were exceeded", minutes=3.0, count=61)]


def _node_warning(dice: random.Random, build: Builder, _: str) -> list[dict[str, Any]]:
    node = build.node("node-d")
    return [node, build.event(node, "ImageGCFailed", "failed to get imageFs info: non-existent label", minutes=140.0)]


def _cordoned(dice: random.Random, build: Builder, _: str) -> list[dict[str, Any]]:
    node = build.node("node-e", unschedulable=True)
    node["metadata"]["annotations"] = {"shop.example/keep-cordoned": "disk replaced on Monday"}
    return [node]


def _evicted_long_ago(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    pod = build.pod(name, 6, minutes=4000, phase="Failed", reason="Evicted", message="The node was low on memory.")
    pod["status"].pop("containerStatuses")
    return [pod]


def _old_rollout(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    before = [build.container(name, image=f"registry.shop.example/{name}:1.3.0")]
    old = build.replica_set(name, 0, minutes=9500, containers=before, replicas=0)
    old["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "0"}
    return [old]


def _jobs(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    def job(number: int, minutes: float, kind: str) -> dict[str, Any]:
        return {
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": build.meta(f"{name}-report-{number}", minutes=minutes, owner=("CronJob", f"{name}-report")),
            "spec": {"template": {"spec": {"containers": [build.container("report")]}}},
            "status": {"startTime": build.ago(minutes), "conditions": [{"type": kind, "status": "True"}]},
        }  # fmt: skip

    cron = {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": build.meta(f"{name}-report", minutes=9000),
        "spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}},
        "status": {"lastScheduleTime": build.ago(0), "lastSuccessfulTime": build.ago(0)},
    }  # fmt: skip
    return [cron, job(1, 120, "Failed"), job(2, 60, "Complete")]


def _odd_services(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    outside = build.service("outside")
    outside["spec"] = {"type": "ExternalName", "externalName": "api.example.com"}
    manual = build.service("manual")
    manual["spec"] = {"ports": [{"port": 443}]}
    headless = build.service(f"{name}-pods", app=name)
    headless["spec"]["clusterIP"] = "None"
    left_over = build.service("left-over", app="gone-since-summer")
    return [outside, manual, headless, left_over]


def _policies(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    spec = {
        "podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}]}],
    }  # fmt: skip
    return [
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": build.meta("inside"), "spec": spec}
    ]


def _limits(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    quota = {"hard": {"pods": "100"}, "used": {"pods": str(dice.randint(30, 95))}}
    budget = {"expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}
    claim = {"phase": "Bound", "capacity": {"storage": "10Gi"}}
    return [
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": build.meta("all"), "spec": quota, "status": quota},
        {
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": build.meta(name),
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}, "status": budget,
        },
        {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": build.meta("data"),
            "spec": {"volumeName": "pv-1", "resources": {"requests": {"storage": "10Gi"}}}, "status": claim,
        },
    ]  # fmt: skip


def _flags(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
    return [build.config_map("flags", **{"flags.flagd.json": json.dumps({"flags": {f"{name}Failure": flag}})})]


def _fresh_rollout(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    after = [build.container(name, image=f"registry.shop.example/{name}:1.4.1")]
    return [build.replica_set(name, 2, minutes=dice.randint(15, 300), containers=after, replicas=0)]


def _caretakers(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    told = build.container("kubectl", image="registry.k8s.io/kubectl:v1.31.0")
    told["command"] = ["sh", "-c", f"kubectl -n shop annotate deployment {name} seen=$(date +%s) --overwrite"]
    spec = {"template": {"spec": {"containers": [told]}}}
    asks = build.container("import", env=[build.env("TARGET_HOST", name)])
    young = {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": build.meta("import", minutes=20.0),
        "spec": {"template": {"spec": {"containers": [asks]}}},
        "status": {"active": 1, "startTime": build.ago(20)},
    }  # fmt: skip
    cron = {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": build.meta("caretaker", minutes=9000),
        "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": spec}},
        "status": {"lastScheduleTime": build.ago(3)},
    }  # fmt: skip
    return [cron, young]


def _blip(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    pod = build.pod(name, 5, minutes=900)
    words = (
        'Readiness probe failed: Get "http://10.1.1.9:8080/ready": dial tcp 10.1.1.9:8080: connect: connection refused'
    )
    return [pod, build.event(pod, "Unhealthy", words, minutes=2.0, first=2.0, count=1)]


def _pushed(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    gone = {"kind": "Pod", "metadata": {"name": f"{name}-6c9f5d7b41-gone0", "namespace": "shop"}}
    return [
        build.event(gone, "Preempted", "Preempted by pod x on node node-a", kind="Normal", minutes=45.0, first=45.0)
    ]


def _sleepers(dice: random.Random, build: Builder, name: str) -> list[dict[str, Any]]:
    asleep = build.deployment("preview", replicas=0)
    done = build.pod(name, 4, minutes=900)
    done["spec"]["initContainers"] = [build.container("migrate")]
    ended = {"exitCode": 0, "reason": "Completed", "finishedAt": build.ago(899)}
    done["status"]["initContainerStatuses"] = [
        {"name": "migrate", "ready": True, "restartCount": 2, "state": {"terminated": ended}}
    ]
    scaler = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": build.meta(name),
        "spec": {"minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": {"kind": "Deployment", "name": name}},
        "status": {"currentReplicas": 1, "desiredReplicas": 1,
                   "conditions": [{"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas"}]},
    }  # fmt: skip
    return [asleep, done, scaler]


def _hooks(dice: random.Random, build: Builder, _: str) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": build.meta("tagger", namespace=""),
            "webhooks": [{
                "name": "tagger.example.com", "failurePolicy": "Ignore", "timeoutSeconds": 5,
                "clientConfig": {"service": {"namespace": "shop", "name": "tagger"}},
                "rules": [{"operations": ["CREATE"], "resources": ["pods"]}],
            }],
        },
        {
            "apiVersion": "cache.example.com/v1", "kind": "CacheCluster", "metadata": build.meta("main"),
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Upgradeable", "status": "False"}]},
        },
    ]  # fmt: skip


_NOISE = (
    _old_restart, _passed_warnings, _dns_forming, _node_warning, _cordoned, _evicted_long_ago, _old_rollout, _jobs,
    _odd_services, _policies, _limits, _flags, _fresh_rollout, _caretakers, _blip, _pushed, _sleepers, _hooks,
)  # fmt: skip
