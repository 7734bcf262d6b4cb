"""EventBridge's events of AWS that are no CloudWatch alarm: GuardDuty's findings about EKS, AWS Health, and others.

Form: docs.aws.amazon.com, "EventBridge event reference"; ``detail-type`` and ``source`` tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import is_name
from agentops.alerts.stating import stated
from agentops.core.alert import Severity, Target

_ALARM = "CloudWatch Alarm State Change"
_TITLES = ("title", "eventTypeCode", "alarmName", "type", "eventName")


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("detail"), dict):
        return False
    kind = document.get("detail-type")
    return isinstance(kind, str) and kind != _ALARM and "source" in document


@alert_format("Amazon EventBridge", "GuardDuty's findings, AWS Health and other events", recognises=_recognises)
def aws_events(document: Mapping[str, Any]) -> Payload:
    """Read the event."""
    detail = fields.inside(document, "detail")
    said = fields.flat(detail, depth=2)
    kind = fields.first_text(document, "detail-type")
    return stated(
        "aws-events",
        name=fields.first_text(detail, *_TITLES) or kind,
        state=fields.first_text(detail, "statusCode", "status", "state") or "active",
        severity=_severity(fields.first_text(detail, "severity")),
        summary=_described(detail) or kind,
        labels={"event": kind, "aws_source": fields.first_text(document, "source"),
                "region": fields.first_text(document, "region"), "account": fields.first_text(document, "account"),
                "resource_arn": _first(document.get("resources")),
                "affected": _first(detail.get("affectedEntities"), "entityValue"), **said},
        started=fields.as_moment(fields.first_text(detail, "createdAt") or fields.first_text(document, "time")),
        target=_workload(detail),
        fingerprint=fields.first_text(document, "id"),
    )  # fmt: skip


def _severity(number: str) -> Severity:
    """Return what GuardDuty's number means, by its own bands."""
    try:
        value = float(number)
    except ValueError:
        return Severity.UNKNOWN
    bands = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.WARNING))
    return next((severity for least, severity in bands if value >= least), Severity.INFO)


def _workload(detail: Mapping[str, Any]) -> Target | None:
    found = fields.inside(detail, "resource", "kubernetesDetails", "kubernetesWorkloadDetails")
    name, kind = fields.first_text(found, "name"), fields.first_text(found, "type")
    namespace = fields.first_text(found, "namespace")
    if not is_name(name) or not kind:
        return None
    return Target(namespace=namespace if is_name(namespace) else "", kind=kind_named(kind), name=name)


def _first(listed: Any, name: str = "") -> str:
    """Return the first text of a list, or the first of that name in a list of objects; empty where there is none."""
    for one in listed if isinstance(listed, list) else ():
        found = one.get(name) if isinstance(one, dict) else one
        if isinstance(found, str) and found:
            return found
    return ""


def _described(detail: Mapping[str, Any]) -> str:
    listed = detail.get("eventDescription")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    return fields.first_text(first, "latestDescription") or fields.first_text(detail, "description", "message")
