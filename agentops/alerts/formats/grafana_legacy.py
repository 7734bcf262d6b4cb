"""The webhook of Grafana's alerting before version 9: one rule, with the series that match it.

Form: grafana.com/docs (version 8), "Alert notifications", webhook; ``ruleId`` or ``evalMatches`` tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import joined, stated


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and "ruleName" in document and bool({"ruleId", "evalMatches"} & document.keys())


@alert_format("Grafana", "legacy alerting webhook (before version 9)", recognises=_recognises)
def grafana_legacy(document: Mapping[str, Any]) -> Payload:
    """Read the rule's message: an alert for each series that matches, or one where none does."""
    series = [match for match in fields.items(document, "evalMatches") if isinstance(match, dict)] or [{}]
    return joined(_series(document, match) for match in series[: fields.MAX_ALERTS])


def _series(document: Mapping[str, Any], match: Mapping[str, Any]) -> Payload:
    labels = fields.labels(document, "tags") | fields.flat(fields.inside(match, "tags"), depth=1)
    metric = fields.first_text(match, "metric")
    return stated(
        "grafana",
        name=fields.first_text(document, "ruleName", "title"),
        state=fields.first_text(document, "state"),
        severity=(labels.get("severity", ""), labels.get("priority", "")),
        summary=fields.first_text(document, "message", "title"),
        labels={**labels, "metric": metric} if metric else labels,
        fingerprint=fields.first_text(document, "ruleId"),
        link=fields.first_text(document, "ruleUrl"),
    )
