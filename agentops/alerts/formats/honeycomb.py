"""Honeycomb's webhook of a trigger.

Form: docs.honeycomb.io, "Webhooks"; ``result_groups`` holds the groups that passed the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated


def _recognises(document: Any) -> bool:
    return (
        isinstance(document, dict) and bool({"trigger_url", "result_groups"} & document.keys()) and "status" in document
    )


@alert_format("Honeycomb", "a trigger's webhook", recognises=_recognises)
def honeycomb(document: Mapping[str, Any]) -> Payload:
    """Read the trigger; the groups that passed its threshold are its labels."""
    groups = document.get("result_groups_triggered") or document.get("result_groups")
    labels: dict[str, str] = {}
    for one in groups[:1] if isinstance(groups, list) else ():
        labels |= fields.flat(fields.inside(one, "Group"), depth=1) or fields.flat(fields.inside(one, "group"), depth=1)
    return stated(
        "honeycomb",
        name=fields.first_text(document, "name", "id"),
        state=fields.first_text(document, "status"),
        severity=(fields.first_text(document, "severity"),),
        summary=fields.first_text(document, "summary"),
        text="\n".join(fields.first_text(document, key) for key in ("trigger_description", "description")),
        labels=labels,
        started=fields.as_moment(fields.first_text(document, "triggered_at", "timestamp")),
        fingerprint=fields.first_text(document, "id"),
        link=fields.first_text(document, "trigger_url", "result_url"),
    )
