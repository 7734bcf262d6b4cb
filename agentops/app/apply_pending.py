"""The use case ``apply``: a program runs the plan that it asked for, once a person has agreed to exactly that.

Comes in: a run of that program's, the plan's digest or code, and whether a person was asked through the program itself.
Goes out: what came of the plan, or why it did not run. It is not made again: the guard holds it against the world as it
is now, counts the approvals, and spends the digest. What a program says of an approval in its arguments is never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentops.app.changes import require_nothing_open
from agentops.app.fixing.checks import checking_saved
from agentops.app.guard_wiring import ApprovalOptions, guard_services, relayed
from agentops.app.pending import pending_plan, pending_plans
from agentops.app.recorded_changes import require_changes_recorded
from agentops.app.rollback import require_way_back
from agentops.app.served_sandboxes import require_not_gone
from agentops.core.approval import ApprovalRequest, Approver, Decision, SignedApproval
from agentops.core.clock import to_iso
from agentops.core.commands import command_line
from agentops.core.errors import NotApproved, PolicyRefused, Stale
from agentops.core.outcome import Status
from agentops.guard.pipeline import execute_saved
from agentops.store.pending import PendingPlan, PlanStanding

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.config import Settings
    from agentops.guard.pipeline_result import PipelineResult

WAITS = "approval-pending"
"""The code of a refusal that only says that no person has decided yet."""
_RAN = (Status.APPLIED, Status.ROLLED_BACK, Status.ROLLBACK_FAILED, Status.STOPPED)


def approve_command(pending: PendingPlan) -> str:
    """Return the command by which a person decides a pending plan."""
    return command_line("approve", pending.plan.code)


def may_be_relayed(settings: Settings, pending: PendingPlan) -> bool:
    """Return whether a setting lets a person agree to this plan through the program that asked for it."""
    return pending.plan.obligation.approval in relayed(settings)


def own_plan(app: App, text: str) -> PendingPlan:
    """Return a pending plan that this run's program asked for; another program's plan is none of its business.

    Raises:
        NotApproved: it is another program's.
        as ``pending_plan``.
    """
    pending = pending_plan(app.settings, text)
    if app.client is None or pending.asked.client != app.client.name:
        raise NotApproved(
            f"plan {pending.plan.code} was not asked for by this client",
            hint="Propose a plan of your own.",
            code="other-client",
        )
    return pending


def apply_pending(app: App, text: str, relaying: Approver | None = None) -> PipelineResult:
    """Run a pending plan with the approvals that were signed for it.

    Arguments:
        text: the plan's digest or code.
        relaying: what a person said through the program itself; None where nobody was asked so. It counts only where a
            setting says so, and the guard looks at that again.

    Raises:
        NotApproved: it waits for a person (code ``approval-pending``), was declined, has expired, is over, or is
            another program's. Nothing was changed.
        Busy: it is being applied already, or another change is.
        InDoubt: an earlier change is open.
        Stale, PolicyRefused, ToolError: the plan does not hold any more; nothing was changed.
    """
    held = own_plan(app, text)
    with pending_plans(app.settings, app.services.clock).applying(held):
        # How it stands is read again: another call may have ended it just now.
        return _apply(app, own_plan(app, held.plan.digest), relaying)


def _apply(app: App, pending: PendingPlan, relaying: Approver | None) -> PipelineResult:
    given = _approvals(app, pending, asked=relaying is not None and may_be_relayed(app.settings, pending))
    plan, store = pending.plan, pending_plans(app.settings, app.services.clock)
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    require_not_gone(app.settings.folders, plan.scopes, f"plan {plan.code}")
    connections = app.services.connector.for_scopes(plan.scopes)
    asking = ApprovalOptions(approver=relaying or _Waiting(pending), on_interrupt=lambda: True)
    guard = guard_services(app, connections, checking_saved(app.services, connections), asking)
    try:
        if plan.rolls_back:
            require_way_back(app, guard, plan)
        result = execute_saved(guard, plan, given, rolls_back=plan.rolls_back)
    except (Stale, PolicyRefused) as error:
        store.end(pending, "stale" if isinstance(error, Stale) else "refused", why=error.message)
        raise
    outcome = result.outcome
    if outcome.status in _RAN:
        store.end(pending, outcome.status.value, change=outcome.change_id, why=outcome.why)
    elif isinstance(result.error, Stale):
        store.end(pending, "stale", why=result.error.message)
    elif result.error is not None and result.error.code == "declined":
        store.decline(pending, f"{pending.asked.client}'s user", result.error.message)
    app.finish(result.status, result.exit_code)
    return result


class _Waiting:
    """An approver for a plan whose approvals are files: nobody is asked here."""

    def __init__(self, pending: PendingPlan) -> None:
        self._pending = pending

    def ask(self, request: ApprovalRequest) -> Decision:  # noqa: ARG002 - the seam's
        """Refuse.

        Raises:
            NotApproved: always; it says how a person decides.
        """
        raise waiting(self._pending)


def waiting(pending: PendingPlan) -> NotApproved:
    """Return the refusal that says that a person has still to decide, and how."""
    plan = pending.plan
    more = f" ({pending.approvals_missing} more)" if pending.approvals else ""
    return NotApproved(
        f"plan {plan.code} waits for a person's approval{more} until {to_iso(plan.expires_at)}",
        hint=f"A person runs, at a terminal: {approve_command(pending)}",
        code=WAITS,
    )


def _approvals(app: App, pending: PendingPlan, *, asked: bool) -> Sequence[SignedApproval]:
    """Return the approvals that are there, unless the plan is decided otherwise or still waits.

    Raises:
        NotApproved: it is, or does.
    """
    now = app.services.clock()
    standing, plan = pending.standing(now), pending.plan
    if standing is PlanStanding.DECLINED and pending.declined is not None:
        raise NotApproved(f"plan {plan.code} was declined by {pending.declined.by}", code="declined")
    if standing is PlanStanding.EXPIRED:
        raise NotApproved(f"plan {plan.code} expired at {to_iso(plan.expires_at)}", code="expired")
    if standing is PlanStanding.ENDED and pending.ended is not None:
        ended = pending.ended
        change = f" as change {ended.change}" if ended.change else ""
        raise NotApproved(f"plan {plan.code} is over: {ended.status}{change}", code="over")
    given = tuple(one for one in pending.approvals if now < one.expires_at)
    if standing is PlanStanding.WAITING and not asked:
        raise waiting(pending)
    return given if standing is PlanStanding.APPROVED else ()


def question_for(app: App, text: str) -> PendingPlan | None:
    """Return the plan that a person may be asked about through the program itself; None where they may not be.

    Raises:
        as ``own_plan``.
    """
    pending = own_plan(app, text)
    waits = pending.standing(app.services.clock()) is PlanStanding.WAITING
    return pending if waits and may_be_relayed(app.settings, pending) else None
