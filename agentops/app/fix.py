"""The use case ``fix``: from an alert or a stored incident to a plan, and from an approved plan to a verified change.

Comes in: a run, what to fix, and who is asked. Goes out: a ``FixResult`` with every plan and what came of it. The order
of a fix stands here; its steps are in ``app/fixing``, and the way of each change is the guard's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.changes import require_nothing_open
from agentops.app.fixing.checks import checking
from agentops.app.fixing.conversation import drafting_for
from agentops.app.fixing.result import FixResult
from agentops.app.fixing.session import MOST_ROUNDS, FixSession
from agentops.app.guard_wiring import ApprovalOptions, guard_services
from agentops.app.investigate import investigate
from agentops.app.providers import change_specs, without_disabled
from agentops.app.recorded_changes import require_changes_recorded
from agentops.app.stored_incident import is_incident_id, reopen
from agentops.store.plans import require_room_for_plan, save_plan

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.app.services import Investigation


def fix(
    app: App,
    what: str | None,
    read_stdin: Callable[[], bytes],
    asking: ApprovalOptions,
    *,
    stop_at_plan: bool = False,
    save_to: Path | None = None,
) -> FixResult:
    """Investigate an alert, or open a stored incident, and fix what was found.

    Arguments:
        what: an incident's id, or an alert as for ``investigate``; None means the sandbox scenario's own alert.
        stop_at_plan: a dry run: the pipeline runs up to the plan, and nobody is asked.
        save_to: the file that the last plan is saved to.

    Raises:
        InDoubt: an earlier change is open.
        UsageError: there is no such incident, it has no finding, it was begun in another place, or ``save_to`` is there
            and no plan.
        AlertError: the alert cannot be read.
        ToolError: no provider can be reached.
        AuditError, StoreError: what must be recorded cannot be.
    """
    require_room_for_plan(save_to)
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    let_model_draft(app, asking)
    found = reopen(app, what) if is_incident_id(what) else investigate(app, what, read_stdin)
    result = fix_found(app, found, asking, stop_at_plan=stop_at_plan)
    if save_to is not None and result.rounds:
        save_plan(save_to, result.rounds[-1].planned.plan)
    app.finish(result.status, result.exit_code)
    return result


def fix_found(app: App, found: Investigation, asking: ApprovalOptions, *, stop_at_plan: bool = False) -> FixResult:
    """Plan what the finding proposes and carry it out, round after round, until it is well or a person must decide.

    Raises:
        as ``fix``.
    """
    # An investigation takes minutes: somebody else may have begun a change meanwhile.
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    connections = app.services.connector.for_scopes(found.incident.places, witnesses=True)
    guard = guard_services(app, connections, checking(app.services, connections, found), asking)
    guard = replace(guard, can_tell=found.conversation is not None and app.services.model is not None)
    session = FixSession(services=app.services, connections=connections, guard=guard, found=found)
    if found.stored and session.has_recovered():
        return session.result()
    for _round in range(MOST_ROUNDS):
        proposal = session.next_proposal()
        if proposal is None:
            break
        done = session.execute(proposal, stop_at_plan=stop_at_plan)
        if done is None or stop_at_plan or not session.goes_on(done):
            break
    return session.result()


def let_model_draft(app: App, asking: ApprovalOptions) -> None:
    """Offer the change tools to the model of this run, if it has one; what it drafts is tried out and listed."""
    if app.services.model is None:
        return
    drafting = drafting_for(
        without_disabled(change_specs(app.providers), app.settings.disabled_tools, app.providers),
        lambda opened: guard_services(app, opened, None, asking),
        app.services.refused_changes,
    )
    app.services = replace(app.services, drafting=drafting)
