"""Dynatrace: a problem, as a custom integration sends it or as the Problems API answers.

Form: docs.dynatrace.com, "Webhook integration" (``{ProblemTitle}``, ``{State}``, ``{ImpactedEntities}``), "Problems
API v2". A severity level says what kind of problem it is, from AVAILABILITY to INFO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import joined, stated, tagged
from agentops.core.alert import Severity

_MARKS = frozenset({"ProblemID", "ProblemTitle", "PID", "ProblemDetailsText"})
_SEVERITY = {
    "AVAILABILITY": Severity.CRITICAL,
    "ERROR": Severity.HIGH,
    "PERFORMANCE": Severity.WARNING,
    "RESOURCE_CONTENTION": Severity.WARNING,
    "MONITORING_UNAVAILABLE": Severity.WARNING,
    "CUSTOM_ALERT": Severity.WARNING,
    "INFO": Severity.INFO,
}
_STATES = {"MERGED": "open"}


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    listed = document.get("problems")
    is_list = isinstance(listed, list) and bool(listed) and all(map(_is_problem, listed))
    return len(_MARKS & document.keys()) >= 2 or _is_problem(document) or is_list


def _is_problem(item: Any) -> bool:
    return isinstance(item, dict) and "problemId" in item and bool({"severityLevel", "displayId"} & item.keys())


@alert_format("Dynatrace", "a problem's custom integration; the Problems API", recognises=_recognises)
def dynatrace(document: Mapping[str, Any]) -> Payload:
    """Read the problem, or the problems."""
    listed = document.get("problems")
    if isinstance(listed, list):
        return joined(_of_the_api(item) for item in listed[: fields.MAX_ALERTS])
    return _of_the_api(document) if "problemId" in document else _notified(document)


def _notified(document: Mapping[str, Any]) -> Payload:
    details = fields.inside(document, "ProblemDetailsJSONv2") or fields.inside(document, "ProblemDetailsJSON")
    entities = document.get("ImpactedEntities")
    names = (
        [fields.first_text(one, "name") for one in entities if isinstance(one, dict)]
        if isinstance(entities, list)
        else []
    )
    level = fields.first_text(document, "ProblemSeverity", "SeverityLevel") or fields.first_text(
        details, "severityLevel"
    )
    state = fields.first_text(document, "State", "ProblemStatus")
    return stated(
        "dynatrace",
        name=fields.first_text(document, "ProblemTitle", "ProblemID"),
        state=_STATES.get(state, state),
        severity=_SEVERITY.get(level, Severity.UNKNOWN),
        text="\n".join((fields.first_text(document, "ProblemDetailsText", "ProblemDetails", "ProblemDetailsMarkdown"),
                        fields.first_text(document, "ImpactedEntity", "ImpactedEntityNames"))),
        labels={**_tags(fields.first_text(document, "Tags")), "entities": ", ".join(filter(None, names)),
                "impact": fields.first_text(document, "ProblemImpact")},
        started=fields.as_moment(fields.first_text(details, "startTime")),
        ended=fields.as_moment(fields.first_text(details, "endTime")),
        fingerprint=fields.first_text(document, "PID", "ProblemID"),
        link=fields.first_text(document, "ProblemURL"),
    )  # fmt: skip


def _of_the_api(problem: Mapping[str, Any]) -> Payload:
    entities = [one for one in problem.get("affectedEntities") or () if isinstance(one, dict)]
    tags = [f"{fields.first_text(one, 'key')}:{fields.first_text(one, 'value')}"
            for one in problem.get("entityTags") or () if isinstance(one, dict)]  # fmt: skip
    state = fields.first_text(problem, "status")
    return stated(
        "dynatrace",
        name=fields.first_text(problem, "title", "displayId"),
        state=state,
        severity=_SEVERITY.get(fields.first_text(problem, "severityLevel"), Severity.UNKNOWN),
        labels={
            **_tags(",".join(tags)),
            "entities": ", ".join(fields.first_text(one, "name") for one in entities[:20]),
        },
        started=fields.as_moment(fields.first_text(problem, "startTime")),
        ended=fields.as_moment(fields.first_text(problem, "endTime")) if state == "CLOSED" else None,
        fingerprint=fields.first_text(problem, "problemId"),
    )


def _tags(written: str) -> dict[str, str]:
    """Return tags without their context: ``[Kubernetes]k8s.namespace.name:shop``."""
    return {key.rpartition("]")[2]: value for key, value in tagged(written).items()}
