"""Google Cloud Monitoring's notification about one incident.

Form: cloud.google.com, "Notification channels: webhooks", schema 1.2: ``incident`` with ``policy_name``; its times are
seconds since 1970. The labels of a monitored resource (``k8s_container``, ``k8s_node``) name the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated

_MARKS = frozenset({"policy_name", "incident_id", "condition_name", "scoping_project_id", "resource_name"})


def _recognises(document: Any) -> bool:
    return len(_MARKS & fields.inside(document, "incident").keys()) >= 2


@alert_format("Google Cloud Monitoring", "notification about an incident", recognises=_recognises)
def gcp_monitoring(document: Mapping[str, Any]) -> Payload:
    """Read the incident."""
    incident = fields.inside(document, "incident")
    resource = fields.inside(incident, "resource")
    labels = {
        **{key.rpartition(".")[2]: value for key, value in fields.flat(incident.get("metadata"), depth=3).items()},
        **fields.flat(incident.get("policy_user_labels"), depth=1),
        **fields.flat(fields.inside(incident, "metric", "labels"), depth=1),
        **fields.flat(resource.get("labels"), depth=1),
        "resource_type": fields.first_text(resource, "type"),
        "metric": fields.first_text(fields.inside(incident, "metric"), "type"),
    }
    documented = fields.inside(incident, "documentation")
    return stated(
        "gcp-monitoring",
        name=fields.first_text(incident, "policy_name", "condition_name", "incident_id"),
        state=fields.first_text(incident, "state"),
        severity=(fields.first_text(incident, "severity"),),
        summary=fields.first_text(incident, "summary"),
        text="\n".join((fields.first_text(incident, "condition_name"), fields.first_text(documented, "content"))),
        labels=labels,
        started=fields.as_moment(fields.first_text(incident, "started_at")),
        ended=fields.as_moment(fields.first_text(incident, "ended_at")),
        fingerprint=fields.first_text(incident, "incident_id"),
        link=fields.first_text(incident, "url"),
    )
