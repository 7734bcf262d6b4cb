"""Every read tool, called by a model, against what the suite's own client sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e import manifests as m
from tests.e2e.stages import Stage

_ELSEWHERE = ("prometheus_", "loki_", "aws_")
"""Begins the tools of systems that are no cluster."""
READS: Mapping[str, Mapping[str, Any]] = {
    "kubernetes_list": {"kind": "Deployment", "count": True},
    "kubernetes_get": {"kind": "ConfigMap", "name": "settings"},
    "kubernetes_describe": {"kind": "Deployment", "name": "web"},
    "kubernetes_events": {"kind": "Deployment", "name": "web"},
    "kubernetes_rollout_history": {"kind": "Deployment", "name": "web"},
    "kubernetes_endpoints": {"service": "web"},
    "kubernetes_capacity": {},
    "kubernetes_can_i": {"verb": "delete", "kind": "Pod"},
    "kubernetes_logs": {"pod": "PODNAME"},
    "kubernetes_metrics": {"kind": "Pod"},
    "evidence_search": {},
}


@pytest.fixture
def watched(stage: Stage) -> Stage:
    """A namespace with a Deployment, its Service, a ConfigMap and a Secret."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hidden"},
        "stringData": {"word": "s3kr1t-canary"},
    }
    stage.make(m.deployment(stage.where.image), m.service(), m.config({"color": "red"}), secret)
    stage.until("the pod is made", lambda: stage.client.list("Pod", stage.namespace))
    return stage


def _facts(stage: Stage) -> Mapping[str, str]:
    """Return what each answer must hold, as the suite's own client knows it."""
    (pod,) = [one["metadata"]["name"] for one in stage.client.list("Pod", stage.namespace)]
    (node, *_) = [one["metadata"]["name"] for one in stage.client.list("Node")]
    (replica_set,) = [one["metadata"]["name"] for one in stage.client.list("ReplicaSet", stage.namespace)]
    return {
        "kubernetes_list": "1",
        "kubernetes_get": "color: red",
        "kubernetes_describe": replica_set,
        "kubernetes_events": "ScalingReplicaSet",
        "kubernetes_rollout_history": "revision 1",
        "kubernetes_endpoints": pod,
        "kubernetes_capacity": node,
        "kubernetes_can_i": "yes",
    }


def test_each_read_tool_tells_what_is_there(watched: Stage) -> None:
    """One run calls them all; each answer holds what is really there, and only reads were sent."""
    stage = watched
    stage.until("the rollout is reported", lambda: [
        one for one in stage.client.list("Event", stage.namespace) if one["reason"] == "ScalingReplicaSet"
    ])  # fmt: skip
    facts = _facts(stage)
    calls = [{"tool": name, "arguments": dict(READS[name])} for name in facts]
    done, answers = stage.product.look(f"k8s:{stage.namespace}/ConfigMap/settings", calls)
    missing = {name: fact for name, fact in facts.items() if fact.lower() not in answers.get(name, "").lower()}
    assert (done.code, missing, stage.tap.writes, stage.tap.trials) == (0, {}, [], []), missing


def test_logs_are_those_of_the_pod(watched: Stage, containers_run: str) -> None:
    """What the kubelet hands out is shown; a container that printed nothing has no lines, and it says so."""
    if containers_run:
        pytest.skip(containers_run)
    stage = watched
    stage.until_ready("Deployment", "web")
    (pod,) = [one["metadata"]["name"] for one in stage.client.list("Pod", stage.namespace)]
    real = stage.client.call("GET", stage.client.path("Pod", pod, stage.namespace) + "/log").body
    if not isinstance(real, str):
        pytest.skip("this cluster's kubelet hands out no logs")
    calls = [{"tool": "kubernetes_logs", "arguments": {"pod": pod}}]
    done, answers = stage.product.look(f"k8s:{stage.namespace}/Pod/{pod}", calls)
    body = answers["kubernetes_logs"]
    assert (done.code, [line for line in real.splitlines()[-3:] if line not in body]) == (0, [])


def test_value_of_a_secret_is_nowhere(watched: Stage) -> None:
    """Whichever way a model asks for a Secret, its value reaches neither the screen nor the disk."""
    stage = watched
    asks = [
        {"tool": "kubernetes_get", "arguments": {"kind": "Secret", "name": "hidden", "full": True}},
        {"tool": "kubernetes_describe", "arguments": {"kind": "Secret", "name": "hidden"}},
        {"tool": "kubernetes_list", "arguments": {"kind": "Secret", "columns": ["data.word", "stringData.word"]}},
    ]
    done, answers = stage.product.look(f"k8s:{stage.namespace}/ConfigMap/settings", asks)
    kept = [path.read_bytes() for path in stage.product.folder.rglob("*") if path.is_file()]
    words = (b"s3kr1t-canary", b"czNrcjF0LWNhbmFyeQ")
    shown = (*kept, done.out.encode(), repr(answers).encode())
    # That it was found at all is seen by its key, which is no secret.
    assert (done.code, "word" in answers["kubernetes_get"]) == (0, True), answers["kubernetes_get"]
    assert [word for word in words if any(word in text for text in shown)] == []


def test_every_read_tool_is_called_here(stage: Stage) -> None:
    """What `agentops tools list` calls a read of a cluster has a call in this file; other systems have their own."""
    tools = stage.product("tools", "list").document["tools"]
    reads = {one["name"] for one in tools if one["effect"] == "read" and not one["name"].startswith(_ELSEWHERE)}
    assert reads == set(READS)


def test_metrics_and_search(watched: Stage) -> None:
    """Metrics are read where they are served; a search finds the line that an earlier answer holds."""
    stage = watched
    served = stage.client.call("GET", "/apis/metrics.k8s.io/v1beta1").status == 200
    metrics = [{"tool": "kubernetes_metrics", "arguments": dict(READS["kubernetes_metrics"])}] if served else []
    first = {"tool": "kubernetes_get", "arguments": {"kind": "ConfigMap", "name": "settings"}}
    search = {"tool": "evidence_search", "arguments": {"evidence": "E1", "contains": stage.namespace}}
    done, answers = stage.product.look(f"k8s:{stage.namespace}/ConfigMap/settings", [first, *metrics, search])
    found = stage.namespace in answers["evidence_search"]
    assert (done.code, "kubernetes_metrics" in answers, found) == (0, served, True), answers["evidence_search"]
