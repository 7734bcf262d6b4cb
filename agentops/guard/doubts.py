"""What keeps an applied plan from being called verified: what is still unwell, and what could not be judged.

Comes in: ``Applied`` and what is live after it, once nothing speaks for rolling it back. Goes out: sentences; none when
what the plan is about was seen unwell before and well after. It waits for what hangs on the cure and may be in
back-off, says what it waits for and until when, and never counts as well what runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from agentops.core.errors import ToolError
from agentops.core.outcome import Health, Observation
from agentops.core.plan import Check
from agentops.guard.services import GuardServices, Symptom
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Applied, Decided

CONDITION = "condition"
SYMPTOM = "symptom"
BACK_OFF_S = 360.0
"""After a cure, what hung on it may still sit in back-off: a container is started again after five minutes at most."""
LAG_S = 30.0
"""After a change, older log lines and statuses still tell of the trouble that it cured."""
_POLL_S = 15.0
_COUNT = "spec.replicas"


def doubts_about(
    services: GuardServices, log: StageLog, state: Applied, after: Sequence[Observation]
) -> tuple[str, ...]:
    """Return why the plan does not count as verified; of one that rolls back a change, what is unwell now."""
    if state.plan.rolls_back:
        return tuple(dict.fromkeys(unwell(after)))
    unseen = (doubt for seen in after for doubt in seen.doubts)
    found = [*_awaited(services, log, state), *_idle(state, after), *_unjudged(state, after), *unseen]
    if state.plan.intent.is_requested:
        found += [f"{why}; it was not well before either" for why in unwell(after)]
    return tuple(dict.fromkeys(found))


def unwell(seen: Sequence[Observation]) -> Iterator[str]:
    """Say of each target that is not well what is wrong with it."""
    for one in (health for observation in seen for health in observation.targets):
        if one.failed or not one.settled:
            yield f"{one.ref.short}: {one.failed or well(one)}"


def held(state: Applied, after: Sequence[Observation]) -> Iterator[str]:
    """Say what verification rests on: conditions that are gone, and workloads that run."""
    for check in _checks(state):
        if check.seen:
            yield f"no {check.value} on {check.target.short} any more"
    for one in (health for observation in after for health in observation.targets):
        if one.settled and one.wanted:
            yield well(one)


def well(one: Health) -> str:
    """Return how a workload is, in words."""
    return one.detail or f"{one.ref.short} has {one.ready} of {one.wanted} ready"


def is_idle(step: Decided, one: Health) -> bool:
    """Return whether a workload runs nothing although this step did not ask for that."""
    asked = any(
        edit.path == _COUNT and edit.new == 0
        for change in step.preview.objects
        if change.ref == one.ref
        for edit in change.edits
    )
    return one.idle and not asked


def _idle(state: Applied, after: Sequence[Observation]) -> Iterator[str]:
    for step, seen in zip(state.steps, after, strict=True):
        for one in seen.targets:
            if is_idle(step, one):
                yield f"{one.ref.short} runs nothing, so nothing shows that it would run"


def _unjudged(state: Applied, after: Sequence[Observation]) -> Iterator[str]:
    checks = _checks(state)
    if checks and not any(check.seen for check in checks):
        first = checks[0]
        yield (
            "nothing that triage saw wrong before the change could be looked at again "
            f"({first.value} on {first.target.short} was not among it)"
        )
    running = [one for seen in after for one in seen.targets if one.settled and one.wanted]
    asked = [step for step in state.steps if any(edit.path == _COUNT for o in step.preview.objects for edit in o.edits)]
    # What a person asked for is done when the objects are as the plan shows; there is no trouble that must be gone.
    if not checks and not running and not asked and not state.plan.intent.is_requested:
        yield "nothing that runs depends on it, so there was nothing to look at"


def _checks(state: Applied) -> list[Check]:
    """Return what the plan says of the alert, each once."""
    found = [check for step in state.plan.steps for check in step.checks if check.kind in (CONDITION, SYMPTOM)]
    return [check for number, check in enumerate(found) if check not in found[:number]]


def _awaited(services: GuardServices, log: StageLog, state: Applied) -> tuple[str, ...]:
    """Wait for what is to come right by itself now; return what did not."""
    begun = services.monotonic()
    left: list[Symptom] = []
    try:
        while True:
            left = [*_symptoms(services, state), *_dependents(services, state)]
            longest = BACK_OFF_S if any(one.may_pass for one in left) else LAG_S
            now = services.monotonic()
            if not left or now - begun >= longest:
                return tuple(one.why for one in left)
            until = services.clock() + timedelta(seconds=longest - (now - begun))
            log.say(f"applied; waiting until {until:%H:%M:%S} UTC at most: {left[0].why}", key="verify")
            services.pause(min(_POLL_S, longest - (now - begun)))
    except KeyboardInterrupt:
        # It holds, and nothing speaks for rolling it back; whoever waits for it has waited long enough.
        return tuple(one.why for one in left) or ("interrupted before it could be checked",)


def _symptoms(services: GuardServices, state: Applied) -> list[Symptom]:
    wanted = [check for check in _checks(state) if check.kind == SYMPTOM and check.seen]
    return [found for found in map(services.symptom, wanted) if found.why]


def _dependents(services: GuardServices, state: Applied) -> Iterator[Symptom]:
    """Yield what waited for the changed object before, and still does."""
    for step, before in zip(state.steps, state.before, strict=True):
        waiting = {one.ref for one in before.dependents if not one.settled}
        if not waiting:
            continue
        try:
            seen = services.tools[step.change.tool].observe(step.preview)
        except ToolError as error:
            yield Symptom(why=f"{step.change.target.short} cannot be read: {error.message}", may_pass=True)
            continue
        # What is not among them any more waits no more.
        for one in (*seen.bystanders, *seen.dependents):
            if one.ref in waiting and not one.settled:
                yield Symptom(why=f"{one.ref.short} still waits: {one.failed or well(one)}", may_pass=True)
