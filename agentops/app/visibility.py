"""What of the store one program may see: where namespaces are a boundary, incidents that lie within, and no other.

Comes in: a run as one program sees it, and an incident. Goes out: whether it is there for that program.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentops.app.connecting import allowed_namespaces
from agentops.app.history import IncidentSummary, StoredIncident, list_incidents, stored_incident
from agentops.core.errors import AgentopsError, UsageError
from agentops.core.resource import ResourceRef
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
    seen: list[IncidentSummary] = []
    for one in found:
        if one.kind == "incident" and (not allowed or (one.namespace in allowed and _can_be_seen(app, one.id))):
            seen.append(one)
        if len(seen) >= limit:
            break
    return tuple(seen)


def _can_be_seen(app: App, incident: str) -> bool:
    try:
        visible_incident(app, incident)
    except AgentopsError:
        return False
    return True


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
    """Return whether everything that an incident tells of is in namespaces that may be seen."""
    named = {found.incident.group.target.namespace or found.incident.namespace}
    named |= {one.namespace for one in _told_of(found)}
    named.discard("")
    return bool(named) and named <= set(allowed)


def _told_of(found: StoredIncident) -> Iterator[ResourceRef]:
    """Yield the objects that an incident tells of: whoever sees it is shown findings, problems and evidence alike."""
    finding = found.finding
    if finding is not None:
        if finding.cause is not None:
            yield finding.cause.resource
        yield from (one.target for one in finding.proposed)
        yield from (one.resource for one in finding.notes)
    for problem in found.problems:
        yield from (problem.resource, *problem.affects, *(one.resource for one in problem.facts))
    for evidence in found.evidence:
        yield from evidence.resources


def _namespaces(app: App) -> tuple[str, ...]:
    """Return the namespaces that no read of this run leaves: the program's scope, the settings', or the option's."""
    return allowed_namespaces(app.settings, of_file=app.sandbox is None)
