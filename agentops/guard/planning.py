"""Stage 7, planning: the decided changes become one plan, with one digest over everything that will run.

Comes in: a proposal, or a saved plan. Goes out: ``Planned``: the plan as data (fit for disk and screen: redacted), and
the live states it was made of. Nothing has had an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from agentops.core.errors import PolicyRefused, Stale, ToolError
from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import ChangePlan, Intent, ObjectChange, PlanStep
from agentops.core.policy import strictest
from agentops.core.scope import Scope
from agentops.core.text import plural
from agentops.guard.plan_step import kept_step
from agentops.guard.preparation import prepare_steps
from agentops.guard.proposal import Proposal, require_steps
from agentops.guard.remediation_rules import require_remediation
from agentops.guard.revalidation import require_current
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Decided, Planned


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
    steps = tuple(prepare_steps(services, log, proposal, is_remediation=proposal.is_remediation))
    if proposal.is_remediation:
        # Once more by what the provider itself says: its answer may differ from what could be read.
        require_remediation(services.no_remedy, [(one.change, one.preview) for one in steps])
    plan = _assemble(services, proposal, steps)
    log.passed("plan", f"plan {plan.code} of {plural(len(steps), 'step')}", digest=plan.digest, plan=outline(plan))
    return Planned(plan=plan, steps=steps)


def revive(services: GuardServices, log: StageLog, plan: ChangePlan, *, requested: bool = False) -> Planned:
    """Return a saved plan with its steps made again on the live world, when nothing moved since.

    Arguments:
        requested: it is known, and not by the file's word, that a person asked for it in words, or that it rolls back
            a change that was made.

    Raises:
        PolicyRefused: it is no cure; whether it was made for an incident is the file's word, so all are held to it.
        as ``require_current``.
    """
    try:
        steps = require_current(services, log, plan, is_remediation=not requested)
        if not requested:
            require_remediation(services.no_remedy, [(one.change, one.preview) for one in steps])
        return Planned(plan=plan, steps=steps)
    except (Stale, ToolError, PolicyRefused) as error:
        log.failed("recheck", error.message, digest=plan.digest, code=error.code)
        raise


def _assemble(services: GuardServices, proposal: Proposal, steps: Sequence[Decided]) -> ChangePlan:
    obligation = strictest([step.decision.obligation for step in steps])
    now = _to_the_second(services.clock())
    intent = from_json(Intent, services.redactor.value(to_json(proposal.intent)))
    return ChangePlan(
        nonce=services.nonce(),
        created_at=now,
        expires_at=now + timedelta(seconds=obligation.ttl_s),
        requester=services.requester,
        scopes=_touched(services, steps),
        intent=intent,
        steps=tuple(kept_step(services, step, proposal.checks) for step in steps),
        obligation=obligation,
        policy_digest=services.policy.digest,
        tainted=proposal.tainted,
        rolls_back=proposal.rolls_back,
        lease=services.beside,
    )


def _touched(services: GuardServices, steps: Sequence[Decided]) -> tuple[Scope, ...]:
    """Return the places that the steps change, as a plan binds them."""
    origins = dict.fromkeys(step.change.target.origin for step in steps)
    return tuple(services.scopes[origin].identity for origin in origins)


def _to_the_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def outline(plan: ChangePlan) -> dict[str, Any]:
    """Return what the audit chain keeps of a plan: what it will do and what decided on it, but no whole objects."""
    return {
        "code": plan.code,
        "digest": plan.digest,
        "requester": plan.requester,
        "context": plan.places,
        "cluster": plan.servers,
        "scopes": plan.scopes,
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
