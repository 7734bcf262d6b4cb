"""Stage 7, planning: the decided changes become one plan, with one digest over everything that will run.

Comes in: proposed changes and why. Goes out: ``Planned``: the plan as data (fit for disk and screen: redacted), and the
live states it was made of. ``draft`` takes every change through the stages before; nothing has had an effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agentops.core.errors import PolicyRefused, Stale, ToolError, ToolInputError
from agentops.core.jsonable import from_json, to_json
from agentops.core.place import place_of
from agentops.core.plan import Change, ChangePlan, Check, Intent, ObjectChange, PlanStep, Preview
from agentops.core.policy import strictest
from agentops.core.progress import no_progress
from agentops.core.text import plural
from agentops.guard.blast_radius import measure
from agentops.guard.decision import decide
from agentops.guard.diff import diff
from agentops.guard.dry_run import dry_run
from agentops.guard.policy_input import PolicyInput
from agentops.guard.precheck import precheck
from agentops.guard.prediction import predict
from agentops.guard.remediation_rules import require_remediation
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.staleness import STALE_HINT, moved
from agentops.guard.states import Decided, Planned, Predicted

MOST_STEPS = 20
CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is to become a plan: changes in order, why, and whether a model that read untrusted text proposed them.

    ``rolls_back`` is the id of the change that it takes back; empty for a new one. ``checks`` are asked for besides the
    tools' own.
    """

    changes: tuple[Change, ...]
    intent: Intent
    tainted: bool = False
    rolls_back: str = ""
    checks: tuple[Check, ...] = ()


def draft(services: GuardServices, log: StageLog, proposal: Proposal) -> Planned:
    """Take every change of the proposal through the stages up to the decision, and assemble the plan.

    Raises:
        ToolInputError, ToolError: a change does not fit, or the provider refuses it.
        PolicyRefused: policy refuses one, or it is no cure.
        AuditError: it could not be recorded.
    """
    try:
        return _drafted(services, log, proposal)
    except (ToolError, PolicyRefused) as error:
        # Refusals are on record as well as permits: what was proposed, by whom, and why nothing came of it.
        asked = {"changes": proposal.changes, "intent": proposal.intent, "code": error.code}
        log.failed("plan", error.message, **services.redactor.value(to_json(asked)))
        raise


def _drafted(services: GuardServices, log: StageLog, proposal: Proposal) -> Planned:
    require_steps(proposal.changes)
    for number, change in enumerate(proposal.changes, 1):
        log.say(f"dry run of {change.tool} on {change.target.short}", key=f"step-{number}")
    # All of the plan is judged by what can be read before any of it is tried on the provider.
    predicted: list[Predicted] = []
    for number, change in enumerate(proposal.changes, 1):
        earlier = [one.prediction for one in predicted]
        predicted.append(predict_step(services, log, proposal, change, step=number, earlier=earlier))
    is_remediation = bool(proposal.intent.incident) and not proposal.rolls_back
    if is_remediation:
        require_remediation([(one.change, one.prediction) for one in predicted])
    steps: list[Decided] = []
    for number, one in enumerate(predicted, 1):
        steps.append(prepare_step(services, log, proposal, one, step=number, earlier=[step.preview for step in steps]))
    if is_remediation:
        require_remediation([(one.change, one.preview) for one in steps])
    plan = _assemble(services, proposal, steps)
    log.passed("plan", f"plan {plan.code} of {plural(len(steps), 'step')}", digest=plan.digest, plan=outline(plan))
    return Planned(plan=plan, steps=tuple(steps))


def _inquiry(proposal: Proposal, approvals: tuple[str, ...] | None) -> PolicyInput:
    return PolicyInput(dry_run=True, tainted=proposal.tainted, rollback=bool(proposal.rolls_back), approvals=approvals)


