"""``FixSession``: one fix under way: what is believed now, what was tried, and the steps that ``app/fix`` orders.

Comes in: services, open providers, the guard, what was found. Goes out: proposals, what came of each plan, at the end a
``FixResult``. The model, where there is one, only drafts; triage's known remedies are tried best first where there is
none. What was drafted is never lost: until it is executed or refuted it stays in the incident. Nothing is sent from
here: every change goes up the guard's pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.fixing.conversation import standing_refusal, tell
from agentops.app.fixing.proposals import alternatives, companions, proposal_for, remedies_of
from agentops.app.fixing.result import WELL, FixResult
from agentops.app.look import Look, look_again
from agentops.app.services import Investigation, RefusedChange, Services
from agentops.core.errors import NotFound, PolicyRefused, ToolError, Unreachable
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.plan import Change
from agentops.core.progress import Stage, Step, no_progress
from agentops.core.provider import SETTLED_LOG_WINDOW_S
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
_NOT_RUN = (Status.DRY_RUN, Status.DECLINED, Status.REFUSED)


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

    def has_recovered(self) -> bool:
        """Look afresh at a stored incident; return whether nothing is wrong any more with what had something wrong."""
        look = look_again(self._services, self._connections, self._found)
        self._problems, self._symptoms = look.problems, look.symptoms
        if self._finding.verdict in WELL or not look.is_well:
            return False
        self._after = look
        return True

    def next_proposal(self) -> Proposal | None:
        """Return what is to be planned next: what was drafted, else triage's remedies; None: nothing."""
        drafted = self._drafted()
        if drafted:
            return self._proposal(drafted)
        if self._finding.verdict in WELL:
            return None
        groups = alternatives(self._finding, self._problems)
        if self._conversation is not None:
            groups = () if self._rounds else remedies_of(self._finding, self._problems)
        chosen = self._viable(groups)
        self._tried += chosen
        return self._proposal(chosen) if chosen else None

    def execute(self, proposal: Proposal, *, stop_at_plan: bool) -> PipelineResult | None:
        """Make a plan and run it, or stop at the plan; None when no plan could be made of it, and the reason is kept.

        Raises:
            Unreachable: the place does not answer; whatever is said of it now would be a guess.
        """
        guard = self._guard
        if self._finding.verdict in WELL:
            # A plan that its own finding speaks against is shown to a person in any case.
            guard = replace(guard, yes=False)
        try:
            result = make_plan(guard, proposal) if stop_at_plan else execute(guard, proposal)
        except Unreachable:
            raise
        except (ToolError, PolicyRefused) as error:
            # What was found out stands, whatever became of the plan.
            self._refusals += [RefusedChange(change=change, error=error) for change in proposal.changes]
            self._look_for(proposal.changes, error)
            return None
        self._rounds.append(result)
        self._keep(result)
        return result

    def goes_on(self, result: PipelineResult) -> bool:
        """Look at what came of a plan, and return whether another one may follow."""
        if result.outcome.status is Status.APPLIED:
            self._see_what_is_left(result)
            if self._after is None or self._after.is_well:
                return False
        if self._conversation is not None and self._services.model is not None:
            return self._tell_model(result)
        return result.outcome.status is Status.APPLIED

    def result(self) -> FixResult:
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

    def _usage(self) -> Usage:
        """Return what the model has spent, all rounds together."""
        kept = self._conversation.folder.usage() if self._conversation is not None else None
        return kept or self._found.usage

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

    def _see_what_is_left(self, result: PipelineResult) -> None:
        """Look again, once log lines from before the change have passed; verification has waited for back-offs."""
        waited, longest = 0, 0 if result.outcome.doubts else SETTLED_LOG_WINDOW_S
        try:
            while True:
                look = look_again(self._services, self._connections, self._found)
                left = self._of_this_plan(look, result)
                if look.is_well or not left or waited >= longest:
                    break
                until = self._services.clock() + timedelta(seconds=longest - waited)
                self._say(f"looking again until {until:%H:%M:%S} UTC: {one_line(left, 120)}")
                self._guard.pause(SETTLED_LOG_WINDOW_S)
                waited += SETTLED_LOG_WINDOW_S
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
        left = [one.summary for one in look.problems if one.resource in mine and one.is_wrong]
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
        cured = result.outcome.status is Status.APPLIED and finding is not None and finding.verdict in WELL
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
