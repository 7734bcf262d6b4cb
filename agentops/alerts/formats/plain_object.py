"""An object of no known sender: it names itself, and carries labels or has them at its top level.

One alert alone, as Prometheus writes it, is such an object; so is a bare list of them under ``alerts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import prometheus_alert, webhook_alerts

_NAME_KEYS = ("alertname", "alert", "name", "title", "subject", "summary", "message")
_TOLD_KEYS = ("summary", "description", "message")


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and (
        isinstance(document.get("alerts"), list)
        or "labels" in document
        or any(isinstance(document.get(key), str) for key in _NAME_KEYS)
    )


def _has_labels(document: Any) -> bool:
    """Return whether it is more than a sentence with a colon: ``name: checkout is down`` is words."""
    return isinstance(document, dict) and isinstance(document.get("labels"), dict)


@alert_format(
    "",
    "an object with `labels`, or with a name (`title`, `name`, `alertname`, `summary`, `message`)",
    recognises=_recognises,
    recognises_yaml=_has_labels,
)
def plain_object(document: Mapping[str, Any]) -> Payload:
    """Read the object as one alert; what stands at its top level are its labels too."""
    if isinstance(document.get("alerts"), list):
        return webhook_alerts(document, "alertmanager")
    labels = fields.labels(document, "labels")
    top = {key: value for key, value in document.items() if isinstance(value, str | int | float) and key != "status"}
    name = next((top[key] for key in _NAME_KEYS if isinstance(top.get(key), str)), "")
    merged = {**fields.labels({"top": top}, "top"), **labels}
    merged.setdefault("alertname", fields.scalar(name, "name"))
    told = {key: merged[key] for key in _TOLD_KEYS if key in merged}
    annotations = {**told, **fields.labels(document, "annotations")}
    return Payload(
        alerts=(prometheus_alert({**document, "labels": merged, "annotations": annotations}, "", "prometheus"),)
    )
