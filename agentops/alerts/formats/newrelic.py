"""New Relic: the webhook of a workflow about an issue, and that of the channels before it about an incident.

Form: docs.newrelic.com, "Message templates" (``issueUrl``, ``impactedEntities``), and the legacy webhook
(``current_state``, ``condition_name``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated

_ISSUE = frozenset({"issueUrl", "impactedEntities", "alertConditionNames"})


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    is_issue = "issueUrl" in document or document.keys() >= _ISSUE
    return is_issue or ("current_state" in document and bool({"condition_name", "policy_name"} & document.keys()))


@alert_format("New Relic", "workflow's webhook about an issue; the legacy webhook", recognises=_recognises)
def newrelic(document: Mapping[str, Any]) -> Payload:
    """Read the issue or the incident."""
    return _incident(document) if "current_state" in document else _issue(document)


def _issue(document: Mapping[str, Any]) -> Payload:
    return stated(
        "newrelic",
        name=_listed(document, "title", "alertConditionNames", "issueTitle"),
        state=fields.first_text(document, "state", "status"),
        severity=(fields.first_text(document, "priority"),),
        text=_listed(document, "alertConditionDescriptions", "annotations", "description"),
        labels={
            **fields.flat({key: document.get(key) for key in ("labels", "accumulations", "tags")}, depth=3),
            "entities": _listed(document, "impactedEntities", "entitiesData"),
            "policy": _listed(document, "alertPolicyNames"),
            "condition": _listed(document, "alertConditionNames"),
        },
        started=fields.as_moment(fields.first_text(document, "activatedAt", "createdAt")),
        ended=fields.as_moment(fields.first_text(document, "closedAt", "updatedAt")),
        fingerprint=fields.first_text(document, "id", "issueId"),
        link=fields.first_text(document, "issueUrl"),
    )


def _incident(document: Mapping[str, Any]) -> Payload:
    targets = [one for one in _list(document.get("targets")) if isinstance(one, dict)]
    labels: dict[str, str] = {}
    for one in targets[:1]:
        labels |= fields.flat(one.get("labels"), depth=1) | {"entity": fields.first_text(one, "name")}
    opened = fields.as_moment(fields.first_text(document, "timestamp"))
    is_opening = fields.first_text(document, "current_state").lower() == "open"
    return stated(
        "newrelic",
        name=fields.first_text(document, "condition_name", "policy_name"),
        state=fields.first_text(document, "current_state"),
        severity=(fields.first_text(document, "severity"),),
        summary=fields.first_text(document, "details"),
        labels={**labels, "policy": fields.first_text(document, "policy_name")},
        # The time of a closing message is not when it began.
        started=opened if is_opening else None,
        ended=opened,
        fingerprint=fields.first_text(document, "incident_id"),
        link=fields.first_text(document, "incident_url"),
    )


def _listed(document: Mapping[str, Any], *keys: str) -> str:
    """Return the first of these members that says something; of a list, its texts."""
    for key in keys:
        value = document.get(key)
        texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else [value]
        said = ", ".join(one for one in texts if isinstance(one, str) and one)
        if said:
            return fields.scalar(said, key)
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
