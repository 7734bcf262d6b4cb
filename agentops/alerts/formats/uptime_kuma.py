"""Uptime Kuma's webhook: one heartbeat of one monitor.

Form: github.com/louislam/uptime-kuma, notification provider "webhook"; status 0 is down, 1 up, 2 pending, 3
maintenance. Its times are the server's own, without a zone, so none is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.stating import stated

_STATES = {"0": "down", "1": "up", "2": "pending", "3": "paused"}


def _recognises(document: Any) -> bool:
    return isinstance(document, dict) and {"heartbeat", "monitor", "msg"} <= document.keys()


@alert_format("Uptime Kuma", "webhook", recognises=_recognises)
def uptime_kuma(document: Mapping[str, Any]) -> Payload:
    """Read the heartbeat."""
    beat, monitor = fields.inside(document, "heartbeat"), fields.inside(document, "monitor")
    return stated(
        "uptime-kuma",
        name=fields.first_text(monitor, "name") or "Uptime Kuma",
        state=_STATES.get(fields.first_text(beat, "status"), ""),
        summary=fields.first_text(document, "msg"),
        labels={
            "monitor": fields.first_text(monitor, "name"),
            "checked": fields.first_text(monitor, "url", "hostname"),
        },
        fingerprint=fields.first_text(monitor, "id"),
        notes=("its time has no zone: since when it stands so is not known",) if "time" in beat else (),
    )
