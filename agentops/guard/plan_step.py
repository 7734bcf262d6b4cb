"""A step in the form that a plan keeps: fit for disk and screen, and equal to itself after a way through a file.

Comes in: a ``Decided``. Goes out: a ``PlanStep`` in which nothing looks like a credential.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import Change, Check, ObjectChange, PlanStep
from agentops.guard.services import GuardServices
from agentops.guard.states import Decided


def kept_step(services: GuardServices, step: Decided, checks: tuple[Check, ...] = ()) -> PlanStep:
    """Return a step in the form that may be stored and shown: what looks like a credential is hidden in it.

    Arguments:
        checks: asked for besides the one that every step has.
    """
    words = from_json(Change, services.redactor.value(to_json(step.change)))
    kept = PlanStep(
        change=replace(step.change, reason=words.reason),
        preview=replace(step.preview, objects=tuple(_hidden(services, one) for one in step.preview.objects)),
        blast_radius=step.blast_radius,
        ruling=step.decision,
        undo_ruling=step.undo_decision,
        checks=(Check(kind="healthy", target=step.change.target), *checks),
    )
    # As it reads back from its JSON, so that a plan equals itself after a way through a file.
    return from_json(PlanStep, to_json(kept))


def _hidden(services: GuardServices, one: ObjectChange) -> ObjectChange:
    return from_json(ObjectChange, services.redactor.value(to_json(one)))
