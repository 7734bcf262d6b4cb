"""``FixResult``: what came of trying to fix an incident: every plan with its outcome, and what is left to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from agentops.app.look import Look
from agentops.app.services import Investigation, RefusedChange
from agentops.core.errors import AgentopsError, ExitCode, PolicyRefused
from agentops.core.finding import Verdict
from agentops.core.plan import Change
from agentops.guard.pipeline_result import PipelineResult


class NoPlan(Enum):
    """Why a fix came to no plan."""

    HEALED = auto()
    """What was wrong is not wrong any more."""
    REFUSED = auto()
    """Policy refuses what was proposed."""
    STALE = auto()
    """What was drafted does not fit the live objects any more."""
    NOTHING_WRONG = auto()
    OUTSIDE = auto()
    """The cause is outside of what can be changed from here."""
    FORBIDDEN = auto()
    """Policy lets nothing be changed in this run, whatever is proposed."""
    CANNOT_BE_MADE = auto()
    """A fix is known, but it cannot be made from here."""
    UNKNOWN = auto()
    """No change is known that would fix it."""


_STATUS = {
    NoPlan.HEALED: "nothing-to-do",
    NoPlan.REFUSED: "refused",
    NoPlan.STALE: "stale",
    NoPlan.NOTHING_WRONG: "nothing-to-do",
    NoPlan.OUTSIDE: "outside",
    NoPlan.FORBIDDEN: "refused",
    NoPlan.CANNOT_BE_MADE: "not-planned",
    NoPlan.UNKNOWN: "escalate",
}
_EXIT_CODE = {
    NoPlan.HEALED: ExitCode.DONE,
    NoPlan.REFUSED: ExitCode.REFUSED,
    NoPlan.STALE: ExitCode.NOT_APPROVED,
    NoPlan.NOTHING_WRONG: ExitCode.DONE,
    NoPlan.OUTSIDE: ExitCode.DONE,
    NoPlan.FORBIDDEN: ExitCode.REFUSED,
    NoPlan.CANNOT_BE_MADE: ExitCode.NO_PLAN,
    NoPlan.UNKNOWN: ExitCode.NO_PLAN,
}
WELL = (Verdict.RECOVERED, Verdict.NO_PROBLEM)
"""The verdicts that say that nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixResult:
    """What came of trying to fix an incident.

    Arguments:
        found: the investigation, with the finding that stands at the end.
        rounds: the plans in order, each with its outcome.
        refusals: the changes that no plan could be made of.
        after: what triage says once the last plan was applied, or of a stored incident before anything is planned;
            None when nobody looked.
        kept: the file of the last plan, when it was not carried out.
        vanished: what became of targets that are not there any more, in words.
        not_looked: why nobody could look again after the last plan was applied.
        forbidden: why policy let the model draft nothing at all; empty when it could.
        left: what the model drafted when the run had carried out as many plans as it may; it stays in the incident.
    """

    found: Investigation
    rounds: tuple[PipelineResult, ...] = ()
    refusals: tuple[RefusedChange, ...] = ()
    after: Look | None = None
    kept: Path | None = None
    vanished: tuple[str, ...] = ()
    not_looked: str = ""
    forbidden: str = ""
    left: tuple[Change, ...] = ()

    @property
    def is_healed(self) -> bool:
        """Whether something was wrong with what the alert is about, and triage finds nothing wrong any more."""
        return self.found.finding.verdict not in WELL and self.after is not None and self.after.is_well

    @property
    def status(self) -> str:
        """How it ended, in one word for scripts."""
        return self.rounds[-1].status if self.rounds else _STATUS[self.no_plan]

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says how it ended."""
        return self.rounds[-1].exit_code if self.rounds else _EXIT_CODE[self.no_plan]

    @property
    def errors(self) -> tuple[AgentopsError, ...]:
        """Why no plan could be made of what was proposed, each reason once."""
        return tuple({one.error.message: one.error for one in self.refusals}.values())

    @property
    def no_plan(self) -> NoPlan:
        """Why there is no plan; only of a result without rounds."""
        verdict = self.found.finding.verdict
        if self.is_healed:
            return NoPlan.HEALED
        if any(isinstance(error, PolicyRefused) for error in self.errors):
            return NoPlan.REFUSED
        if self.refusals and (self.found.stored or self.vanished):
            return NoPlan.STALE
        if not self.refusals and verdict in WELL:
            return NoPlan.NOTHING_WRONG
        if not self.refusals and verdict is Verdict.OUTSIDE:
            return NoPlan.OUTSIDE
        if self.forbidden:
            return NoPlan.FORBIDDEN
        return NoPlan.CANNOT_BE_MADE if self.refusals else NoPlan.UNKNOWN
