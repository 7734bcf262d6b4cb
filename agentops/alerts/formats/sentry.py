"""Sentry: the webhooks of its integrations about issues, events and metric alerts, and the older one of a project.

Form: docs.sentry.io, "Webhooks" (issue alerts, metric alerts, issues), and the plugin "Webhooks" of a project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated
from agentops.core.errors import AlertError
from agentops.core.text import one_line

_ABOUT = ("metric_alert", "event", "issue", "error", "issue_alert")
_STATES = {"ignored": "silenced", "archived": "silenced", "assigned": "open", "created": "open"}


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    data = fields.inside(document, "data")
    is_hook = "action" in document and bool({"installation", "actor"} & document.keys()) and bool(data)
    return is_hook or ("culprit" in document and bool({"project", "project_slug", "event"} & document.keys()))


@alert_format("Sentry", "webhooks about issues, events and metric alerts", recognises=_recognises)
def sentry(document: Mapping[str, Any]) -> Payload:
    """Read the message.

    Raises:
        AlertError: it is about something else, such as a comment or an installation.
    """
    if "culprit" in document and "action" not in document:
        return _of_a_project(document)
    data = fields.inside(document, "data")
    kind = next((key for key in _ABOUT if isinstance(data.get(key), dict)), "")
    if not kind:
        seen = one_line(", ".join(map(str, list(data)[:4])), 80)
        raise AlertError(
            f"the Sentry message is about no issue ({seen})", hint="Send an issue's or an alert's webhook."
        )
    about, action = fields.inside(data, kind), fields.first_text(document, "action")
    if kind == "metric_alert":
        return _metric(data, about, action)
    return stated(
        "sentry",
        name=fields.first_text(about, "title", "message", "culprit") or fields.first_text(data, "triggered_rule"),
        state=(_STATES.get(action, action), fields.first_text(about, "status")),
        severity=(fields.first_text(about, "level"), fields.first_text(about, "priority")),
        summary=fields.first_text(fields.inside(about, "metadata"), "value"),
        text=fields.first_text(about, "culprit"),
        labels=_tags(about.get("tags")),
        started=fields.as_moment(fields.first_text(about, "firstSeen", "datetime", "timestamp")),
        fingerprint=fields.first_text(about, "issue_id", "id"),
        link=fields.first_text(about, "web_url", "permalink", "url"),
    )


def _metric(data: Mapping[str, Any], about: Mapping[str, Any], action: str) -> Payload:
    rule = fields.inside(about, "alert_rule")
    return stated(
        "sentry",
        name=fields.first_text(rule, "name") or fields.first_text(data, "description_title"),
        state=action,
        severity=(action,) if action != "resolved" else (),
        summary=fields.first_text(data, "description_title"),
        text="\n".join((fields.first_text(data, "description_text"), fields.first_text(rule, "query"))),
        started=fields.as_moment(fields.first_text(about, "date_started", "date_detected")),
        ended=fields.as_moment(fields.first_text(about, "date_closed")),
        fingerprint=fields.first_text(about, "identifier", "id"),
        link=fields.first_text(data, "web_url"),
    )


def _of_a_project(document: Mapping[str, Any]) -> Payload:
    event = fields.inside(document, "event")
    return stated(
        "sentry",
        name=fields.first_text(event, "title") or fields.first_text(document, "message", "culprit"),
        state="triggered",
        severity=(fields.first_text(document, "level"), fields.first_text(event, "level")),
        text=fields.first_text(document, "culprit"),
        labels={**_tags(event.get("tags")), "project": fields.first_text(document, "project")},
        started=fields.as_moment(fields.first_text(event, "timestamp", "received")),
        fingerprint=fields.first_text(document, "id"),
        link=fields.first_text(document, "url"),
    )


def _tags(tags: Any) -> dict[str, str]:
    """Return tags, which are pairs in a list: ``[["level", "error"]]`` or ``[{"key": ..., "value": ...}]``."""
    found = {}
    for one in tags[:100] if isinstance(tags, list) else ():
        pair = [one.get("key"), one.get("value")] if isinstance(one, dict) else one
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
            found[one_line(pair[0], 100)] = one_line(pair[1], 300)
    return found