def predict_step(
    services: GuardServices,
    log: StageLog,
    proposal: Proposal,
    change: Change,
    *,
    step: int,
    earlier: Sequence[Preview] = (),
    approvals: tuple[str, ...] | None = None,
) -> Predicted:
    """Return one change as one that nothing readable speaks against; nothing but reads is sent.

    Arguments:
        step: its number, from 1.
        earlier: the predictions of the steps before it.
        approvals: who has agreed already, for policy.

    Raises:
        as ``draft``.
    """
    policy_input = _inquiry(proposal, approvals)
    allowed = precheck(services, log, change, step=step, policy_input=policy_input)
    return predict(services, log, allowed, step=step, policy_input=policy_input, earlier=earlier)


def prepare_step(
    services: GuardServices,
    log: StageLog,
    proposal: Proposal,
    predicted: Predicted,
    *,
    step: int,
    earlier: Sequence[Preview] = (),
    approvals: tuple[str, ...] | None = None,
) -> Decided:
    """Return one predicted change, tried on the provider, measured and decided on.

    Arguments and errors are those of ``predict_step``; ``earlier`` are the previews.
    """
    policy_input, change = _inquiry(proposal, approvals), predicted.change
    previewed = dry_run(services, log, predicted, step=step, earlier=earlier)
    measured = measure(services, log, diff(log, previewed, step=step), step=step)
    decided = decide(services, log, measured, step=step, policy_input=policy_input)
    log.say(f"{change.tool} on {change.target.short}: {decided.decision.why}", key=f"step-{step}", done=True)
    return decided


def revive(services: GuardServices, log: StageLog, plan: ChangePlan) -> Planned:
    """Return a saved plan with its steps made again on the live world, when nothing moved since.

    Raises:
        PolicyRefused: it is no cure; whether it was made for an incident is the file's word, so all are held to it.
        as ``require_current``.
    """
    try:
        steps = require_current(services, log, plan, is_remediation=True)
        require_remediation([(one.change, one.preview) for one in steps])
        return Planned(plan=plan, steps=steps)
    except (Stale, ToolError, PolicyRefused) as error:
        log.failed("recheck", error.message, digest=plan.digest, code=error.code)
        raise


def require_current(
    services: GuardServices,
    log: StageLog,
    plan: ChangePlan,
    *,
    approvals: tuple[str, ...] | None = None,
    is_remediation: bool = False,
) -> tuple[Decided, ...]:
    """Return the plan's steps made again on the live world, when they are the same.

    Arguments:
        approvals: who has agreed already, for policy.
        is_remediation: hold the predicted plan to being one, before any of it is tried.

    Raises:
        Stale: something moved; the message says what.
        PolicyRefused: policy denies it now, or it is no cure.
    """
    if services.clock() >= plan.expires_at:
        raise Stale(f"the plan expired at {plan.expires_at:%H:%M:%S} UTC", hint=STALE_HINT, code="expired")
    _require_times(plan, services.clock())
    if (plan.context, plan.cluster) != (services.context, services.cluster):
        raise Stale(
            f"the plan is for context {plan.context!r} on {plan.cluster}; this run is pinned to "
            f"{services.context!r} on {services.cluster}",
            hint=f"Run it with {place_of(plan.context, plan.cluster)}.",
        )
    if plan.policy_digest != services.policy.digest:
        raise Stale("the policy changed since the plan was made", hint=STALE_HINT)
    steps = _made_again(
        replace(services, progress=no_progress), log, plan, approvals=approvals, is_remediation=is_remediation
    )
    if strictest([step.decision.obligation for step in steps]) != plan.obligation:
        raise Stale("policy asks for something else than when the plan was made", hint=STALE_HINT)
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
    # As in a new plan: all of it is judged by what can be read before any of it is tried on the provider.
    predicted: list[Predicted] = []
    for number, change in enumerate(proposal.changes, 1):
        earlier = [one.prediction for one in predicted]
        with _stale_when_refused(number):
            predicted.append(
                predict_step(services, again, proposal, change, step=number, earlier=earlier, approvals=approvals)
            )
    if is_remediation:
        require_remediation([(one.change, one.prediction) for one in predicted])
    steps: list[Decided] = []
    for number, (shown, one) in enumerate(zip(plan.steps, predicted, strict=True), 1):
        before = [step.preview for step in steps]
        with _stale_when_refused(number):
            steps.append(prepare_step(services, again, proposal, one, step=number, earlier=before, approvals=approvals))
        why = moved(shown, _plain_step(_kept(services, steps[-1], ())), rolls_back=bool(plan.rolls_back))
        if why:
            raise Stale(f"step {number} ({shown.change.target.short}) is not what was shown: {why}", hint=STALE_HINT)
    return tuple(steps)


