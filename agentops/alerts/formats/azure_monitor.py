"""Azure Monitor's common alert schema: managed Prometheus, metrics, logs, the activity log, service health.

Form: learn.microsoft.com, "Common alert schema" and "Sample alert payloads". Sev0 is critical and Sev1 an error;
Microsoft's own rules for Kubernetes give Sev3 to what kube-prometheus calls a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated
from agentops.core.alert import Severity

_SCHEMA = "azureMonitorCommonAlertSchema"
_SEVERITY = {
    "Sev0": Severity.CRITICAL,
    "Sev1": Severity.HIGH,
    "Sev2": Severity.WARNING,
    "Sev3": Severity.WARNING,
    "Sev4": Severity.INFO,
}
_STATES = {"Fired": "firing", "Resolved": "resolved"}
_CLUSTER = "/managedclusters/"


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    return document.get("schemaId") == _SCHEMA or bool(fields.inside(document, "data", "essentials"))


@alert_format("Azure Monitor", "common alert schema (managed Prometheus, metrics, logs)", recognises=_recognises)
def azure_monitor(document: Mapping[str, Any]) -> Payload:
    """Read the alert."""
    essentials = fields.inside(document, "data", "essentials")
    context = fields.inside(document, "data", "alertContext")
    rules_own = fields.flat(context.get("labels"), depth=1)
    notes = fields.flat(context.get("annotations"), depth=1)
    condition = fields.first_text(essentials, "monitorCondition")
    described = notes.get("description") or notes.get("summary") or fields.first_text(essentials, "description")
    return stated(
        "azure-monitor",
        name=rules_own.get("alertname") or fields.first_text(essentials, "alertRule", "alertId"),
        state=_STATES.get(condition, condition),
        severity=_SEVERITY.get(fields.first_text(essentials, "severity"), Severity.UNKNOWN),
        summary=notes.get("summary") or fields.first_text(essentials, "description"),
        text=described,
        labels={**_cluster(essentials), **_dimensions(context), **rules_own,
                **fields.flat(fields.inside(document, "data", "customProperties"), depth=1)},
        started=fields.as_moment(fields.first_text(essentials, "firedDateTime")),
        ended=fields.as_moment(fields.first_text(essentials, "resolvedDateTime")),
        fingerprint=fields.first_text(essentials, "originAlertId", "alertId"),
        link=fields.first_text(essentials, "investigationLink") or fields.first_text(context, "linkToSearchResultsUI"),
    )  # fmt: skip


def _cluster(essentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the AKS cluster that the alert is about, which its resource id names."""
    listed = essentials.get("alertTargetIDs")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, str) and _CLUSTER in one.lower():
            at = one.lower().index(_CLUSTER) + len(_CLUSTER)
            return {"cluster": fields.scalar(one[at:].partition("/")[0], "alertTargetIDs")}
    return {}


def _dimensions(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the dimensions of the condition: a list of names and values, or an object."""
    found: dict[str, str] = {}
    conditions = fields.inside(context, "condition").get("allOf")
    listed = (
        [one.get("dimensions") for one in conditions if isinstance(one, dict)] if isinstance(conditions, list) else []
    )
    for dimensions in [*listed, context.get("dimensions"), context.get("Dimensions")]:
        if isinstance(dimensions, dict):
            found |= fields.flat(dimensions, depth=1)
        for one in dimensions if isinstance(dimensions, list) else ():
            if isinstance(one, dict):
                found[fields.first_text(one, "name")] = fields.first_text(one, "value")
    return {key: value for key, value in found.items() if key}
