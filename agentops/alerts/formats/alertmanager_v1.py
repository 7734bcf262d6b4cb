"""The answer of Alertmanager's API version 1, which old versions of ``amtool`` and of dashboards still ask for.

Form: Alertmanager before 0.27, ``/api/v1/alerts``: the list of version 2 inside an envelope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.formats.alertmanager_api import listed_alerts
from agentops.alerts.grouping import Payload
from agentops.core.errors import AlertError


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and document.get("status") == "success" and isinstance(document.get("data"), list)


@alert_format("Alertmanager", "the answer of `/api/v1/alerts`", recognises=_recognises)
def alertmanager_v1(document: Mapping[str, Any]) -> Payload:
    """Read the list inside the answer.

    Raises:
        AlertError: it is empty.
    """
    data = fields.items(document, "data")
    if not data:
        raise AlertError("no alert is active in the answer of Alertmanager", hint="Send an alert that fires.")
    return listed_alerts(data, "data", "alertmanager-api")
