"""The oracle of AWS: whether an answer names the cause, and whether a repair healed what broke.

Comes in: a scenario, what somebody concluded, a world after a repair. Goes out: what is missing. It never changes
anything.
"""

from __future__ import annotations

from agentops.core.finding import Cause
from agentops.core.jsonable import in_words
from agentops.sandbox.cloud.scenario import CloudScenario
from agentops.sandbox.cloud.seeding import CloudWorld


def names_cause(scenario: CloudScenario, cause: Cause | None) -> bool:
    """Return whether a cause is one of those of the scenario; with a scenario that has none, only no cause is right."""
    if cause is None:
        return not scenario.causes
    return any(
        (one.kind, one.condition) == (cause.resource.kind, cause.condition)
        and (cause.resource.name == one.name or cause.resource.name.startswith(one.name))
        for one in scenario.causes
    )


def unwell(scenario: CloudScenario, world: CloudWorld) -> tuple[str, ...]:
    """Return which checks of a scenario do not hold in a world; none of them once it is repaired."""
    return tuple(
        f"{check['call']} {check['path']} is not {in_words(check.get('is', 'there'))}"
        for check in scenario.checks
        if not world.holds(check)
    )
