"""Argo CD's notifications: the message of a template about one application.

Form: argo-cd.readthedocs.io, "Notifications: webhook"; a template is the installation's own, so what all have is
read: the application's name, beside its sync or its health. What it consists of stands in its destination's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import is_name
from agentops.alerts.prose import target_in
from agentops.alerts.stating import stated
from agentops.core.alert import Severity, Target

_APP = ("app", "application", "appName", "app_name", "application_name")
_SYNC = frozenset(
    {"sync", "syncStatus", "sync_status", "health", "healthStatus", "health_status", "operationState", "operationPhase"}
)
_WELL = ("Healthy", "Succeeded")
_SEVERITY = {"Degraded": Severity.HIGH, "Missing": Severity.HIGH, "Failed": Severity.HIGH, "Error": Severity.HIGH}


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    has_app = any(isinstance(document.get(key), str) for key in _APP)
    return has_app and bool(_SYNC & document.keys())


@alert_format("Argo CD", "a notification about an application", recognises=_recognises)
def argocd(document: Mapping[str, Any]) -> Payload:
    """Read the notification."""
    app = fields.first_text(document, *_APP)
    health = fields.first_text(document, "health", "healthStatus", "health_status", "status")
    phase = fields.first_text(document, "operationState", "operationPhase", "phase")
    sync = fields.first_text(document, "sync", "syncStatus", "sync_status")
    message = fields.first_text(document, "message", "text", "description")
    place = fields.first_text(document, "destinationNamespace", "destination_namespace", "dest_namespace", "namespace")
    namespace = place if is_name(place) else ""
    said = health or phase or sync
    is_well = health in _WELL or (not health and (phase in _WELL or sync == "Synced"))
    named = target_in(message, namespace)
    return stated(
        "argocd",
        name=f"{app} is {said}" if said else app,
        state="resolved" if is_well else "suspended" if said == "Suspended" else "firing",
        severity=_SEVERITY.get(said, Severity.UNKNOWN),
        summary=message,
        labels={"app": app, "project": fields.first_text(document, "project"), "sync": sync, "namespace": namespace},
        started=fields.as_moment(fields.first_text(document, "startedAt", "timestamp", "time")),
        target=named if named.known else Target(namespace=namespace),
        link=fields.first_text(document, "url", "link"),
    )
