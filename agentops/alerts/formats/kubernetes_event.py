"""Events of Kubernetes, one or a list, as ``kubectl get events -o json`` prints them.

Form: the API reference, Event of ``v1`` (``involvedObject``) and of ``events.k8s.io/v1`` (``regarding``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import is_name
from agentops.alerts.prometheus_alert import too_many
from agentops.alerts.stating import joined, stated
from agentops.core.alert import Target
from agentops.core.errors import AlertError

_LISTS = ("List", "EventList")


def _is_event(item: Any) -> bool:
    has_object = bool(fields.inside(item, "involvedObject") or fields.inside(item, "regarding"))
    return has_object and item.get("kind", "Event") == "Event" and ("metadata" in item or "apiVersion" in item)


def _recognises(document: Any) -> bool:
    if _is_event(document):
        return "reportingController" not in document or "apiVersion" in document
    listed = document.get("items") if isinstance(document, dict) and document.get("kind") in _LISTS else None
    return isinstance(listed, list) and bool(listed) and all(map(_is_event, listed))


@alert_format("Kubernetes", "events (`kubectl get events -o json`, or YAML)", recognises=_recognises)
def kubernetes_event(document: Mapping[str, Any]) -> Payload:
    """Read the events; while there are warnings, what is normal is set aside.

    Raises:
        AlertError: there is none.
    """
    listed = [document] if _is_event(document) else fields.items(document, "items")
    if not listed:
        raise AlertError("the list of events is empty", hint="Send the events of an object that is unwell.")
    parts = [_event(item) for item in listed[: fields.MAX_ALERTS]]
    found = replace(joined(parts), notes=too_many(listed))
    normal = [alert for alert in found.alerts if alert.labels.get("type") == "Normal"]
    if len(normal) == len(found.alerts):
        return found
    aside = tuple((alert, "it is a normal event") for alert in normal)
    return replace(found, alerts=tuple(alert for alert in found.alerts if alert not in normal), aside=aside)


def _event(event: Mapping[str, Any]) -> Payload:
    about = fields.inside(event, "involvedObject") or fields.inside(event, "regarding")
    kind, name = fields.first_text(about, "kind"), fields.first_text(about, "name")
    place, field = fields.first_text(about, "namespace"), fields.first_text(about, "fieldPath")
    reason, message = fields.first_text(event, "reason"), fields.first_text(event, "message", "note")
    of_kind = fields.first_text(event, "type")
    target = None
    if kind and is_name(name):
        target = Target(namespace=place if is_name(place) and kind != "Node" else "", kind=kind, name=name)
    return stated(
        "kubernetes",
        name=reason or message,
        state="firing",
        severity=("warning" if of_kind == "Warning" else "info" if of_kind else "",),
        summary=message,
        labels={"type": of_kind, "reason": reason, "count": fields.first_text(event, "count"),
                "container": field.partition("{")[2].rstrip("}"),
                "component": fields.first_text(fields.inside(event, "source"), "component")},
        started=fields.as_moment(fields.first_text(event, "firstTimestamp", "deprecatedFirstTimestamp", "eventTime")),
        target=target,
        fingerprint=fields.first_text(fields.inside(event, "metadata"), "uid", "name"),
    )  # fmt: skip
