"""Falco's events in JSON, as its http output and falcosidekick send them.

Form: falco.org, "Output channels"; ``output_fields`` names the pod where the engine knows it.
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
    if not isinstance(document, dict) or not {"rule", "priority"} <= document.keys():
        return False
    return "output" in document or isinstance(document.get("output_fields"), dict)


@alert_format("Falco", "an event in JSON", recognises=_recognises)
def falco(document: Mapping[str, Any]) -> Payload:
    """Read the event: what was seen once, and does not resolve."""
    seen = fields.flat(document.get("output_fields"), depth=1)
    pod, place = seen.get("k8s.pod.name", ""), seen.get("k8s.ns.name", "")
    target = Target(namespace=place if is_name(place) else "", kind="Pod", name=pod) if is_name(pod) else None
    return stated(
        "falco",
        name=fields.first_text(document, "rule"),
        state="firing",
        severity=(fields.first_text(document, "priority"),),
        summary=fields.first_text(document, "output"),
        labels=seen,
        started=fields.as_moment(fields.first_text(document, "time")),
        target=target,
        fingerprint=fields.first_text(document, "uuid"),
    )
