"""Alerts that speak of alerting itself, by name: heartbeats, and rules that got no data.

Comes in: an alert. Goes out: the same, with what it is for. Whoever reads it must not look for a cause in the cluster.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.alerts.states import NO_DATA
from agentops.core.alert import Alert
from agentops.core.text import one_line

_ALWAYS = "fires at all times to show that alerting works, and stops when it does not"
_HEARTBEATS = {
    "watchdog": _ALWAYS,
    "deadmansswitch": _ALWAYS,
    "deadmanswitch": _ALWAYS,
    "deadmanssnitch": _ALWAYS,
    "deadman": _ALWAYS,
    "alwaysfiring": _ALWAYS,
    "prometheusalertmanagere2edeadmanswitch": _ALWAYS,
    "infoinhibitor": "holds back alerts of severity info, and tells of no trouble itself",
}
_WITHOUT_DATA = {
    "datasourcenodata": "got no data",
    "datasourceerror": "could not be evaluated",
}


def is_heartbeat(alert: Alert) -> bool:
    """Return whether the alert fires all the time, or only steers other alerts."""
    return _squeezed(alert) in _HEARTBEATS


def with_purpose(alert: Alert) -> Alert:
    """Return the alert with what it is for, where it speaks of alerting itself."""
    name = _squeezed(alert)
    if name in _HEARTBEATS:
        return replace(alert, purpose=f"{alert.name} {_HEARTBEATS[name]}")
    if name in _WITHOUT_DATA:
        rule = alert.labels.get("rulename", "")
        named = f"the rule {one_line(rule, 80)!r}" if rule else "a rule"
        told = f"{alert.name} says that {named} {_WITHOUT_DATA[name]}, not that anything is unwell"
        return replace(alert, purpose=told, state=alert.state or NO_DATA)
    return alert


def _squeezed(alert: Alert) -> str:
    return "".join(filter(str.isalnum, alert.name)).lower()
