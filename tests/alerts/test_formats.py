"""Each sender's form, from genuine or documented payloads, becomes the same kind of alert."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agentops.alerts.decoding import decode
from agentops.core.alert import Alert, AlertGroup, Severity, Target
from agentops.core.errors import AlertError

DATA = Path(__file__).parent / "data"


def _decode(document: Any) -> AlertGroup:
    return decode(json.dumps(document).encode(), "it")


def _at(hour: int, minute: int, second: int, micro: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, micro, tzinfo=UTC)


LABELS = {
    "alertname": "HighErrorRate",
    "cluster": "sandbox",
    "namespace": "shop",
    "region": "eu-west-1",
    "service": "checkout",
    "severity": "critical",
    "team": "shop",
}
FIRING = Alert(
    name="HighErrorRate",
    source="alertmanager",
    severity=Severity.CRITICAL,
    summary="5xx ratio 25% on checkout",
    labels=LABELS,
    annotations={
        "description": "checkout is failing",
        "runbook_url": "https://runbooks.example.internal/HighErrorRate",
        "summary": "5xx ratio 25% on checkout",
    },
    started_at=_at(15, 59, 33, 568000),
    target=Target(namespace="shop", kind="Service", name="checkout"),
    fingerprint="922c44dbbcc59f6e",
    runbook_url="https://runbooks.example.internal/HighErrorRate",
    expression=(
        'sum by (namespace, service) (rate(http_requests_total{code="500"}[10s])) / '
        "sum by (namespace, service) (rate(http_requests_total[10s])) > 0.05"
    ),
)


def test_alertmanager_webhook_firing() -> None:
    """A genuine firing webhook is one alert about the service in its labels."""
    found = decode((DATA / "sample-alertmanager-webhook-firing.json").read_bytes(), "it")
    assert found == AlertGroup(alerts=(FIRING,), target=FIRING.target)


def test_alertmanager_webhook_resolved() -> None:
    """A genuine resolved webhook keeps its status and its end."""
    found = decode((DATA / "sample-alertmanager-webhook-resolved.json").read_bytes(), "it")
    resolved = replace(FIRING, status="resolved", ended_at=_at(16, 0, 22, 568000))
    assert found == AlertGroup(alerts=(resolved,), target=FIRING.target)


def test_alertmanager_webhook_says_what_it_left_out() -> None:
    """Alerts that Alertmanager itself cut are mentioned; labels common to the group are each alert's labels."""
    found = _decode(
        {"version": "4", "commonLabels": LABELS, "truncatedAlerts": 3, "alerts": [{"labels": {"pod": "a-1"}}]}
    )
    assert (found.notes, found.lead.name, found.target) == (
        ("the sender left out 3 more alerts",),
        "HighErrorRate",
        Target(namespace="shop", kind="Pod", name="a-1"),
    )


