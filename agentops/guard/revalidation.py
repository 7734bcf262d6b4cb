"""Whether a plan is still what was shown: stages 1 to 6 once more, on the live world and with today's policy.

Comes in: a plan, fresh or from a file. Goes out: its steps made again, all the same as they were shown, or ``Stale``
with what moved. What a file says of itself (its times, that no model proposed it) is not believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from agentops.core.errors import PolicyRefused, Stale, ToolError
from agentops.core.plan import ChangePlan
from agentops.core.policy import strictest
from agentops.core.progress import no_progress
from agentops.core.scope import options_to
from agentops.guard.plan_step import kept_step
from agentops.guard.preparation import prepare_steps
from agentops.guard.proposal import Proposal
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.staleness import STALE_HINT, moved
from agentops.guard.states import Decided

CLOCKS_APART = timedelta(minutes=5)


def require_current(
    services: GuardServices,
    log: StageLog,
    plan: ChangePlan,
    *,
    approvals: tuple[str, ...] | None = None,
    is_remediation: bool = False,
    changed: str = "",
) -> tuple[Decided, ...]:
    """Return the plan's steps made again on the live world, when they are the same.

    Arguments:
        approvals: who has agreed already, for policy.
        changed: what differs, in words, of policy and settings since the plan was shown in this run.
        is_remediation: hold the predicted plan to being one, before any of it is tried.

    Raises:
        Stale: something moved; the message says what.
        PolicyRefused: policy denies it now, or it is no cure.
    """
    if services.clock() >= plan.expires_at:
        raise Stale(f"the plan expired at {plan.expires_at:%H:%M:%S} UTC", hint=STALE_HINT, code="expired")
    _require_times(plan, services.clock())
    if not services.is_pinned_to(plan.scopes):
        raise Stale(
            f"the plan is for context {plan.places!r} on {plan.servers}; this run is pinned to {services.pinned}",
            hint=f"Run it with {options_to(plan.scopes) or 'the options that lead there'}.",
        )
    quiet = replace(services, progress=no_progress)
    if changed:
        since = f"since the plan was shown, {changed}"
        try:
            _made_again(quiet, log, plan, approvals=approvals, is_remediation=is_remediation)
        except PolicyRefused as error:
            raise PolicyRefused(f"{since}; {error.message}", hint=error.hint, code=error.code) from error
        raise Stale(since, hint=STALE_HINT)
    if plan.policy_digest != services.policy.digest:
        raise Stale("the policy changed since the plan was made", hint=STALE_HINT)
    steps = _made_again(quiet, log, plan, approvals=approvals, is_remediation=is_remediation)
    if strictest([step.decision.obligation for step in steps]) != plan.obligation:
        raise Stale("policy requires another approval or other times than when the plan was made", hint=STALE_HINT)
    return steps


def _made_again(
    services: GuardServices, log: StageLog, plan: ChangePlan, *, approvals: tuple[str, ...] | None, is_remediation: bool
) -> tuple[Decided, ...]:
    proposal = Proposal(
        changes=tuple(step.change for step in plan.steps),
        intent=plan.intent,
        # The file's word for it is not enough: what neither triage nor a person proposed, a model did.
        tainted=plan.tainted or not _is_untainted(plan.intent.by),
        rolls_back=plan.rolls_back,
    )
    again = StageLog(services, log.records)
    prepared = prepare_steps(
        services, again, proposal, is_remediation=is_remediation, approvals=approvals, each=_stale_when_refused
    )
    steps: list[Decided] = []
    # Compared one by one as they come: behind one that moved, none is tried on the provider any more.
    for number, (shown, step) in enumerate(zip(plan.steps, prepared, strict=True), 1):
        if why := moved(shown, kept_step(services, step), rolls_back=bool(plan.rolls_back)):
            raise Stale(
                f"step {number} ({shown.change.target.short}) has changed since it was shown: {why}", hint=STALE_HINT
            )
        steps.append(step)
    return tuple(steps)


@contextmanager
def _stale_when_refused(number: int) -> Iterator[None]:
    try:
        yield
    except ToolError as error:
        raise Stale(f"step {number} is no longer valid: {error.message}", hint=STALE_HINT) from error


def _require_times(plan: ChangePlan, now: datetime) -> None:
    """Raise unless the plan lives no longer than its obligation says: the times of a file are the file's word."""
    longest = timedelta(seconds=plan.obligation.ttl_s)
    if plan.expires_at > plan.created_at + longest or plan.created_at > now + CLOCKS_APART:
        raise Stale(
            f"the plan says that it holds from {plan.created_at:%H:%M:%S} to {plan.expires_at:%H:%M:%S} UTC; "
            f"policy lets it hold for {plan.obligation.ttl_s} s from when it is made",
            hint=STALE_HINT,
            code="expired",
        )


def _is_untainted(by: str) -> bool:
    return by == "triage" or by.startswith("human:")
