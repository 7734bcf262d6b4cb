"""``Proposal``: what is to become a plan, before any stage has looked at it.

Comes in: changes of triage, of a model or of a person. Goes out: the same, as one value. Nothing of it is believed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change, Check, Intent

MOST_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is to become a plan: changes in order, why, and whether a model that read untrusted text proposed them.

    ``rolls_back`` is the id of the change that it rolls back; empty for a new one. ``checks`` are asked for besides the
    tools' own. ``as_cure``: it is held to the rules of a cure though it names no incident, for only an agent asked.
    """

    changes: tuple[Change, ...]
    intent: Intent
    tainted: bool = False
    rolls_back: str = ""
    checks: tuple[Check, ...] = ()
    as_cure: bool = False

    @property
    def is_remediation(self) -> bool:
        """Whether it is meant to cure an incident, and is held to the rules of what a cure is.

        What a person asked for in words is meant to cure nothing: who asks to scale to zero has said why.
        """
        cures = self.as_cure or bool(self.intent.incident)
        return cures and not self.rolls_back and not self.intent.is_requested


def require_steps(changes: Sequence[Change]) -> None:
    """Raise unless there is something to plan, and no more than a person can look at.

    Raises:
        ToolInputError: there is nothing, or too much.
    """
    if not changes:
        raise ToolInputError("there is nothing to change", code="nothing-to-do")
    if len(changes) > MOST_STEPS:
        raise ToolInputError(f"a plan has at most {MOST_STEPS} steps", hint="Make it in smaller plans.")
