"""The guard's pipeline: the order of its stages, and the only door to a mutation, for the CLI and MCP alike.

    for each change   1 precheck, 2 prediction, 3 dry run, 4 diff, 5 blast radius, 6 decision   (``preparation.py``)
    for the plan      7 plan, 8 confirm, 9 recheck, 10 intent, 11 apply, 12 verify, or 13 rollback

Comes in: a ``Proposal`` or a saved plan. Goes out: a ``PipelineResult`` that says how far it got and why. This is one
of the two places that catch every exception: before the intent an error means that nothing happened; after it, the
objects are looked at and the change is rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentops.core.approval import Answer, Decision, SignedApproval
from agentops.core.errors import (
    AgentopsError,
    AuditError,
    Busy,
    Declined,
    Interrupted,
    NotApproved,
    PolicyRefused,
    PreviewWrote,
    StoreError,
    ToolError,
    Unreachable,
)
from agentops.core.outcome import Outcome, Status
from agentops.core.plan import Change, ChangePlan
from agentops.core.text import one_line
from agentops.guard.apply import PartlyApplied, apply
from agentops.guard.confirm import RevisionRequest, confirm
from agentops.guard.ending import close_verified, not_run, undo_failing, undo_partly_applied
from agentops.guard.grant import take_grant
from agentops.guard.intent import record_intent, require_free
from agentops.guard.lease import take_lease
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.planning import draft, revive
from agentops.guard.proposal import Proposal
from agentops.guard.recheck import recheck
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Applied, Planned, Verified
from agentops.guard.verify import Failing, verify

_MOST_REVISIONS = 8


def make_plan(services: GuardServices, proposal: Proposal) -> PipelineResult:
    """Make the plan (stages 1 to 7) and stop there.

    Raises:
        ToolInputError, ToolError, PolicyRefused: a stage stopped it; nothing was changed.
    """
    log = StageLog(services)
    planned = draft(services, log, proposal)
    return PipelineResult(planned=planned, outcome=Outcome(status=Status.DRY_RUN, stages=tuple(log.records)))


def execute(services: GuardServices, proposal: Proposal) -> PipelineResult:
    """Make the plan, ask, and run what was approved; make it anew while the person wants it otherwise.

    Raises:
        ToolInputError, ToolError, PolicyRefused: no plan came of it; nothing was changed.
        AuditError, StoreError: what must be recorded cannot be.
    """
    log = StageLog(services)
    planned, trouble = draft(services, log, proposal), ""
    for _ in range(_MOST_REVISIONS):
        ended = _run_plan(services, log, planned, (), trouble)
        if isinstance(ended, PipelineResult):
            return ended
        try:
            revised = _revised(proposal, ended)
        except NotApproved as error:
            return not_run(log, planned, error)
        try:
            planned, proposal, trouble = draft(services, log, revised), revised, ""
        except (PreviewWrote, Unreachable):
            raise
        except (ToolError, PolicyRefused) as error:
            # A slip of the person's is no end: the plan of before is asked about again.
            trouble = error.message
    too_often = NotApproved("the plan was changed too often in one run", hint="Start again with what you want.")
    return not_run(log, planned, too_often)


def execute_saved(
    services: GuardServices,
    plan: ChangePlan,
    given: Sequence[SignedApproval],
    *,
    requested: bool = False,
    rolls_back: str = "",
) -> PipelineResult:
    """Run a saved plan exactly as it is, with the approvals that were handed in, or ask.

    Arguments:
        requested: it is known, and not by the file's word, that a person asked for it in words.
        rolls_back: the id of the change that it is known to roll back, again not by the file's word.

    Raises:
        NotApproved: it says that it rolls back another change than that: policy is milder then, and a file's word is
            not enough.
        Stale: an object or policy has changed since the plan was shown; nobody was asked.
        as ``execute``.
    """
    if plan.rolls_back != rolls_back:
        raise NotApproved(
            f"the file claims to roll back change {one_line(plan.rolls_back, 60)}, which a saved plan cannot",
            hint="agentops rollback CHANGE makes that plan from what was run.",
            code="plan-altered",
        )
    log = StageLog(services)
    planned = revive(services, log, plan, requested=requested or bool(rolls_back))
    ended = _run_plan(services, log, planned, given)
    if isinstance(ended, PipelineResult):
        return ended
    hint = "Make a new one: agentops fix --dry-run --out plan.json"
    return not_run(log, planned, NotApproved("a saved plan cannot be changed; it runs as it is", hint=hint))


def _run_plan(
    services: GuardServices, log: StageLog, planned: Planned, given: Sequence[SignedApproval], trouble: str = ""
) -> PipelineResult | RevisionRequest:
    """Take a plan through stages 8 to 13; each takes the state that the one before it made."""
    try:
        require_free(services, log, planned.plan)
        approved = confirm(services, log, planned, given, trouble)
    except (NotApproved, Interrupted, Busy) as error:
        return not_run(log, planned, error)
    if isinstance(approved, RevisionRequest):
        return approved
    try:
        # Whoever got in while the person thought is waited for first: the re-check must see what they did.
        require_free(services, log, planned.plan)
        rechecked = recheck(services, log, approved)
        journaled = record_intent(services, log, rechecked)
        take_lease(services, log, journaled)
        take_grant(services, log, journaled)
    except (AuditError, StoreError, PreviewWrote):
        raise
    except AgentopsError as error:
        return not_run(log, planned, error)
    applied = apply(services, log, journaled)
    if isinstance(applied, PartlyApplied):
        return undo_partly_applied(services, log, applied)
    verified = _verify(services, log, applied)
    if isinstance(verified, Failing):
        return undo_failing(services, log, verified)
    return close_verified(services, log, verified)


def _verify(services: GuardServices, log: StageLog, applied: Applied) -> Verified | Failing:
    """Verify; what cannot be verified is failing."""
    try:
        return verify(services, log, applied)
    except AuditError:
        raise
    except Exception as error:  # noqa: BLE001 - the guard's edge: what cannot be verified is rolled back
        reason = f"it could not be verified: unexpected {type(error).__name__}: {error}"
        return Failing(state=applied, reasons=(reason,))


def _revised(proposal: Proposal, revision: RevisionRequest) -> Proposal:
    """Return the proposal as the person wants it: a new plan, with a new digest."""
    decision = revision.decision
    kept = [(n, change) for n, change in enumerate(proposal.changes) if n not in decision.skipped]
    if not kept:
        raise Declined("declined: every step was skipped")
    left = {change.target for n, change in enumerate(proposal.changes) if n in decision.skipped}
    # What a person left as it is on purpose need not have come right afterwards.
    checks = tuple(check for check in proposal.checks if check.target not in left)
    return replace(proposal, changes=tuple(_edited(change, decision, n) for n, change in kept), checks=checks)


def _edited(change: Change, decision: Decision, index: int) -> Change:
    if decision.answer is not Answer.EDIT or index not in decision.arguments:
        return change
    return replace(change, arguments=decision.arguments[index], reason=f"{change.reason} (edited by a person)".strip())
