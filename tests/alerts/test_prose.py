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