def test_alertmanager_api_list() -> None:
    """A genuine list of the API: the active alert counts, the silenced one is left out with the silence's id."""
    found = decode((DATA / "sample-alertmanager-api-v2-alerts.json").read_bytes(), "it")
    (alert,) = found.alerts
    ((out, reason),) = found.left_out
    assert alert == Alert(
        name="KubePodCrashLooping",
        source="alertmanager-api",
        severity=Severity.CRITICAL,
        summary="x",
        labels={"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "api-1", "severity": "critical"},
        annotations={"summary": "x"},
        started_at=_at(16, 0, 13, 388000),
        target=Target(namespace="shop", kind="Pod", name="api-1"),
        fingerprint="dbc2b99ea1920a0d",
    )
    assert (out.name, reason) == ("TargetDown", "it is silenced by a3814c4d-5eaa-4bf5-bfd2-b34f087403ca")


def test_only_silenced_alerts_are_taken_with_a_note() -> None:
    """When every alert is silenced or inhibited, the user still meant them."""
    found = _decode([{"labels": {"alertname": "A"}, "status": {"state": "suppressed", "inhibitedBy": ["x"]}}])
    assert (found.lead.name, found.left_out, found.notes) == (
        "A",
        (),
        ("every alert is set aside by its sender: it is inhibited by another alert",),
    )


def test_prometheus_rules() -> None:
    """A genuine answer of /api/v1/rules: the firing alert of the active rule; inactive rules have none."""
    found = decode((DATA / "sample-prometheus-api-v1-rules.json").read_bytes(), "it")
    assert found == AlertGroup(
        alerts=(
            Alert(
                name="TargetDown",
                source="prometheus",
                severity=Severity.WARNING,
                summary="down is down",
                labels={
                    "alertname": "TargetDown",
                    "instance": "127.0.0.1:19199",
                    "job": "down",
                    "severity": "warning",
                },
                annotations={"summary": "down is down"},
                started_at=_at(15, 59, 30, 568674),
            ),
        ),
        target=Target(),
    )


def test_prometheus_alerts() -> None:
    """An answer of /api/v1/alerts: what is only pending is left out."""
    found = _decode(
        {
            "status": "success",
            "data": {
                "alerts": [
                    {"labels": {"alertname": "P"}, "state": "pending", "activeAt": "2026-11-22T15:59:30Z"},
                    {"labels": {"alertname": "F", "node": "n1"}, "state": "firing", "activeAt": "2026-11-22T15:59:30Z"},
                ]
            },
        }
    )
    assert (found.lead.name, found.target, [(a.name, why) for a, why in found.left_out]) == (
        "F",
        Target(kind="Node", name="n1"),
        [("P", "it is pending, not yet firing")],
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"status": "error", "error": "query\ntimed out"}, "Prometheus answered with an error: query timed out"),
        ({"status": "success", "data": {"resultType": "matrix"}}, "the answer of Prometheus holds no alerts"),
        ({"status": "success", "data": {"groups": []}}, "no alert is pending or firing in the answer of Prometheus"),
        (
            {"event": {"event_type": "service.updated", "data": {}}},
            "the PagerDuty event 'service.updated' is not about an incident",
        ),
        (
            {"TopicArn": "t", "Type": "SubscriptionConfirmation"},
            "the SNS message is of the type 'SubscriptionConfirmation', not an alarm",
        ),
        ({"TopicArn": "t", "Type": "Notification", "Message": "hello"}, "the SNS message holds no CloudWatch alarm"),
        ({"detail-type": "CloudWatch Alarm State Change", "detail": {}}, "the CloudWatch alarm has no name"),
    ],
)
def test_answers_that_are_no_alert_say_so(document: Any, message: str) -> None:
    """An error, a query's answer, another event or a subscription is named as what it is."""
    with pytest.raises(AlertError) as caught:
        _decode(document)
    assert caught.value.message == message


def test_pagerduty_webhook() -> None:
    """A PagerDuty event: priority, status, and the target from its custom details."""
    document = {
        "event": {
            "id": "01BG",
            "event_type": "incident.triggered",
            "resource_type": "incident",
            "occurred_at": "2026-11-22T16:00:01Z",
            "data": {
                "id": "PGR0VU2",
                "type": "incident",
                "incident_key": "d3640fbd41094207a1c11e58e46b1662",
                "title": "Checkout is failing",
                "status": "triggered",
                "urgency": "high",
                "created_at": "2026-11-22T16:00:00Z",
                "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
                "service": {"id": "PF9KMXH", "summary": "Shop"},
                "priority": {"id": "PSO75BM", "summary": "P1"},
                "body": {"details": {"namespace": "shop", "pod": "checkout-1", "firing": ["x"]}},
            },
        }
    }
    assert _decode(document).alerts == (
        Alert(
            name="Checkout is failing",
            source="pagerduty",
            severity=Severity.CRITICAL,
            summary="Checkout is failing",
            labels={"pagerduty_service": "Shop", "namespace": "shop", "pod": "checkout-1"},
            annotations={"description": "namespace: shop\npod: checkout-1"},
            started_at=_at(16, 0, 0),
            target=Target(namespace="shop", kind="Pod", name="checkout-1"),
            fingerprint="d3640fbd41094207a1c11e58e46b1662",
            runbook_url="https://acme.pagerduty.com/incidents/PGR0VU2",
        ),
    )


