"""What is evidence before the model has its first turn: problems, log tails, the alert's own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.agent.fence import Fence
from agentops.agent.toolbox import Toolbox
from agentops.app.investigating.first_evidence import keep_alert, problem_reading
from agentops.core.alert import Alert, AlertGroup, Severity, Target
from agentops.core.finding import Fact, Problem
from agentops.core.resource import kubernetes_ref
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from agentops.providers.kubernetes.read.snapshot_evidence import log_readings, object_text
from tests.agent.conftest import HideSecrets, MemoryAudit, MemoryStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WEB = kubernetes_ref("prod", "shop", "Deployment", "web")


def _pod(name: str) -> Mapping[str, Any]:
    owner = {"kind": "ReplicaSet", "name": name.rpartition("-")[0]}
    return {"kind": "Pod", "metadata": {"namespace": "shop", "name": name, "ownerReferences": [owner]}}


def _tail(pod: str, *lines: str, previous: bool = False) -> LogTail:
    return LogTail(namespace="shop", pod=pod, container="app", previous=previous, lines=lines)


def _problem(*facts: tuple[str, str, str], affects: tuple[str, ...] = ()) -> Problem:
    quoted = tuple(
        Fact(resource=kubernetes_ref("prod", "shop", kind, "web-1"), path=path, value=value)
        for kind, path, value in facts
    )
    return Problem(
        resource=WEB,
        condition="CrashLoop",
        summary="web crashes",
        severity=Severity.HIGH,
        analyzer="pods",
        facts=quoted,
        affects=tuple(kubernetes_ref("prod", "shop", "Pod", name) for name in affects),
        advice="Look.",
    )


@pytest.fixture
def toolbox() -> Toolbox:
    """A toolbox without tools, on a store in memory."""
    return Toolbox(
        [],
        store=MemoryStore(),
        redactor=HideSecrets(),
        audit=MemoryAudit(),
        progress=lambda step: None,
        fence=Fence("n0nce"),
        monotonic=lambda: 0.0,
    )


def test_a_problem_begins_with_the_fields_in_question() -> None:
    """Quotations of one object stand under its name; the object comes last, its containers first, without ids."""
    found = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "labels": {"app": "web"}},
        "spec": {"replicas": 2, "template": {"spec": {"dnsPolicy": "None", "containers": [{"name": "app"}]}}},
        "status": {},
    }
    facts = (("Pod", "status.reason", "Error"), ("Pod", "status.exitCode", "1"), ("Node", "status", "Ready"))
    problem = _problem(*facts)
    snapshot = Snapshot(context="prod", observed_at=NOON, objects={"Deployment": (found,)})
    shown = object_text(snapshot, problem.resource, lambda value: value)
    assert problem_reading(problem, shown).body == (
        "shop/Pod/web-1:\n  status.reason: Error\n  status.exitCode: 1\nshop/Node/web-1 status: Ready\n\n"
        "advice: Look.\n\n"
        "shop/Deployment/web:\n"
        "spec:\n"
        "  template:\n"
        "    spec:\n"
        "      containers:\n"
        "      - name: app\n"
        "      dnsPolicy: None\n"
        "  replicas: 2\n"
        "metadata:\n"
        "  labels:\n"
        "    app: web"
    )


def test_logs_of_failing_pods_are_kept_once_a_workload(toolbox: Toolbox) -> None:
    """One tail a workload and container, of the run that ended; what repeats is counted, healthy pods are left out."""
    snapshot = Snapshot(
        context="prod",
        observed_at=NOON,
        objects={"Pod": (_pod("web-a-1"), _pod("web-a-2"), _pod("api-b-1"))},
        logs=(
            _tail("web-a-1", "starting"),
            _tail("web-a-1", "12:00:01 refused", "hunter2", "12:00:02 refused", previous=True),
            _tail("web-a-2", "other words"),
            _tail("api-b-1", "all is well"),
        ),
    )
    problem = _problem(("Pod", "a", "b"), affects=("web-a-1", "web-a-2"))
    kept = [toolbox.admit(call, reading, duration_ms=0) for call, reading in log_readings(snapshot, [problem])]
    assert [(one.summary, one.excerpt, one.arguments["previous"]) for one in kept] == [
        ("last lines of shop/web-a-1 app, the run before the last restart", "[redacted]\n12:00:02 refused  [x2]", True)
    ]


def test_the_alert_is_evidence_once(toolbox: Toolbox) -> None:
    """Its whole text is kept, redacted, and a resumed run finds it there; it is marked as the alert's own words."""
    text = "Keep the service up. " * 400 + "hunter2"
    alert = Alert(
        name="Slow",
        source="text",
        severity=Severity.HIGH,
        labels={"pod": "web-1"},
        annotations={"description": text},
        target=Target(namespace="shop", kind="Pod", name="web-1"),
    )
    group = AlertGroup(alerts=(alert,), target=alert.target)
    first, second = keep_alert(toolbox, group), keep_alert(toolbox, group)
    body = toolbox.store.body(first.id)
    assert (first.id, second.id, toolbox.said) == ("E1", "E1", frozenset({"E1"}))
    assert (body.count("Keep the service up."), body.endswith("about: shop/Pod/web-1"), "hunter2" in body) == (
        400,
        True,
        False,
    )
