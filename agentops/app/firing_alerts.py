"""The use case ``alerts``: which alerts fire now, as Alertmanager says; and one of them as what a run is about.

Comes in: settings. Goes out: a ``FiringAlerts``, or the payload of one alert for ``alerts`` to read. Reads only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.app.connecting import MONITORING, allowed_namespaces
from agentops.core.alert import Alert, Severity
from agentops.core.errors import AlertError
from agentops.core.suggestions import closest
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.config import Settings
    from agentops.providers.prometheus.api.client import AlertmanagerClient

PREFIX = "alertmanager:"
"""What an ALERT begins with that is fetched: ``alertmanager:NAME`` or ``alertmanager:FINGERPRINT``."""
SHORT = 8
"""How many characters of a fingerprint are shown; more are needed only where two begin alike."""
_LEAST = 4
_SAID = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringAlert:
    """One alert that Alertmanager has now.

    Arguments:
        object: what its labels are about, in words.
        state: ``active``, or ``suppressed``, and then ``why``.
        key: the beginning of its fingerprint, which no other one of them has.
    """

    name: str
    severity: Severity
    namespace: str
    object: str
    state: str
    summary: str
    started_at: datetime | None
    fingerprint: str
    key: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringAlerts:
    """What fires, worst first, then the youngest; ``total`` counts those that the limit leaves out as well."""

    shown: tuple[FiringAlert, ...]
    total: int
    server: str


def firing_alerts(settings: Settings, limit: int, namespace: str = "") -> FiringAlerts:
    """Return the alerts that Alertmanager has now.

    Arguments:
        namespace: only alerts about it; empty for all.

    Raises:
        UsageError: no setting says where Alertmanager is.
        ToolError: it does not answer.
    """
    client = _client(settings, lambda _secret: None)
    listed = client.alerts(allowed_namespaces(settings))
    keys = _keys(listed)
    found = [_firing(alert, why, keys) for alert, why in _parsed(listed)]
    kept = [one for one in found if not namespace or one.namespace == namespace]
    # Stable: the youngest first among those that are alike otherwise.
    kept.sort(key=lambda one: one.started_at.timestamp() if one.started_at else 0.0, reverse=True)
    kept.sort(key=lambda one: (one.state != "active", one.severity.rank))
    return FiringAlerts(shown=tuple(kept[:limit]), total=len(kept), server=client.url)


def fetch_for(app: App, argument: str) -> bytes:
    """Return what ``alertmanager:…`` means in a run; see ``fetched_alert``.

    Raises:
        AlertError: the run is in a sandbox, or there is no such alert.
        UsageError, ToolError: as ``fetched_alert``.
    """
    if app.sandbox is not None:
        hint = "Leave out --sandbox, or give the alert as a file."
        raise AlertError("the sandbox has no Alertmanager, and yours knows nothing of it", hint=hint)
    return fetched_alert(app.settings, argument, app.learn)


def fetched_alert(settings: Settings, argument: str, learn: Callable[[str], None]) -> bytes:
    """Return the alerts that ``alertmanager:NAME`` or ``alertmanager:FINGERPRINT`` means, as Alertmanager lists them.

    Arguments:
        learn: told every credential that is used.

    Raises:
        AlertError: there is none, or several that are about different things.
        UsageError: no setting says where Alertmanager is.
        ToolError: it does not answer.
    """
    wanted = argument.removeprefix(PREFIX)
    client = _client(settings, learn)
    listed = client.alerts(allowed_namespaces(settings))
    found = [item for item in listed if _is_meant(item, wanted)]
    if not found:
        raise _none(client.url, wanted, listed)
    places = {(alert.target.namespace, str(alert.target)) for alert, _ in _parsed(found)}
    if len({namespace for namespace, _ in places}) > 1:
        keys = _keys(listed)
        said = [f"{PREFIX}{keys[_fingerprint(item)]} ({_about(item)})" for item in found[:_SAID]]
        more = f" and {len(found) - _SAID} more" if len(found) > _SAID else ""
        hint = f"Name one: {', '.join(said)}{more}"
        raise AlertError(
            f"{plural(len(found), 'alert')} named {one_line(wanted, 80)} fire in different places", hint=hint
        )
    return json.dumps(found).encode()


def _client(settings: Settings, learn: Callable[[str], None]) -> AlertmanagerClient:
    from agentops.providers.monitoring.opening import endpoint_of
    from agentops.providers.prometheus.api.client import AlertmanagerClient

    options = {name: getattr(settings, name) for name in MONITORING}
    return AlertmanagerClient(endpoint_of("alertmanager", options, os.environ, learn))


def _parsed(listed: Sequence[Mapping[str, Any]]) -> list[tuple[Alert, str]]:
    """Return the alerts of a list, each with why it is set aside; empty for one that fires."""
    from agentops.alerts.registry import FORMATS

    if not listed:
        return []
    reader = next(one for one in FORMATS if one.recognises(listed))
    payload = reader.parse(listed)
    return [*((alert, "") for alert in payload.alerts), *payload.aside]


def _firing(alert: Alert, why: str, keys: Mapping[str, str]) -> FiringAlert:
    return FiringAlert(
        name=alert.name,
        severity=alert.severity,
        namespace=alert.target.namespace,
        object=str(alert.target) if alert.target.known or alert.target.namespace else "",
        state="suppressed" if why else "active",
        summary=alert.summary,
        started_at=alert.started_at,
        fingerprint=alert.fingerprint,
        key=keys.get(alert.fingerprint, alert.fingerprint),
        why=why,
    )


def _keys(listed: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return for each fingerprint the beginning of it that is enough to name it."""
    prints = [_fingerprint(item) for item in listed]
    found = {}
    for one in prints:
        length = SHORT
        while length < len(one) and sum(other.startswith(one[:length]) for other in prints) > 1:
            length += 1
        found[one] = one[:length]
    return found


def _is_meant(item: Mapping[str, Any], wanted: str) -> bool:
    is_print = len(wanted) >= _LEAST and _fingerprint(item).startswith(wanted.lower())
    return is_print or _name(item).lower() == wanted.lower()


def _fingerprint(item: Mapping[str, Any]) -> str:
    return one_line(str(item.get("fingerprint", "")), 64)


def _name(item: Mapping[str, Any]) -> str:
    labels = item.get("labels")
    return str(labels.get("alertname", "")) if isinstance(labels, Mapping) else ""


def _about(item: Mapping[str, Any]) -> str:
    return str(_parsed([item])[0][0].target)


def _none(server: str, wanted: str, listed: Sequence[Mapping[str, Any]]) -> AlertError:
    names = sorted({_name(item) for item in listed})
    near = closest(wanted, names, count=3)
    hint = f"Did you mean {' or '.join(one_line(one, 80) for one in near)}?" if near else "See: agentops alerts"
    return AlertError(f"Alertmanager at {server} has no alert {one_line(wanted, 80)!r}", hint=hint)
