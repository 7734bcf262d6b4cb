"""``FixResult``: what came of trying to fix an incident: every plan with its outcome, and what is left to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentops.app.look import Look
from agentops.app.services import Investigation, RefusedChange
from agentops.core.finding import Verdict
from agentops.core.plan import Change
from agentops.guard.pipeline_result import PipelineResult

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
