"""Grafana OnCall's outgoing webhook: an alert group, and the payload that opened it.

Form: grafana.com/docs, "Outgoing webhooks". A payload of a known sender is read as such; here, what the group says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated


def _recognises(document: Any) -> bool:
    group = document.get("alert_group") if isinstance(document, dict) else None
    return isinstance(group, dict) and bool({"title", "state"} & group.keys())


@alert_format("Grafana", "OnCall's outgoing webhook", recognises=_recognises)
def grafana_oncall(document: Mapping[str, Any]) -> Payload:
    """Read the alert group; of a payload that nobody knows, the labels and the texts."""
    group = fields.inside(document, "alert_group")
    said = fields.flat(document.get("alert_payload"))
    return stated(
        "grafana-oncall",
        name=fields.first_text(group, "title", "id"),
        state=(fields.first_text(group, "state"), fields.first_text(fields.inside(document, "event"), "type")),
        severity=(said.get("severity", ""), said.get("priority", "")),
        summary=said.get("message", ""),
        text="\n".join(said.get(key, "") for key in ("title", "description")),
        labels={key.rpartition(".")[2]: value for key, value in said.items()},
        started=fields.as_moment(fields.first_text(group, "created_at")),
        ended=fields.as_moment(fields.first_text(group, "resolved_at")),
        fingerprint=fields.first_text(group, "id"),
        link=fields.first_text(fields.inside(group, "permalinks"), "web"),
    )
