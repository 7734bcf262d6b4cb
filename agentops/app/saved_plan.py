"""The use case ``fix --plan``: runs a saved plan exactly as it is, or says what has changed since.

Comes in: a run, the plan's file, the files of signed approvals, and who is asked. Goes out: what came of the plan. It
is not made again: another world than the one that it was made for stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.changes import require_nothing_open
from agentops.app.fixing.checks import checking_saved
from agentops.app.guard_wiring import ApprovalOptions, guard_services
from agentops.app.recorded_changes import require_changes_recorded
from agentops.app.requests import request_of_plan, settled
from agentops.app.served_sandboxes import require_not_gone
from agentops.core.alert import short_incident
from agentops.core.commands import command_line
from agentops.core.errors import Stale
from agentops.guard.pipeline import execute_saved
from agentops.store.plans import load_approval, load_plan

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.guard.pipeline_result import PipelineResult


def run_saved_plan(app: App, path: Path, approvals: Sequence[Path], asking: ApprovalOptions) -> PipelineResult:
    """Run a saved plan, with the approvals that were signed for it.

    Raises:
        UsageError, NotApproved: a file is no plan or no approval, or was changed after it was made.
        InDoubt: an earlier change is open.
        Stale, PolicyRefused, ToolError: the plan does not hold any more; nothing was changed.
    """
    plan, given = load_plan(path), [load_approval(one) for one in approvals]
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    require_not_gone(app.settings.folders, plan.scopes, f"plan {plan.code}")
    connections = app.services.connector.for_scopes(plan.scopes)
    guard = guard_services(app, connections, checking_saved(app.services, connections), asking)
    request = request_of_plan(app, plan)
    try:
        result = execute_saved(guard, plan, given, requested=request is not None)
    except Stale as stale:
        if (app.settings.folders.incidents / (plan.intent.incident or "-")).is_dir() and request is None:
            stale.hint = (
                f"Nothing was changed. Make the plan again: {command_line('fix', short_incident(plan.intent.incident))}"
            )
        raise
    if request is not None and (reply := request.reply()):
        settled(app.services, request, reply, result)
    app.finish(result.status, result.exit_code)
    return result
