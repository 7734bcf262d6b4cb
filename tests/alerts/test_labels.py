"""Labels lead to the target, and never to the exporter that was scraped."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import severity_of, target_of
from agentops.core.alert import Severity, Target


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        ("namespace=shop", Target(namespace="shop")),
        ("namespace=shop pod=api-1 container=app", Target(namespace="shop", kind="Pod", name="api-1", container="app")),
        ("kubernetes_namespace=shop kubernetes_pod_name=a-1", Target(namespace="shop", kind="Pod", name="a-1")),
        (
            "namespace=mon pod=ksm exported_namespace=shop exported_pod=a-1",
            Target(namespace="shop", kind="Pod", name="a-1"),
        ),
        ("namespace=shop deployment=api", Target(namespace="shop", kind="Deployment", name="api")),
        ("namespace=shop statefulset=db", Target(namespace="shop", kind="StatefulSet", name="db")),
        ("namespace=shop daemonset=log", Target(namespace="shop", kind="DaemonSet", name="log")),
        ("namespace=shop replicaset=api-7d", Target(namespace="shop", kind="ReplicaSet", name="api-7d")),
        ("namespace=shop job_name=backup-1", Target(namespace="shop", kind="Job", name="backup-1")),
        ("namespace=shop job=checkout", Target(namespace="shop")),
        ("namespace=shop cronjob=backup", Target(namespace="shop", kind="CronJob", name="backup")),
        ("namespace=shop service=api", Target(namespace="shop", kind="Service", name="api")),
        (
            "namespace=shop persistentvolumeclaim=d job=kubelet node=n1 service=kubelet",
            Target(namespace="shop", kind="PersistentVolumeClaim", name="d"),
        ),
        (
            "namespace=shop horizontalpodautoscaler=api",
            Target(namespace="shop", kind="HorizontalPodAutoscaler", name="api"),
        ),
        (
            "namespace=shop workload=api workload_type=deployment",
            Target(namespace="shop", kind="Deployment", name="api"),
        ),
        (
            "namespace=shop deployment=api pod=kube-state-metrics-0 service=ksm job=kube-state-metrics container=ksm",
            Target(namespace="shop", kind="Deployment", name="api"),
        ),
        (
            "namespace=shop pod=api-1 container=app job=kube-state-metrics service=ksm instance=10.0.0.1:8080",
            Target(namespace="shop", kind="Pod", name="api-1", container="app"),
        ),
        (
            "alertname=NodeDiskFull instance=n1.example:9100 job=node-exporter namespace=mon pod=node-exporter-x",
            Target(kind="Node", name="n1.example"),
        ),
        (
            "alertname=KubeNodeNotReady node=n1 job=kube-state-metrics namespace=monitoring",
            Target(kind="Node", name="n1"),
        ),
        ("instance=10.0.0.1:9100", Target()),
        ("namespace=shop pod=--server=evil", Target(namespace="shop")),
        ("namespace=Shop! pod=a/b", Target()),
        ("", Target()),
    ],
)
def test_labels_lead_to_the_target(labels: str, target: Target) -> None:
    """Each family of labels names its object; an impossible name names nothing."""
    assert target_of(dict(pair.split("=", 1) for pair in labels.split())) == target


CASES = [
    line for line in (Path(__file__).parent / "labels.txt").read_text("utf-8").splitlines() if line and line[0] != "#"
]


@pytest.mark.parametrize("case", CASES)
def test_each_family_of_labels_leads_to_its_object(case: str) -> None:
    """What exporters, meshes, operators and clouds write names the object that they measured, never themselves."""
    labels, _, wanted = case.partition(" -> ")
    found = target_of(dict(pair.split("=", 1) for pair in labels.split()))
    container = f":{found.container}" if found.container else ""
    assert f"{found.namespace}/{found.kind}/{found.name}{container}" == wanted.strip()


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ('kube_deployment_status_replicas{job="ksm"} > 0', Target(namespace="shop", kind="Deployment", name="cart")),
        ("up == 0", Target(namespace="shop", kind="Deployment", name="cart")),
        ("rate(node_cpu_seconds_total[5m]) > 1", Target(kind="Node", name="n1")),
        ("", Target(namespace="shop", kind="Deployment", name="cart")),
    ],
)
def test_the_query_says_what_is_measured(query: str, target: Target) -> None:
    """Where the rule's name says nothing of it, the metric tells whether a node or a workload is measured."""
    assert target_of({"alertname": "High", "namespace": "shop", "deployment": "cart", "node": "n1"}, query) == target


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("PAGE", Severity.CRITICAL),
        ("P-1", Severity.CRITICAL),
        ("Sev 2", Severity.HIGH),
        ("major", Severity.HIGH),
        ("warn", Severity.WARNING),
        ("low", Severity.INFO),
        ("none", Severity.INFO),
        ("P1 - Critical", Severity.CRITICAL),
        ("1 - High", Severity.CRITICAL),
        ("Severity 3 (minor)", Severity.WARNING),
        ("purple", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
    ],
)
def test_senders_words_map_onto_severities(word: str, severity: Severity) -> None:
    """The words that senders use for how bad it is have one meaning here."""
    assert severity_of("", word) == severity


def test_kinds_as_people_type_them() -> None:
    """Short and plural forms mean the kind; a custom kind keeps its spelling."""
    assert [kind_named(word) for word in ("po", "DEPLOYMENTS", "sts", "hpa", "Rollout", "certificate")] == [
        "Pod",
        "Deployment",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "Rollout",
        "Certificate",
    ]
