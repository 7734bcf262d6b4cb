"""Tickets: an issue as the webhooks of Jira and GitHub send it, or an incident of ServiceNow.

Form: developer.atlassian.com, "Webhooks"; docs.github.com, "Webhook events: issues"; docs.servicenow.com, "incident".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated

# ServiceNow's states of an incident.
_NUMBERED = {"1": "new", "2": "open", "3": "open", "6": "resolved", "7": "closed", "8": "canceled"}


def _recognises(document: Any) -> bool:
    issue = fields.inside(document, "issue")
    is_issue = bool(fields.inside(issue, "fields")) or {"title", "body", "state"} <= issue.keys()
    is_incident = isinstance(document, dict) and {"number", "short_description"} <= document.keys()
    return is_issue or is_incident


@alert_format("Jira, GitHub, ServiceNow", "an issue's webhook; an incident", recognises=_recognises)
def ticket(document: Mapping[str, Any]) -> Payload:
    """Read the ticket; when it was written is not when the trouble began."""
    issue = fields.inside(document, "issue")
    said = fields.inside(issue, "fields") or issue or document
    priority = fields.first_text(fields.inside(said, "priority"), "name") or fields.first_text(
        said, "priority", "urgency"
    )
    status = fields.inside(said, "status")
    state = fields.first_text(fields.inside(status, "statusCategory"), "key") or fields.first_text(status, "name")
    told = fields.first_text(said, "state")
    return stated(
        "ticket",
        name=fields.first_text(said, "summary", "title", "short_description"),
        state=state.replace("indeterminate", "open") or _NUMBERED.get(told, told) or "open",
        severity=(priority.partition(" - ")[2] or priority, fields.first_text(said, "severity")),
        text=fields.first_text(said, "description", "body"),
        labels={"ticket": fields.first_text(issue, "key", "number") or fields.first_text(document, "number")},
        fingerprint=fields.first_text(issue, "key", "id") or fields.first_text(document, "sys_id"),
        link=fields.first_text(issue, "html_url", "self"),
    )
