"""Stage 5, blast radius: what depends on what is touched, computed by the tool from what is there.

Comes in: ``Diffed``. Goes out: ``Measured``. What could not be read is carried along as unknown, and policy treats it
as the worst; nothing is estimated.
"""

from __future__ import annotations

from agentops.core.errors import ToolError
from agentops.core.plan import BlastRadius
from agentops.core.text import plural
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Diffed, Measured


def measure(services: GuardServices, log: StageLog, state: Diffed, *, step: int) -> Measured:
    """Return the change with its blast radius.

    Raises:
        ToolError: it could not be computed at all.
    """
    try:
        found = services.tools[state.change.tool].blast_radius(state.preview)
    except ToolError as error:
        log.failed("blast-radius", error.message, step=step)
        raise
    log.passed("blast-radius", summary(found), step=step, blast_radius=found)
    return Measured(diffed=state, blast_radius=found)


def summary(found: BlastRadius) -> str:
    """Return the figures in one line: ``3 of 3 pods, 34 % of the ready capacity; 1 in front``."""
    if found.instances is None:
        reached = f"{found.unit}s not known"
    else:
        reached = f"{found.instances} of {plural(found.instances_total or 0, found.unit)}"
    share = "share not known" if found.percent is None else f"{found.percent} % of the ready capacity"
    front = f"; {len(found.fronts)} in front" if found.fronts else ""
    unread = f"; NOT KNOWN: {', '.join(found.unknown)}" if found.unknown else ""
    return f"{reached}, {share}{front}{unread}"