def test_pagerduty_resolved_and_in_words() -> None:
    """A resolved event says so; a target may stand in the title's words; a note's event leads to its incident."""
    incident = {"id": "P1", "title": "deployment api in namespace shop is down", "urgency": "low"}
    resolved = _decode({"event": {"event_type": "incident.resolved", "data": incident}})
    annotated = _decode({"event": {"event_type": "incident.annotated", "data": {"id": "N", "incident": incident}}})
    target = Target(namespace="shop", kind="Deployment", name="api")
    assert (resolved.lead.status, resolved.target) == ("resolved", target)
    assert (annotated.lead.status, annotated.target, annotated.lead.severity) == ("firing", target, Severity.INFO)


MESSAGE = {
    "AlarmName": "shop-critical-restarts",
    "AlarmDescription": "pods restart",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (5.0).",
    "StateChangeTime": "2026-11-22T16:00:00.000+0000",
    "Region": "EU (Ireland)",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-critical-restarts",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "pod_number_of_container_restarts",
        "Namespace": "ContainerInsights",
        "Dimensions": [
            {"name": "ClusterName", "value": "prod"},
            {"name": "Namespace", "value": "shop"},
            {"name": "PodName", "value": "api"},
        ],
    },
}
ALARM = Alert(
    name="shop-critical-restarts",
    source="cloudwatch",
    severity=Severity.CRITICAL,
    summary="Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (5.0).",
    labels={
        "alertname": "shop-critical-restarts",
        "metric": "pod_number_of_container_restarts",
        "metric_namespace": "ContainerInsights",
        "region": "EU (Ireland)",
        "account": "123456789012",
        "cluster": "prod",
        "namespace": "shop",
        "pod": "api",
    },
    annotations={"description": "pods restart"},
    started_at=_at(16, 0, 0),
    target=Target(namespace="shop", kind="Pod", name="api"),
    fingerprint="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-critical-restarts",
)


@pytest.mark.parametrize(
    "document",
    [
        MESSAGE,
        {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Subject": "ALARM", "Message": json.dumps(MESSAGE)},
    ],
)
def test_cloudwatch_by_sns(document: Any) -> None:
    """An alarm's SNS message, in its envelope or plain, leads through its dimensions to the pod."""
    assert _decode(document).alerts == (ALARM,)


def test_cloudwatch_by_eventbridge() -> None:
    """EventBridge's event holds the same alarm in another shape."""
    document = {
        "version": "0",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": "2026-11-22T16:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu"],
        "detail": {
            "alarmName": "cpu",
            "state": {"value": "INSUFFICIENT_DATA", "reason": "no data", "timestamp": "2026-11-22T16:00:00.000+0000"},
            "configuration": {
                "description": "cpu is high",
                "metrics": [
                    {
                        "id": "m",
                        "metricStat": {
                            "metric": {
                                "namespace": "ContainerInsights",
                                "name": "node_cpu",
                                "dimensions": {"NodeName": "n1"},
                            }
                        },
                    }
                ],
            },
        },
    }
    found = _decode(document)
    assert (found.lead.name, found.lead.summary, found.lead.started_at, found.target, found.notes) == (
        "cpu",
        "no data",
        _at(16, 0, 0),
        Target(kind="Node", name="n1"),
        ("the alarm has not enough data to say whether it fires",),
    )


def test_yaml_of_any_form() -> None:
    """The same forms may be written in YAML; times stay times."""
    text = """
version: "4"
alerts:
- status: firing
  startsAt: 2026-11-22T16:00:00Z
  labels: {alertname: A, namespace: shop, pod: p-1, severity: warn}
"""
    found = decode(text.encode(), "it")
    assert (found.lead.source, found.lead.started_at, found.target.name, found.lead.severity) == (
        "alertmanager",
        _at(16, 0, 0),
        "p-1",
        Severity.WARNING,
    )


def test_more_alerts_than_can_be_read_are_mentioned() -> None:
    """Of a list of thousands the first thousand are read, and the note says so."""
    found = _decode([{"labels": {"alertname": f"A{n}", "namespace": "shop"}} for n in range(1200)])
    assert (len(found.alerts), found.notes) == (1000, ("only the first 1,000 of 1,200 alerts were read",))
