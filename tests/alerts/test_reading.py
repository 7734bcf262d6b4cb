"""What is an alert, what is wrapped around one, and what only looks like one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.alerts.decoding import decode
from agentops.core.alert import AlertGroup, Target
from agentops.core.errors import AlertError

DATA = Path(__file__).parent / "data"
POD = Target(namespace="shop", kind="Pod", name="db-0")
WEBHOOK = {
    "version": "4",
    "groupKey": "k",
    "status": "firing",
    "alerts": [{"status": "firing", "labels": {"alertname": "A", "namespace": "shop", "pod": "db-0"}}],
}
ALARM = {
    "AlarmName": "restarts",
    "NewStateValue": "ALARM",
    "Trigger": {"Dimensions": [{"name": "PodName", "value": "db-0"}, {"name": "Namespace", "value": "shop"}]},
}


def _decode(document: Any) -> AlertGroup:
    return decode(json.dumps(document).encode(), "it")


def _sns(message: str) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": message}


@pytest.mark.parametrize(
    ("document", "note"),
    [
        ({"specversion": "1.0", "type": "x", "source": "/am", "id": "1", "data": WEBHOOK}, "a CloudEvent"),
        (
            {
                "specversion": "1.0",
                "type": "x",
                "id": "1",
                "data_base64": base64.b64encode(json.dumps(WEBHOOK).encode()).decode(),
            },
            "a CloudEvent",
        ),
        ({"trigger": {"type": "prometheus.alert"}, "payload": WEBHOOK}, "the member 'payload'"),
        ({"headers": {"content-type": "application/json"}, "body": json.dumps(WEBHOOK)}, "the member 'body'"),
        ({"Records": [{"EventSource": "aws:sns", "Sns": _sns(json.dumps(ALARM))}]}, "a function's records"),
        ({"Records": [{"eventSource": "aws:sqs", "body": json.dumps(_sns(json.dumps(ALARM)))}]}, "an SNS message"),
        (
            {
                "message": {"data": base64.b64encode(json.dumps(WEBHOOK).encode()).decode(), "messageId": "1"},
                "subscription": "projects/p/subscriptions/s",
            },
            "a Pub/Sub message",
        ),
        ([{"json": WEBHOOK}], "the member 'json'"),
        (_sns("[FIRING:1] A for shop\n namespace = shop\n pod = db-0\n"), ""),
    ],
)
def test_envelopes_are_opened(document: Any, note: str) -> None:
    """Whatever carries a known body, the body counts, and the note says what it came in."""
    found = _decode(document)
    assert found.target == POD
    assert not note or f"it came inside {note}" in found.notes


def test_an_alert_group_of_oncall_says_how_it_stands() -> None:
    """Grafana OnCall knows later than the payload that opened the group."""
    group = {"title": "A", "state": "acknowledged"}
    found = _decode({"alert_group": group, "alert_payload": WEBHOOK})
    assert (found.lead.source, found.lead.state, found.target) == ("alertmanager", "acknowledged", POD)


GRAFANA_RULE = {"uid": "a", "title": "A", "condition": "C", "data": [], "labels": {"a": "b"}}
MANIFEST = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "r"}}
RULE = {"groups": [{"name": "g", "rules": [{"alert": "Down", "expr": "up == 0", "labels": {"severity": "critical"}}]}]}


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        (RULE, "a file of alert rules"),
        ({**MANIFEST, "spec": RULE}, "a rule (PrometheusRule)"),
        (RULE["groups"][0]["rules"][0], "an alert rule"),
        (
            {"apiVersion": "v1", "kind": "List", "items": [{**MANIFEST, "spec": RULE}]},
            "a list of rules (PrometheusRule)",
        ),
        ({"apiVersion": 1, "groups": [{"orgId": 1, "rules": [GRAFANA_RULE]}]}, "a file of alert rules"),
        ([GRAFANA_RULE], "an export of Grafana's alert rules"),
        ({"route": {"receiver": "x"}, "receivers": [{"name": "x"}]}, "Alertmanager's configuration"),
        ({"panels": [], "schemaVersion": 39, "title": "Shop"}, "a dashboard of Grafana"),
    ],
)
@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_rules_and_routes_are_no_alerts(document: Any, seen: str, write: Any) -> None:
    """A rule says when an alert would fire, not that it did: it is refused by its name, as JSON and as YAML."""
    with pytest.raises(AlertError) as caught:
        decode(write(document).encode(), "it")
    assert caught.value.message == f"it is {seen}, not an alert that fired"
    assert "amtool alert query -o json" in caught.value.hint


def test_a_list_of_messages_is_one_payload() -> None:
    """Messages of known senders in one list, or one after another, are read each by its own format."""
    kube = json.loads((DATA / "kubernetes_event.json").read_text())
    other = json.loads((DATA / "pagerduty_events.json").read_text())
    listed = _decode([kube, other])
    lines = decode(f"{json.dumps(kube)}\n{json.dumps(other, indent=1)}\n".encode(), "it")
    assert (listed.target, len(listed.alerts)) == (POD, 2)
    assert lines == listed


def test_what_was_understood_of_a_foreign_object_is_said() -> None:
    """State and time of an unknown sender are never made up."""
    found = _decode({"title": "Cart is slow", "resource": {"labels": {"pod_name": "db-0", "namespace_name": "shop"}}})
    assert (found.target, found.lead.source, found.lead.state, found.lead.started_at) == (
        POD,
        "unknown",
        "unknown",
        None,
    )
    assert found.notes == (
        "the payload does not say whether the alert still fires: it is taken to",
        "of a form that no known sender has: name from 'title'; state and start not told",
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"status": "resolved"}, ("resolved", "", None)),
        ({"state": "ACKNOWLEDGED"}, ("firing", "acknowledged", None)),
        ({"status": "no data", "type": "alert"}, ("firing", "no data", None)),
        ({"status": "wobbly"}, ("firing", "unknown", None)),
        ({"incident": {"state": "open", "started_at": 1795363200}}, ("firing", "", "2026-11-22")),
        ({"status": "firing", "timestamp": "2026-11-22T16:00:00Z"}, ("firing", "", "2026-11-22")),
        ({"status": "resolved", "timestamp": "2026-11-22T16:00:00Z"}, ("resolved", "", None)),
    ],
)
def test_state_and_time_of_a_foreign_object(more: dict[str, Any], expected: tuple[str, str, str | None]) -> None:
    """They are read from the members that say so; when a resolved alert was sent is not when it began."""
    lead = _decode({"title": "Cart is slow", **more}).lead
    started = f"{lead.started_at:%Y-%m-%d}" if lead.started_at else None
    assert (lead.status, lead.state, started) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[FIRING:1] KubePodCrashLooping for shop/db-0\n\nnamespace: shop\npod: db-0\n",
        "[shop] pod/db-0 is down in ns/shop",
    ],
)
def test_what_begins_with_a_bracket_is_text_unless_it_is_json(text: str) -> None:
    """Subjects of mails and of chat rooms begin with a bracket; only JSON that is cut off is an error."""
    assert decode(text.encode(), "it").target == POD
    with pytest.raises(AlertError, match="cut off"):
        decode(b'[{"labels": {"a": "b"', "it")


def test_a_code_block_is_what_it_holds() -> None:
    """A payload that was pasted with its fences is that payload."""
    fenced = f"```json\n{json.dumps(WEBHOOK, indent=1)}\n```\n"
    assert decode(fenced.encode(), "it") == _decode(WEBHOOK)


def test_an_alarm_of_describe_alarms_and_of_metric_math() -> None:
    """The list of alarms is read, and of an expression the metrics that it is made of."""
    metric = {"MetricStat": {"Metric": {"Dimensions": ALARM["Trigger"]["Dimensions"], "MetricName": "m"}}}
    math = {"AlarmName": "m", "StateValue": "ALARM", "Metrics": [metric, {"Expression": "m1 * 2"}]}
    calm = {"AlarmName": "calm", "StateValue": "OK"}
    found = _decode({"MetricAlarms": [calm, math], "CompositeAlarms": []})
    assert (found.target, [alert.name for alert in found.alerts], [why for _a, why in found.left_out]) == (
        POD,
        ["m"],
        ["it has resolved"],
    )
    action = {"source": "aws.cloudwatch", "alarmData": {"alarmName": "x", "state": {"value": "OK"}}}
    assert (_decode(action).lead.name, _decode(action).lead.status) == ("x", "resolved")


def test_grafana_says_why_it_resolved() -> None:
    """A rule that was paused, or that has no data, is said to be so."""
    labels = {"alertname": "A", "namespace": "shop", "pod": "db-0"}
    alert = {"status": "resolved", "labels": labels, "annotations": {"grafana_state_reason": "Paused"}}
    found = _decode({"orgId": 1, "alerts": [alert]})
    assert (found.lead.status, found.lead.state, found.notes) == (
        "resolved",
        "paused",
        ("the alert's rule is paused: nobody looks whether it still fires",),
    )


def test_groups_of_alertmanager_are_flattened() -> None:
    """The answer about groups holds the alerts one level deeper."""
    found = _decode([{"labels": {"alertname": "A"}, "receiver": {"name": "x"}, "alerts": WEBHOOK["alerts"]}])
    assert (found.target, len(found.alerts)) == (POD, 1)