@contextmanager
def _stale_when_refused(number: int) -> Iterator[None]:
    try:
        yield
    except ToolError as error:
        raise Stale(f"step {number} does not hold any more: {error.message}", hint=STALE_HINT) from error


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


def require_steps(changes: Sequence[Change]) -> None:
    """Raise unless there is something to plan, and no more than a person can look at.

    Raises:
        ToolInputError: there is nothing, or too much.
    """
    if not changes:
        raise ToolInputError("there is nothing to change", code="nothing-to-do")
    if len(changes) > MOST_STEPS:
        raise ToolInputError(f"a plan has at most {MOST_STEPS} steps", hint="Make it in smaller plans.")


def _is_untainted(by: str) -> bool:
    return by == "triage" or by.startswith("human:")


def _assemble(services: GuardServices, proposal: Proposal, steps: Sequence[Decided]) -> ChangePlan:
    obligation = strictest([step.decision.obligation for step in steps])
    now = _to_the_second(services.clock())
    intent = from_json(Intent, services.redactor.value(to_json(proposal.intent)))
    return ChangePlan(
        nonce=services.nonce(),
        created_at=now,
        expires_at=now + timedelta(seconds=obligation.ttl_s),
        requester=services.requester,
        context=services.context,
        cluster=services.cluster,
        intent=intent,
        steps=tuple(_plain_step(_kept(services, step, proposal.checks)) for step in steps),
        obligation=obligation,
        policy_digest=services.policy.digest,
        tainted=proposal.tainted,
        rolls_back=proposal.rolls_back,
        lease="" if services.lease is None else services.lease.place,
    )


def _kept(services: GuardServices, step: Decided, checks: tuple[Check, ...]) -> PlanStep:
    """Return a step in the form that may be stored and shown: what looks like a credential is hidden in it."""
    words = from_json(Change, services.redactor.value(to_json(step.change)))
    return PlanStep(
        change=replace(step.change, reason=words.reason),
        preview=replace(step.preview, objects=tuple(_hidden(services, one) for one in step.preview.objects)),
        blast_radius=step.blast_radius,
        ruling=step.decision,
        undo_ruling=step.undo_decision,
        checks=(Check(kind="healthy", target=step.change.target), *checks),
    )


def _hidden(services: GuardServices, one: ObjectChange) -> ObjectChange:
    return from_json(ObjectChange, services.redactor.value(to_json(one)))


def _plain_step(step: PlanStep) -> PlanStep:
    """Return the step as it reads back from its JSON, so that a plan equals itself after a way through a file."""
    return from_json(PlanStep, to_json(step))


def _to_the_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def outline(plan: ChangePlan) -> dict[str, Any]:
    """Return what the audit chain keeps of a plan: what it will do and what decided on it, but no whole objects."""
    return {
        "code": plan.code,
        "digest": plan.digest,
        "requester": plan.requester,
        "context": plan.context,
        "cluster": plan.cluster,
        "intent": plan.intent,
        "obligation": plan.obligation,
        "policy_digest": plan.policy_digest,
        "tainted": plan.tainted,
        "rolls_back": plan.rolls_back,
        "expires_at": plan.expires_at,
        "steps": [_step_outline(step) for step in plan.steps],
    }


def _step_outline(step: PlanStep) -> dict[str, Any]:
    return {
        "change": step.change,
        "risk": step.risk,
        "reversal": step.preview.reversal,
        "calls": step.preview.calls,
        "objects": [_object_outline(one) for one in step.preview.objects],
        "undo": step.preview.undo,
        "notes": step.preview.notes,
        "blast_radius": step.blast_radius,
        "ruling": step.ruling,
    }


def _object_outline(one: ObjectChange) -> dict[str, Any]:
    names = ("ref", "verb", "uid", "resource_version", "before_digest", "after_digest", "edits")
    return {name: getattr(one, name) for name in names}
