"""Words as an alert: names beside kinds, pairs, and no guess from ordinary speech."""

from __future__ import annotations

import pytest

from agentops.alerts.prose import prose
from agentops.core.alert import Severity, Target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("checkout pods are crashing in namespace shop", Target(namespace="shop")),
        ("pod/api-1 in shop namespace is down", Target(namespace="shop", kind="Pod", name="api-1")),
        (
            "deployment checkout in namespace shop is failing",
            Target(namespace="shop", kind="Deployment", name="checkout"),
        ),
        ("the checkout deployment in the shop namespace", Target(namespace="shop", kind="Deployment", name="checkout")),
        ("svc `payments` returns 500", Target(kind="Service", name="payments")),
        ("node ip-10-0-0-1.ec2.internal is NotReady", Target(kind="Node", name="ip-10-0-0-1.ec2.internal")),
        (
            "PVC data-db-0 is full in namespace prod",
            Target(namespace="prod", kind="PersistentVolumeClaim", name="data-db-0"),
        ),
        ("namespace=shop pod=api-1 high latency", Target(namespace="shop", kind="Pod", name="api-1")),
        ("Namespace: shop\nDeployment: api", Target(namespace="shop", kind="Deployment", name="api")),
        ("why is my node slow?", Target()),
        ("a pod is not ready", Target()),
        ("the pod keeps restarting", Target()),
        ("every service in the cluster fails", Target()),
        ("5xx on shop/checkout is high", Target()),
        ("job failed", Target()),
    ],
)
def test_names_are_taken_where_they_are_sure(text: str, target: Target) -> None:
    """A name beside a kind or in a pair is the target; an ordinary word never is."""
    assert prose(text).alerts[0].target == target


@pytest.mark.parametrize(
    ("text", "name", "status", "target"),
    [
        (
            "From: alerts@example.com\nSubject: [RESOLVED] ReplicasMismatch\nDate: Sun, 22 Nov 2026 16:00:00 +0000\n\n"
            "namespace = shop\ndeployment = cart\n",
            "[RESOLVED] ReplicasMismatch",
            "resolved",
            Target(namespace="shop", kind="Deployment", name="cart"),
        ),
        (
            "<html><head><style>pod: none</style></head><body><h1>Pod is crash looping</h1><table>"
            "<tr><td>namespace</td><td>shop</td></tr><tr><th>pod</th><td>db-0</td></tr></table></body></html>",
            "Pod is crash looping",
            "firing",
            Target(namespace="shop", kind="Pod", name="db-0"),
        ),
        (
            "[FIRING:1] A\n  • *namespace:* `shop`\n  • *pod:* `db-0`\n  • *container:* `db`\n",
            "[FIRING:1] A",
            "firing",
            Target(namespace="shop", kind="Pod", name="db-0", container="db"),
        ),
        (
            "A\nPod shop/db-0 (db) is in waiting state",
            "A",
            "firing",
            Target(namespace="shop", kind="Pod", name="db-0", container="db"),
        ),
        (
            "告警：命名空间 shop 的 deployment cart 副本不可用",
            "告警：命名空间 shop 的 deployment cart 副本不可用",
            "firing",
            Target(namespace="shop", kind="Deployment", name="cart"),
        ),
        (
            "Le pod db-0 dans le namespace shop redémarre",
            "Le pod db-0 dans le namespace shop redémarre",
            "firing",
            Target(namespace="shop", kind="Pod", name="db-0"),
        ),
        ("Pod metadata", "Pod metadata", "firing", Target()),
        (
            "Back-off restarting failed container db in pod db-0_shop(fb2a92b6-eeac)",
            "Back-off restarting failed container db in pod db-0_shop(fb2a92b6-eeac)",
            "firing",
            Target(namespace="shop", kind="Pod", name="db-0", container="db"),
        ),
        (
            ":white_check_mark: [RESOLVED] A\nPod: shop/db-0",
            ":white_check_mark: [RESOLVED] A",
            "resolved",
            Target(namespace="shop", kind="Pod", name="db-0"),
        ),
        (
            "Re: [Datadog] [Recovered] A\n| namespace | shop |\n| pod | db-0 |\n",
            "Re: [Datadog] [Recovered] A",
            "resolved",
            Target(namespace="shop", kind="Pod", name="db-0"),
        ),
        ("[FIRING:1] resolved too late", "[FIRING:1] resolved too late", "firing", Target()),
        (
            "the shop namespace shows 0/2 ready",
            "the shop namespace shows 0/2 ready",
            "firing",
            Target(namespace="shop"),
        ),
        ("in the shop namespace shows 0/2", "in the shop namespace shows 0/2", "firing", Target(namespace="shop")),
    ],
)
def test_mails_chats_and_other_languages(text: str, name: str, status: str, target: Target) -> None:
    """Headers, tags and emphasis are no words; names stand beside kinds in every language."""
    (alert,) = prose(text).alerts
    assert (alert.name, alert.status, alert.target) == (name, status, target)


def test_a_message_is_named_by_its_subject() -> None:
    """The first line names the alert, the rest describes it, and words in capitals say how bad it is."""
    (alert,) = prose("\nSubject: [P1] pod web-0 OOM\n\nnamespace: shop\ncontainer: app\n").alerts
    assert (alert.name, alert.summary, alert.severity, alert.labels, alert.target) == (
        "[P1] pod web-0 OOM",
        "Subject: [P1] pod web-0 OOM",
        Severity.CRITICAL,
        {"namespace": "shop", "container": "app"},
        Target(namespace="shop", kind="Pod", name="web-0"),
    )
