"""Takes up an incident from the store again, in the place that it was begun in; and the commands that lead back to it.

Comes in: a run and an incident's id. Goes out: the investigation as it was kept. It never goes on in another place: the
same names mean other objects there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

from agentops.app.served_sandboxes import require_not_gone
from agentops.app.services import Investigation
from agentops.core.alert import Incident
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.scope import options_to
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.app.connections import Connections
    from agentops.app.run import App

_INCIDENT = re.compile(r"\d{8}-\d{4,6}(-[a-z0-9-]*)?|[0-9a-f]{4,8}|last")


def is_incident_id(text: str | None) -> TypeGuard[str]:
    """Return whether ``text`` is an incident's id, the beginning or the end of one, or ``last``, and so no alert."""
    return text is not None and _INCIDENT.fullmatch(text) is not None


def continue_command(begun: Incident) -> str:
    """Return the command that goes on with what was begun: an investigation, a request or a question."""
    command = {"request": "do", "question": "ask"}.get(begun.kind, "investigate")
    return f"{command_line(command, '--resume', begun.short_id)} {options_to(begun.places)}"


def reopen(app: App, incident: str) -> Investigation:
    """Return a stored investigation that came to a finding, on the cluster that this run is pinned to.

    Raises:
        UsageError: no such incident, none with a finding, or it is of another cluster.
    """
    folder = app.services.incidents.open(incident)
    finding, begun = folder.finding(), folder.incident
    require_incident(begun)
    if finding is None:
        raise UsageError(f"incident {folder.id} has no finding yet", hint=f"Resume it: {continue_command(begun)}")
    connect_again(app, begun, f"{command_line('fix', begun.short_id)} {options_to(begun.places)}")
    return Investigation(
        incident=begun,
        finding=finding,
        problems=folder.problems(),
        evidence=folder.all(),
        usage=folder.usage() or Usage(),
        symptoms=folder.symptoms(),
        drafts=folder.drafts(),
        stored=True,
    )


def require_incident(begun: Incident) -> None:
    """Raise unless it was begun for an alert: a request is gone on with otherwise.

    Raises:
        UsageError: it is a request or a question; the hint has the command.
    """
    if begun.request is not None:
        hint = f"The command: {continue_command(begun)}"
        raise UsageError(f"{begun.id} is a {begun.kind}, not an incident with a finding", hint=hint)


def connect_again(app: App, begun: Incident, command: str = "") -> Connections:
    """Open the providers that an incident was begun on.

    Arguments:
        command: what leads to the right place; empty means the one that goes on with what was begun.

    Raises:
        UsageError: the settings lead elsewhere.
    """
    require_not_gone(app.settings.folders, begun.places, f"incident {begun.short_id}")
    connections = app.services.connector.for_scopes(begun.places, witnesses=True)
    now = {scope.provider: scope for scope in connections.scopes}
    for scope in begun.places:
        if not scope.is_same_place(now[scope.provider]):
            raise UsageError(
                f"incident {begun.id} was started in context {scope.place!r} on {scope.server}; "
                f"this run would look at {now[scope.provider].place!r} on {now[scope.provider].server}",
                hint=f"The command is: {command or continue_command(begun)}",
            )
    return connections
