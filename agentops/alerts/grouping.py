"""One payload, one incident: which alerts belong together, and why the others do not.

Comes in: the alerts of one payload, with those that the format itself sets aside. Goes out: an ``AlertGroup``. Nothing
is dropped without a reason that the user reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from agentops.alerts.about_alerting import is_heartbeat, with_purpose
from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.errors import AlertError
from agentops.core.text import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a format found: alerts, those it sets aside (silenced, pending) with the reason, and remarks."""

    alerts: tuple[Alert, ...]
    aside: tuple[tuple[Alert, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


def group(payload: Payload) -> AlertGroup:
    """Return the alerts that make one incident, with what they share as its target.

    Firing ones come before resolved ones, and those about the worst one's namespace or object before others. When all
    were set aside, they are taken after all, with a note.

    Raises:
        AlertError: there are none.
    """
    alerts, left_out = list(payload.alerts), list(payload.aside)
    notes = list(payload.notes)
    if not alerts and left_out:
        notes.append(f"every alert is set aside by its sender: {left_out[0][1]}")
        alerts, left_out = [alert for alert, _reason in left_out], []
    if not alerts:
        raise AlertError("the payload holds no alert", hint="Send the payload of an alert that fires.")
    alerts = [with_purpose(alert) for alert in _distinct(alerts, left_out)]
    alerts = _set_aside(alerts, left_out, lambda a: not is_heartbeat(a), "it fires at all times, as a heartbeat")
    alerts = _set_aside(alerts, left_out, lambda a: a.status == "firing", "it has resolved")
    lead = min(alerts, key=lambda alert: (alert.severity.rank, not alert.target.known, not alert.target.namespace))
    kept = [alert for alert in alerts if _belongs(alert, lead)]
    left_out += [
        (alert, f"it is about {_place(alert)}, not {_place(lead)}") for alert in alerts if not _belongs(alert, lead)
    ]
    notes += dict.fromkeys(alert.purpose for alert in kept if alert.purpose)
    if left_out:
        notes.append(f"{plural(len(left_out), 'alert')} of this payload left out")
    return AlertGroup(alerts=tuple(kept), target=_shared(kept), left_out=tuple(left_out), notes=tuple(notes))


def _distinct(alerts: Sequence[Alert], left_out: list[tuple[Alert, str]]) -> list[Alert]:
    kept: list[Alert] = []
    seen: set[object] = set()
    for alert in alerts:
        identity = (alert.name, alert.status, tuple(sorted(alert.labels.items())))
        if identity in seen:
            left_out.append((alert, "it is in the payload twice"))
        else:
            kept.append(alert)
        seen.add(identity)
    return kept


def _set_aside(
    alerts: list[Alert], left_out: list[tuple[Alert, str]], wanted: Callable[[Alert], bool], reason: str
) -> list[Alert]:
    kept = [alert for alert in alerts if wanted(alert)]
    if not kept:
        return alerts
    left_out += [(alert, reason) for alert in alerts if not wanted(alert)]
    return kept


def _belongs(alert: Alert, lead: Alert) -> bool:
    if alert.target.namespace or lead.target.namespace:
        return alert.target.namespace == lead.target.namespace
    return alert.target == lead.target


def _place(alert: Alert) -> str:
    return f"namespace {alert.target.namespace}" if alert.target.namespace else str(alert.target)


def _shared(alerts: Sequence[Alert]) -> Target:
    first = alerts[0].target
    if all(alert.target == first for alert in alerts):
        return first
    without = replace(first, container="")
    if all(replace(alert.target, container="") == without for alert in alerts):
        return without
    known = {replace(alert.target, container="") for alert in alerts if alert.target.known}
    # Alerts that name no object may speak of the only object that the others name.
    return known.pop() if len(known) == 1 else Target(namespace=first.namespace)
