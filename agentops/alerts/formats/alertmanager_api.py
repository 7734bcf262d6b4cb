"""The list that Alertmanager's API version 2 answers with, or any bare list of alerts.

Form: Alertmanager's ``api/v2/openapi.yaml``, ``gettableAlerts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prometheus_alert import prometheus_alert, too_many
from agentops.core.text import one_line


def _recognises(document: Any) -> bool:
    is_list = isinstance(document, list) and bool(document)
    return is_list and all(isinstance(item, dict) and isinstance(item.get("labels"), dict) for item in document)


@alert_format(
    "Alertmanager",
    "the list of `/api/v2/alerts` (`amtool alert query -o json`), or of `/api/v2/alerts/groups`",
    recognises=_recognises,
)
def alertmanager_api(document: Sequence[Any]) -> Payload:
    """Read the list; silenced and inhibited alerts are set aside."""
    return listed_alerts(document, "", "alertmanager-api")


def listed_alerts(document: Sequence[Any], path: str, source: str) -> Payload:
    """Read a list of alerts, or of groups of them, as Alertmanager's API writes it."""
    found: list[tuple[Any, str]] = []
    for n, item in enumerate(document):
        place = f"{path}[{n}]."
        if isinstance(item, dict) and isinstance(item.get("alerts"), list):
            found += [(inner, f"{place}alerts[{i}].") for i, inner in enumerate(item["alerts"])]
        else:
            found.append((item, place))
    alerts, aside = [], []
    for item, place in found[: fields.MAX_ALERTS]:
        alert = prometheus_alert(item, place, source)
        reason = _suppressed(item, place)
        if reason:
            aside.append((alert, reason))
        else:
            alerts.append(alert)
    return Payload(alerts=tuple(alerts), aside=tuple(aside), notes=too_many(found))


def _suppressed(item: Mapping[str, Any], path: str) -> str:
    status = item.get("status")
    if not isinstance(status, dict) or status.get("state") != "suppressed":
        return ""
    silences = [fields.scalar(one, f"{path}status.silencedBy") for one in fields.items(status, "silencedBy", path)]
    if silences:
        return f"it is silenced by {one_line(', '.join(silences), 120)}"
    return "it is inhibited by another alert"
