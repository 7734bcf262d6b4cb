"""Whatever the API server, or an attacker in a custom field, sends: triage answers, and never raises."""

# ruff: noqa: E501 - one object a line reads better than a page of braces

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.core.alert import Alert, Target
from agentops.providers.kubernetes.analyzers.analyze import analyze, analyze_with
from agentops.providers.kubernetes.analyzers.declaration import analyzer
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.providers.kubernetes.analyzers.nodes import nodes
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank

_junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 70000),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["CrashLoopBackOff", "Pending", "True", "2026-11-22T15:00:00Z", "9" * 40, "db:5432", "app"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "spec", "state", "kind", "type", "reason"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def _paths(value, path=()):
    """Yield the path of every node below ``value``."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        yield (*path, key)
        yield from _paths(item, (*path, key))


@pytest.fixture
def objects(build):
    """One of everything, each with some trouble, so that every analyzer has something to read."""
    env = [build.env("DB_HOST", "db"), {"name": "K", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "k"}}}]
    probe = {"httpGet": {"path": "/", "port": "http"}}
    container = build.container(
        env=env, readinessProbe=probe, livenessProbe=probe, envFrom=[{"secretRef": {"name": "s"}}]
    )
    crashed = build.pod(containers=[container], statuses=[build.crashed()])
    waiting = build.pod(number=2, statuses=[build.waiting("ImagePullBackOff", "not found")], phase="Pending")
    pending = build.pod(number=3, phase="Pending", node="")
    pending["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
    ]
    deployment = build.deployment(ready=0, containers=[container])
    meta = build.meta
    return [
        deployment,
        build.replica_set(revision=1),
        build.replica_set(revision=2, minutes=20, containers=[container]),
        crashed,
        waiting,
        pending,
        build.service(),
        build.service("db", 5432, "pg"),
        build.config_map("cfg", j="http://db:1"),
        build.secret("other", "k"),
        build.node(ready="Unknown", taints=[{"key": "a", "effect": "NoSchedule"}], unschedulable=True),
        build.event(crashed, "Unhealthy", "Liveness probe failed: connection refused", part="spec.containers{web}"),
        build.event(deployment, "FailedCreate", 'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'),
        {"kind": "PersistentVolumeClaim", "metadata": meta("c"), "spec": {"storageClassName": "x"}, "status": {"phase": "Pending"}},
        {"kind": "PersistentVolume", "metadata": meta("v", ""), "spec": {"capacity": {"storage": "1Gi"}}, "status": {"phase": "Failed"}},
        {"kind": "StorageClass", "metadata": meta("std", "")},
        {"kind": "Job", "metadata": meta("j", owner=("CronJob", "cj")), "spec": {}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}},
        {"kind": "CronJob", "metadata": meta("cj"), "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {}}}, "status": {}},
        {"kind": "ResourceQuota", "metadata": meta("q"), "status": {"hard": {"pods": "2"}, "used": {"pods": "2"}}},
        {"kind": "HorizontalPodAutoscaler", "metadata": meta("h"), "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 2}, "status": {"currentReplicas": 2, "conditions": [{"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}]}},
        {"kind": "PodDisruptionBudget", "metadata": meta("b"), "spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {"expectedPods": 2, "desiredHealthy": 2}},
        {"kind": "NetworkPolicy", "metadata": meta("n"), "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{"ports": [{"port": 1}]}]}},
        {"kind": "Ingress", "metadata": meta("i"), "spec": {"ingressClassName": "x", "tls": [{"secretName": "t"}], "rules": [{"http": {"paths": [{"backend": {"service": {"name": "w", "port": {"number": 1}}}}]}}]}},
        {"kind": "Namespace", "metadata": meta("shop", "", deletionTimestamp=build.ago(60)), "status": {"conditions": []}},
        {"kind": "ValidatingWebhookConfiguration", "metadata": meta("w", ""), "webhooks": [{"name": "a", "clientConfig": {"service": {"name": "x", "namespace": "shop"}}}]},
    ]  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_objects_never_raise(build, objects, data):
    """Any value of any object may be replaced by anything: problems come back, and a finding can be drawn."""
    mangled = copy.deepcopy(objects)
    for _ in range(data.draw(st.integers(1, 6))):
        obj = data.draw(st.sampled_from(mangled))
        paths = list(_paths(obj))
        path = data.draw(st.sampled_from(paths)) if paths else ()
        if path:
            parent = obj
            for part in path[:-1]:
                parent = parent[part]
            parent[path[-1]] = data.draw(_junk)
    kinds = {}
    for original, obj in zip(objects, mangled, strict=True):
        kinds.setdefault(original["kind"], []).append(obj)
    kinds["Pod"].append(data.draw(_junk))
    logs = (LogTail(namespace="shop", pod="web-1", container="web", previous=True, lines=(data.draw(st.text()),)),)
    snapshot = Snapshot(
        context="test",
        observed_at=build.now,
        target=Target(namespace="shop", kind="Deployment", name="web"),
        objects={kind: tuple(found) for kind, found in kinds.items()},
        logs=logs,
    )
    alert = Alert(name="x", source="text", started_at=build.now, labels={"app": data.draw(st.text(max_size=5))})
    problems = analyze(snapshot)
    finding = conclude(rank([examine(snapshot, alert, problems)], alert), ["E1"] * len(problems))
    assert finding.conclusion
    assert [p.summary for p in problems if p.condition == "AnalyzerFailed"] == []


def test_an_analyzer_that_raises_hides_none_of_the_others(build, conditions):
    """Its failure is a problem of its own; what the others find stands."""

    @analyzer("broken")
    def broken(graph):
        raise KeyError("surprise")

    problems = analyze_with(build.snapshot(build.node(ready="False")), (broken, nodes))
    assert conditions(problems) == {("Analyzer/broken", "AnalyzerFailed"), ("Node/node-a", "NodeNotReady")}


def test_every_problem_rests_on_a_fact(build, objects):
    """No problem without a quotation, and no secret in one."""
    problems = analyze(build.snapshot(*objects))
    assert len(problems) > 15
    assert all(problem.facts for problem in problems)
