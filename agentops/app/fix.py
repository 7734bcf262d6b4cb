"""The use case ``fix``: from an alert or a stored incident to a plan, and from an approved plan to a verified change.

Comes in: services, a way to the guard, what to fix. Goes out: a ``FixResult`` with every plan and what came of it. The
model, where there is one, only drafts; triage's known remedies are tried best first where there is none. What was
drafted is never lost: until it is carried out or refuted it stays in the incident. It sends nothing itself: every
change goes up the guard's pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.checks import Checking, checking
from agentops.app.conversation import standing_refusal, tell
from agentops.app.look import LOG_WINDOW_S, Look, look_again
from agentops.app.proposals import alternatives, companions, proposal_for, remedies_of
from agentops.app.services import Investigation, RefusedChange, Services
from agentops.core.alert import Severity
from agentops.core.errors import NotFound, PolicyRefused, ToolError, Unreachable
from agentops.core.finding import Verdict
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.plan import Change
from agentops.core.progress import Stage, Step, no_progress
from agentops.core.text import one_line
from agentops.core.usage import Usage
from agentops.guard.pipeline import execute, make_plan
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.proposal import Proposal
from agentops.guard.services import GuardServices

if TYPE_CHECKING:
    from agentops.app.connections import Connections

MOST_ROUNDS = 3
"""How many plans one run may carry out: a fix may lay bare the next fault, and a run must end."""
_WELL = (Verdict.RECOVERED, Verdict.NO_PROBLEM)
_NOT_RUN = (Status.DRY_RUN, Status.DECLINED, Status.REFUSED)


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
        return self.found.finding.verdict not in _WELL and self.after is not None and self.after.is_well


GuardFor = Callable[["Connections", Checking], GuardServices]


def fix(services: Services, guard_for: GuardFor, found: Investigation, *, stop_at_plan: bool) -> FixResult:
    """Make a plan of what the finding proposes, and carry it out unless it is to stop there.

    Arguments:
        guard_for: wires the guard to the open providers, with what judges the checks of its plans.
        stop_at_plan: a dry run: the pipeline runs up to the plan, and nobody is asked.

    Raises:
        ToolError: a provider cannot be reached.
        AuditError, StoreError: what must be recorded cannot be.
    """
    connections = services.connector.for_scopes(found.incident.places)
    guard = guard_for(connections, checking(services, connections, found))
    course = FixSession(services=services, connections=connections, guard=guard, found=found)
    if not (found.stored and course.has_recovered()):
        course.run(stop_at_plan=stop_at_plan)
    return course.ended()


class FixSession:
    """One fix under way: what is believed now, what was tried, and what came of it."""

    def __init__(
        self, *, services: Services, connections: Connections, guard: GuardServices, found: Investigation
    ) -> None:
        self._services = services
        self._connections = connections
        self._guard = guard
        self._found = found
        self._folder = services.incidents.open(found.incident.id)
        self._problems = found.problems
        self._symptoms = found.symptoms
        self._conversation = found.conversation
        self._tried: list[Change] = []
        self._finding = found.finding
        self._retold = False
        self._rounds: list[PipelineResult] = []
        self._refusals: list[RefusedChange] = []
        self._after: Look | None = None
        self._kept: Path | None = None
        self._vanished: list[str] = []
        self._not_looked = ""
        self._left: tuple[Change, ...] = ()

    def ended(self) -> FixResult:
        """Return what came of it."""
        return FixResult(
            found=replace(
                self._found,
                finding=self._finding if self._retold else self._found.finding,
                usage=self._usage(),
            ),
            rounds=tuple(self._rounds),
            refusals=(*self._refusals, *self._services.refused_changes),
            after=self._after,
            kept=self._kept,
            vanished=tuple(self._vanished),
            not_looked=self._not_looked,
            forbidden=standing_refusal(self._guard) if self._conversation is not None else "",
            left=self._left,
        )

    def run(self, *, stop_at_plan: bool) -> None:
        """Plan and carry out, until nothing is left to try or a person must decide."""
        while len(self._rounds) < MOST_ROUNDS:
            proposal = self._next_proposal()
            if proposal is None:
                return
            try:
                result = self._executed(proposal, stop_at_plan=stop_at_plan)
            except Unreachable:
                raise
            except (ToolError, PolicyRefused) as error:
                # What was found out stands, whatever became of the plan.
                self._refusals += [RefusedChange(change=change, error=error) for change in proposal.changes]
                self._look_for(proposal.changes, error)
                return
            self._rounds.append(result)
            self._keep(result)
            if stop_at_plan or not self._goes_on(result):
                return

    def has_recovered(self) -> bool:
        """Look afresh at a stored incident; return whether nothing is wrong any more with what had something wrong."""
        look = look_again(self._services, self._connections, self._found)
        self._problems, self._symptoms = look.problems, look.symptoms
        if self._finding.verdict in _WELL or not look.is_well:
            return False
        self._after = look
        return True

    def _usage(self) -> Usage:
        """Return what the model has spent, all rounds together."""
        kept = self._conversation.folder.usage() if self._conversation is not None else None
        return kept or self._found.usage

    def _executed(self, proposal: Proposal, *, stop_at_plan: bool) -> PipelineResult:
        guard = self._guard
        if self._finding.verdict in _WELL:
            # A plan that its own finding speaks against is shown to a person in any case.
            guard = replace(guard, yes=False)
        return make_plan(guard, proposal) if stop_at_plan else execute(guard, proposal)

    def _next_proposal(self) -> Proposal | None:
        """Return what is to be planned next: what was drafted, else triage's remedies; None: nothing."""
        drafted = self._drafted()
        if drafted:
            return self._proposal(drafted)
        if self._finding.verdict in _WELL:
            return None
        groups = alternatives(self._finding, self._problems)
        if self._conversation is not None:
            groups = () if self._rounds else remedies_of(self._finding, self._problems)
        chosen = self._viable(groups)
        self._tried += chosen
        return self._proposal(chosen) if chosen else None

    def _drafted(self) -> tuple[Change, ...]:
        if self._conversation is not None and self._conversation.drafted:
            return self._conversation.drafted
        return () if self._rounds else self._found.drafts

    def _proposal(self, changes: Sequence[Change]) -> Proposal:
        return proposal_for(self._found, self._finding, changes, problems=self._problems, symptoms=self._symptoms)

    def _keep(self, result: PipelineResult) -> None:
        """Keep a plan that was not run in the incident; what was run is no draft any more."""
        if result.outcome.status in _NOT_RUN:
            self._kept = self._folder.save_plan(result.planned.plan)
        else:
            self._kept = None
            self._folder.save_drafts(())
        if result.error is not None and isinstance(result.error.__cause__, NotFound):
            self._look_for([step.change for step in result.planned.plan.steps], result.error.__cause__)

    def _look_for(self, changes: Sequence[Change], error: Exception) -> None:
        """Say what became of targets that vanished, and see what is wrong without them."""
        if not isinstance(error, NotFound):
            return
        try:
            found = [self._connections.of(one.target).reader.whereabouts(one.target) for one in changes]
            self._vanished += filter(None, found)
            self._after = look_again(self._services, self._connections, self._found)
        except ToolError as trouble:
            self._not_looked = trouble.message

    def _goes_on(self, result: PipelineResult) -> bool:
        """Look at what came of a plan, and return whether another one may follow."""
        if result.outcome.status is Status.APPLIED:
            self._see_what_is_left(result)
            if self._after is None or self._after.is_well:
                return False
        if self._conversation is not None and self._services.model is not None:
            return self._tell_model(result)
        return result.outcome.status is Status.APPLIED

    def _see_what_is_left(self, result: PipelineResult) -> None:
        """Look again, once log lines from before the change have passed; verification has waited for back-offs."""
        waited, longest = 0, 0 if result.outcome.doubts else LOG_WINDOW_S
        try:
            while True:
                look = look_again(self._services, self._connections, self._found)
                left = self._of_this_plan(look, result)
                if look.is_well or not left or waited >= longest:
                    break
                until = self._services.clock() + timedelta(seconds=longest - waited)
                self._say(f"looking again until {until:%H:%M:%S} UTC: {one_line(left, 120)}")
                self._guard.pause(LOG_WINDOW_S)
                waited += LOG_WINDOW_S
        except ToolError as error:
            self._not_looked = error.message
            return
        if waited:
            self._say(f"looked again: {one_line(look.finding.conclusion, 120)}", done=True)
        self._after, self._problems, self._symptoms = look, look.problems, look.symptoms
        if self._conversation is None:
            self._finding = look.finding

    def _of_this_plan(self, look: Look, result: PipelineResult) -> str:
        """Return what is unwell of the alert's target or of what the plan is about; nothing else is waited for."""
        plan = result.planned.plan
        mine = {step.change.target for step in plan.steps}
        mine |= {check.target for step in plan.steps for check in step.checks}
        mine |= {one.resource for one in look.symptoms}
        left = [one.summary for one in look.problems if one.resource in mine and one.severity is not Severity.INFO]
        return left[0] if left else ""

    def _say(self, text: str, *, done: bool = False) -> None:
        self._services.progress(Step(stage=Stage.CHANGE, text=text, key="after", done=done))

    def _tell_model(self, result: PipelineResult) -> bool:
        """Let the model go on after a plan of its own; returns whether it drafted another."""
        told = tell(self._services, self._conversation, result, None if self._after is None else self._after.finding)
        if told is None:
            return False
        self._conversation, finding = told
        self._folder.save_drafts(self._conversation.drafted)
        if len(self._rounds) >= MOST_ROUNDS:
            self._left = self._conversation.drafted
        # After a cure "all is well" is no cause: then the finding that led to it stands.
        cured = result.outcome.status is Status.APPLIED and finding is not None and finding.verdict in _WELL
        if finding is not None and not cured:
            self._finding, self._retold = finding, True
            self._folder.save_finding(finding)
            self._services.audit.append("finding", {"incident": self._found.incident.id, "finding": to_json(finding)})
        return bool(self._conversation.drafted)

    def _viable(self, groups: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
        """Return for each problem the first of its remedies that passes the guard's first stages on its own."""
        chosen: list[Change] = []
        quiet = replace(self._guard, progress=no_progress)
        for group in groups:
            for change in group:
                if any((change.tool, change.target) == (done.tool, done.target) for done in (*self._tried, *chosen)):
                    continue
                try:
                    make_plan(quiet, self._proposal((change,)))
                except (ToolError, PolicyRefused) as error:
                    self._refusals.append(RefusedChange(change=change, error=error))
                    continue
                chosen += [change, *companions(change, self._problems)]
                break
        return tuple(chosen)
