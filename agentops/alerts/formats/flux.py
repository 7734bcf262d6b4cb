"""Flux's notification controller: the event that its generic webhook sends on.

Form: fluxcd.io, "Providers: generic webhook"; an event without ``kind``, told by ``reportingController``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import is_name
from agentops.alerts.stating import stated
from agentops.core.alert import Target


def _recognises(document: Any) -> bool:
    return bool(fields.inside(document, "involvedObject")) and "kind" not in document and "severity" in document


@alert_format("Flux", "the notification controller's generic webhook", recognises=_recognises)
def flux(document: Mapping[str, Any]) -> Payload:
    """Read the event; one of severity info tells of a success."""
    about = fields.inside(document, "involvedObject")
    kind, name, place = (fields.first_text(about, key) for key in ("kind", "name", "namespace"))
    severity, reason = fields.first_text(document, "severity"), fields.first_text(document, "reason")
    is_named = is_name(name) and bool(kind)
    target = Target(namespace=place if is_name(place) else "", kind=kind, name=name) if is_named else None
    return stated(
        "flux",
        name=f"{reason} of {kind} {name}" if reason else f"{kind} {name}",
        # Flux tells of failures as errors; what is information went well.
        state="resolved" if severity == "info" else "firing",
        severity=(severity,),
        summary=fields.first_text(document, "message"),
        labels={**fields.flat(document.get("metadata"), depth=1), "reason": reason,
                "controller": fields.first_text(document, "reportingController")},
        started=fields.as_moment(fields.first_text(document, "timestamp")),
        target=target,
        fingerprint=fields.first_text(about, "uid"),
    )  # fmt: skip
