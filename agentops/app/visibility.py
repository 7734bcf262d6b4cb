"""What of the store one program may see: where its scope names namespaces, incidents of these and of no other.

Comes in: a run as one program sees it, and an incident. Goes out: whether it is there for that program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.history import IncidentSummary, StoredIncident, list_incidents, stored_incident
from agentops.core.errors import UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.run import App

_LOOKED_AT = 500


def visible_incidents(app: App, limit: int) -> tuple[IncidentSummary, ...]:
    """Return the newest incidents that this run's program may see.

    Raises:
        StoreError: they cannot be listed.
    """
    allowed = _namespaces(app)
    found = list_incidents(app.settings, limit if not allowed else _LOOKED_AT).newest
    seen = [one for one in found if not allowed or one.namespace in allowed]
    return tuple(one for one in seen if one.kind == "incident")[:limit]


def visible_incident(app: App, incident: str) -> StoredIncident:
    """Return a stored incident that this run's program may see.

    Raises:
        UsageError: there is none, as far as it may know.
        StoreError: it cannot be read.
    """
    found = stored_incident(app.settings, incident)
    if _namespaces(app) and not _is_within(found, _namespaces(app)):
        raise UsageError(f"there is no incident {one_line(incident, 60)!r} here", code="no-such-incident")
    return found


def require_visible(app: App, incident: str) -> None:
    """Raise unless this run's program may see an incident.

    Raises:
        as ``visible_incident``.
    """
    visible_incident(app, incident)


def _is_within(found: StoredIncident, allowed: tuple[str, ...]) -> bool:
    """Return whether an incident and its cause are both in namespaces that may be seen."""
    named = {found.incident.group.target.namespace or found.incident.namespace}
    if found.finding is not None and found.finding.cause is not None:
        named.add(found.finding.cause.resource.namespace)
    named.discard("")
    return bool(named) and named <= set(allowed)


def _namespaces(app: App) -> tuple[str, ...]:
    return app.client.scope.namespaces if app.client is not None else ()
