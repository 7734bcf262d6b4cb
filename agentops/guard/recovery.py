"""Finds out what an open change did before a crash, from the objects and not from the records about it.

Comes in: a plan whose intent is recorded and whose end is not. Goes out: ``Situation``: per step done, undone or
unclear, and what follows: it can be closed, rolled back, or needs a person. Looks only; changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Observation, Status
from agentops.core.plan import ChangePlan, ObjectChange, PlanStep
from agentops.guard.diff import deviations, leaves_no_trace
from agentops.guard.services import GuardServices


class StepState(StrEnum):
    """What the live objects say of one step."""

    DONE = "done"
    UNDONE = "undone"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What an open change left: ``words`` say what was seen of each step, ``unwell`` which targets are not well."""

    states: tuple[StepState, ...]
    words: tuple[str, ...]
    unwell: tuple[str, ...] = ()

    @property
    def ending(self) -> Status | None:
        """How the change can be closed as it is; None when somebody must decide."""
        if all(state is StepState.UNDONE for state in self.states):
            return Status.ROLLED_BACK
        if all(state is StepState.DONE for state in self.states) and not self.unwell:
            return Status.APPLIED
        return None

    @property
    def to_undo(self) -> tuple[int, ...]:
        """The steps that a rollback has to undo."""
        return tuple(index for index, state in enumerate(self.states) if state is not StepState.UNDONE)


def look(services: GuardServices, plan: ChangePlan) -> Situation:
    """Observe what an open change did."""
    states: list[StepState] = []
    words: list[str] = []
    unwell: list[str] = []
    for step in plan.steps:
        state, why, sick = _look(services, step)
        states.append(state)
        words.append(f"{step.change.tool} on {step.change.target.short}: {why}")
        unwell += sick
    _settle_together(plan, states, words)
    return Situation(states=tuple(states), words=tuple(words), unwell=tuple(unwell))


def _settle_together(plan: ChangePlan, states: list[StepState], words: list[str]) -> None:
    """Make out what steps did that touch one object, by one another: the last is there only after those before it."""
    touched = [{one.ref for one in step.preview.objects} for step in plan.steps]
    for earlier in range(len(states)):
        for later in range(earlier + 1, len(states)):
            if not touched[earlier] & touched[later]:
                continue
            name = f"{plan.steps[later].change.tool} on {plan.steps[later].change.target.short}"
            if states[earlier] is StepState.UNDONE and states[later] is StepState.UNCLEAR:
                states[later], words[later] = StepState.UNDONE, f"{name}: the step before it did not take effect"
            if states[later] is StepState.DONE and states[earlier] is StepState.UNCLEAR:
                first = f"{plan.steps[earlier].change.tool} on {plan.steps[earlier].change.target.short}"
                states[earlier], words[earlier] = StepState.DONE, f"{first}: took effect, and a later step after it"


def _look(services: GuardServices, step: PlanStep) -> tuple[StepState, str, list[str]]:
    tool = services.tools.get(step.change.tool)
    if tool is None:
        return StepState.UNCLEAR, "its tool no longer exists", []
    try:
        seen = tool.observe(step.preview)
    except ToolError as error:
        return StepState.UNCLEAR, f"cannot be looked at: {error.message}", []
    found = {_state(services, one, seen) for one in step.preview.objects}
    if found == {StepState.UNDONE}:
        return StepState.UNDONE, "is as it was before", []
    sick = [one.detail or one.ref.short for one in seen.targets if one.failed or not one.settled]
    if found == {StepState.DONE}:
        return StepState.DONE, "took effect", sick
    if StepState.UNCLEAR in found and all(map(leaves_no_trace, step.preview.objects)):
        return StepState.UNCLEAR, "leaves no trace, so nothing that can be read tells whether it took effect", sick
    if StepState.UNCLEAR in found:
        return StepState.UNCLEAR, "is neither what it was nor what it should be", sick
    return StepState.UNCLEAR, "took effect in part", sick


def _state(services: GuardServices, one: ObjectChange, seen: Observation) -> StepState:
    """Compare in the redacted form, which is the one that was kept.

    Of a change that leaves no trace in what is compared (a reboot) nothing here tells whether it took effect.
    """
    if leaves_no_trace(one):
        return StepState.UNCLEAR
    raw = seen.objects.get(str(one.ref))
    live = None if raw is None else services.redactor.value(to_json(raw))
    if _same(one, one.before, live):
        return StepState.UNDONE
    if _same(one, one.after, live):
        return StepState.DONE
    if one.before is None or one.after is None or live is None:
        return StepState.UNCLEAR
    # Something else moved too; what counts is the fields of this change.
    mine = {edit.path for edit in deviations(one, one.before, one.after)}
    if not mine & {edit.path for edit in deviations(one, one.after, live)}:
        return StepState.DONE
    if not mine & {edit.path for edit in deviations(one, one.before, live)}:
        return StepState.UNDONE
    return StepState.UNCLEAR


def _same(one: ObjectChange, kept: Mapping[str, Any] | None, live: Any) -> bool:
    if kept is None or live is None:
        return kept is None and live is None
    return not deviations(one, kept, live)
