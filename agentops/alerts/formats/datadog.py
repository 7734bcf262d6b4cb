"""Datadog: a monitor's webhook with the variables of its documentation, and a monitor as its API answers.

Form: docs.datadoghq.com, "Webhooks" (``$ALERT_TRANSITION``, ``$TAGS``), and "Get a monitor's details".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated, tagged

_SCOPE = re.compile(r"\{([^{}]{1,2000})\}")
_MONITOR = frozenset({"overall_state", "query", "type"})


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    return document.keys() >= _MONITOR or "alert_transition" in document


@alert_format("Datadog", "a monitor's webhook; a monitor of the API", recognises=_recognises)
def datadog(document: Mapping[str, Any]) -> Payload:
    """Read the monitor."""
    return _monitor(document) if document.keys() >= _MONITOR else _webhook(document)


def _webhook(document: Mapping[str, Any]) -> Payload:
    title = fields.first_text(document, "title", "alert_title", "event_title")
    scope = fields.first_text(document, "alert_scope", "scope")
    transition = fields.first_text(document, "alert_transition")
    labels = {
        **tagged(document.get("tags")),
        **_scoped(title),
        **tagged(scope),
        "alert_metric": fields.first_text(document, "alert_metric"),
    }
    return stated(
        "datadog",
        name=title,
        state=(re.sub(r"^Re-", "", transition, flags=re.IGNORECASE), fields.first_text(document, "alert_type")),
        severity=(fields.first_text(document, "priority", "alert_priority"), fields.first_text(document, "severity"),
                  fields.first_text(document, "alert_type"), transition),
        summary=fields.first_text(document, "alert_status"),
        text=fields.first_text(document, "body", "event_msg", "text_only_msg"),
        labels=labels,
        started=fields.as_moment(fields.first_text(document, "alert_started", "date", "last_updated")),
        fingerprint=fields.first_text(document, "alert_id", "aggreg_key", "id"),
        link=fields.first_text(document, "link", "url"),
    )  # fmt: skip


def _monitor(document: Mapping[str, Any]) -> Payload:
    query = fields.first_text(document, "query")
    state = fields.first_text(document, "overall_state")
    priority = fields.first_text(document, "priority")
    return stated(
        "datadog",
        name=fields.first_text(document, "name", "id"),
        state="paused" if fields.inside(document, "options", "silenced") else state,
        severity=(f"P{priority}" if priority else "", state),
        summary=query,
        text=fields.first_text(document, "message"),
        labels={**tagged(document.get("tags")), **_scoped(query)},
        started=fields.as_moment(fields.first_text(document, "overall_state_modified")),
        fingerprint=fields.first_text(document, "id"),
        notes=_without_start(document),
    )


def _without_start(document: Mapping[str, Any]) -> tuple[str, ...]:
    # The monitor's own creation is not when it began to fire.
    return () if document.get("overall_state_modified") else ("the monitor does not say since when it stands so",)


def _scoped(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for scope in _SCOPE.findall(text):
        found |= tagged(scope.replace(" AND ", ","))
    return found
