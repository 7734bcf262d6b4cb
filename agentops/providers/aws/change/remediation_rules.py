"""What is no remedy at AWS: what silences an alarm because its subject is gone, or nobody is told any more.

Comes in: what a plan does to one resource in the end. Goes out: the reasons why that cures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.plan import Change, ObjectChange, Verb
from agentops.providers.aws.impact.state.alarms import ACTIONS
from agentops.providers.aws.impact.state.functions import RESERVED, SOURCES
from agentops.providers.aws.impact.state.groups import SUSPENDED
from agentops.providers.aws.impact.state.instances import STATE
from agentops.providers.aws.impact.state.services import COUNT
from agentops.providers.aws.impact.state.targets import TARGETS


def reasons_against(changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:  # noqa: ARG001
    """Yield why what becomes of a resource is no remedy.

    Arguments:
        result: the resource before the first of the steps that touch it and after the last.
    """
    name, before, after = result.ref.short, result.before or {}, result.after or {}
    if result.verb is not Verb.UPDATE:
        yield f"it deletes {name}" if result.verb is Verb.DELETE else f"it makes {name}"
        return
    for count in ("DesiredCapacity", "MaxSize", COUNT, RESERVED):
        if after.get(count) == 0 and before.get(count) != 0:
            yield f"it sets {count} of {name} to 0"
    if before.get(ACTIONS) is True and after.get(ACTIONS) is False:
        yield f"it switches the actions of {name} off, so that nobody is told"
    if before.get(STATE) == "running" and after.get(STATE) == "stopped":
        yield f"it stops {name}"
    gone = [one for one in before.get(TARGETS) or () if one not in (after.get(TARGETS) or ())]
    if gone and TARGETS in after:
        # A load balancer sends nothing to what fails its check; taken out, the target is only not counted any more.
        yield f"it takes {', '.join(gone[:3])} out of {name}"
    more = set(after.get(SUSPENDED) or ()) - set(before.get(SUSPENDED) or ())
    if more:
        yield f"it suspends {', '.join(sorted(more))} of {name}"
    yield from _starved(name, before.get(SOURCES) or {}, after.get(SOURCES) or {})


def _starved(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for mapping, was_on in before.items():
        if was_on and after.get(mapping) is False:
            yield f"it switches off what feeds {name}"
