"""The use case ``fix``: from an alert or a stored incident to a plan, and from an approved plan to a verified change.

Comes in: parts, a way to the guard, what to fix. Goes out: a ``Fix`` with every plan and what came of it. The model,
where there is one, only drafts; triage's known remedies are tried best first where there is none. It sends nothing
itself: every change goes up the guard's stair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentops.copilot.conversing import tell
from agentops.copilot.parts import Investigation, Parts
from agentops.copilot.sweeping import LOG_WINDOW_S, problems_at, rank_again
from agentops.core.alert import Target
from agentops.core.errors import AgentopsError, PolicyRefused, ToolError
from agentops.core.finding import Confidence, Finding, Problem, Verdict
from agentops.core.outcome import Status
from agentops.core.plan import Change, Check, Intent
from agentops.core.progress import Stage, Step, unseen
from agentops.core.text import one_line
from agentops.core.usage import Usage
from agentops.guard.parts import GuardParts
from agentops.guard.pipeline import Carried, carry_out, dry_run
from agentops.guard.planning import Proposal

if TYPE_CHECKING:
    from agentops.tools.kubernetes.client import Cluster

MOST_ROUNDS = 3
"""How many plans one run may carry out: a fix may lay bare the next fault, and a run must end."""
BACK_OFF_S = 360
"""After a cure, what hung on it may still sit in back-off: a container is started again after five minutes at most."""
CURED = "condition"
_NOTED = "RolloutChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A change that did not become part of a plan, and why."""

    change: Change
    error: AgentopsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What came of trying to fix an incident.

    ``rounds`` are the plans in order, each with its outcome; ``refusals`` the changes that no plan could be made of.
    ``after`` is what triage says once the last plan was applied; None when nothing was applied.
    """

    found: Investigation
    rounds: tuple[Carried, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    after: Finding | None = None

    @property
    def is_healed(self) -> bool:
        """Whether triage finds nothing wrong any more with what the alert is about."""
        return self.after is not None and is_well(self.after)


def is_well(finding: Finding) -> bool:
    """Tell whether a finding says that nothing is wrong, be it that a rollout is noted for want of anything better."""
    cause = finding.cause
    merely_noted = cause is not None and cause.condition == _NOTED and finding.confidence is Confidence.LOW
    return merely_noted or finding.verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM)


GuardFor = Callable[["Cluster", Callable[[Check], str]], GuardParts]


def fix(parts: Parts, guard_for: GuardFor, found: Investigation, *, stop_at_plan: bool) -> Fix:
    """Make a plan of what the finding proposes, and carry it out unless it is to stop there.

    Arguments:
        guard_for: wires the guard to a cluster, with a way to evaluate success checks.
        stop_at_plan: a dry run: the stair is climbed up to the plan, and nobody is asked.

    Raises:
        ClusterError: the cluster cannot be reached.
        AuditError, StoreError: what must be recorded cannot be.
    """
    cluster = parts.connect()
    guard = guard_for(cluster, lambda check: still_wrong(parts, cluster, found, check))
    course = _Course(parts=parts, cluster=cluster, guard=guard, found=found)
    while len(course.rounds) < MOST_ROUNDS:
        proposal = course.next_proposal()
        if proposal is None:
            break
        if stop_at_plan:
            course.rounds.append(dry_run(guard, proposal))
            break
        carried = carry_out(guard, proposal)
        course.rounds.append(carried)
        if not course.goes_on(carried):
            break
    return Fix(
        found=replace(found, finding=course.finding if course.retold else found.finding, usage=course.usage),
        rounds=tuple(course.rounds),
        refusals=tuple(course.refusals),
        after=course.after,
    )


class _Course:
    """One fix under way: what is believed now, what was tried, and what came of it."""

    def __init__(self, *, parts: Parts, cluster: Cluster, guard: GuardParts, found: Investigation) -> None:
        self._parts = parts
        self._cluster = cluster
        self._guard = guard
        self._found = found
        self._problems = found.problems
        self._thread = found.thread
        self._tried: list[Change] = []
        self.finding = found.finding
        self.retold = False
        self.rounds: list[Carried] = []
        self.refusals: list[Refusal] = []
        self.after: Finding | None = None

    @property
    def usage(self) -> Usage:
        """What the model has spent, all rounds together."""
        kept = self._thread.folder.usage() if self._thread is not None else None
        return kept or self._found.usage

    def next_proposal(self) -> Proposal | None:
        """Return what is to be planned next: what the model drafted, else triage's remedies; None: nothing."""
        if self.finding.verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM):
            return None  # whoever says that nothing is wrong has nothing to cure, whatever was drafted on the way there
        if self._thread is not None and self._thread.drafted:
            return _proposal(self._found, self.finding, self._thread.drafted)
        groups = alternatives(self.finding, self._problems)
        if self._thread is not None:
            groups = () if self.rounds else _remedies_of(self.finding, self._problems)
        chosen = self._viable(groups)
        self._tried += chosen
        return _proposal(self._found, self.finding, chosen) if chosen else None

    def goes_on(self, carried: Carried) -> bool:
        """Look at what came of a plan, and return whether another one may follow."""
        if carried.outcome.status is Status.APPLIED:
            self._look_again()
            if self.after is not None and is_well(self.after):
                return False
        if self._thread is not None and self._parts.model is not None:
            return self._tell_model(carried)
        return carried.outcome.status is Status.APPLIED

    def _look_again(self) -> None:
        """See what is left when lines from before the change have passed, and what hung on its cause had its turn."""
        waited = 0
        while True:
            self.after, self._problems = rank_again(self._parts, self._cluster, self._found)
            vague = self.after.confidence is Confidence.LOW and not self.after.proposed
            if is_well(self.after) or waited >= (BACK_OFF_S if vague else LOG_WINDOW_S):
                break
            text = f"looking again in {LOG_WINDOW_S} s: {one_line(self.after.conclusion, 120)}"
            self._parts.progress(Step(stage=Stage.CHANGE, text=text, key="after"))
            self._guard.pause(LOG_WINDOW_S)
            waited += LOG_WINDOW_S
        if waited:
            text = f"looked again: {one_line(self.after.conclusion, 120)}"
            self._parts.progress(Step(stage=Stage.CHANGE, text=text, key="after", done=True))
        if self._thread is None:
            self.finding = self.after

    def _tell_model(self, carried: Carried) -> bool:
        """Let the model go on after a plan of its own; returns whether it drafted another."""
        told = tell(self._parts, self._thread, carried, self.after)
        if told is None:
            return False
        self._thread, finding = told
        if finding is not None:
            self.finding, self.retold = finding, True
        return bool(self._thread.drafted)

    def _viable(self, groups: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
        """Return for each problem the first of its remedies that climbs the stair on its own."""
        chosen: list[Change] = []
        quiet = replace(self._guard, progress=unseen)
        for group in groups:
            for change in group:
                if any((change.tool, change.target) == (done.tool, done.target) for done in (*self._tried, *chosen)):
                    continue
                try:
                    dry_run(quiet, _proposal(self._found, self.finding, (change,)))
                except (ToolError, PolicyRefused) as error:
                    self.refusals.append(Refusal(change=change, error=error))
                    continue
                chosen += [change, *_companions(change, self._problems)]
                break
        return tuple(chosen)


def still_wrong(parts: Parts, cluster: Cluster, found: Investigation, check: Check) -> str:
    """Return why a success check fails, or nothing: here, whether triage still sees the condition on its object."""
    if check.kind != CURED:
        return f"there is no way to check {check.kind!r}"
    try:
        _finding, problems = rank_again(parts, cluster, found)
    except ToolError as error:
        return f"the cluster cannot be read: {error.message}"
    if still := _still_there(problems, check):
        return still
    moved = _moved(found.problems, problems, check)
    return f"it is now {moved[0].resource.short} that is {check.value}: {moved[0].summary}" if moved else ""


def _still_there(problems: Sequence[Problem], check: Check) -> str:
    same = [one for one in problems if one.resource == check.target and one.condition == check.value]
    return f"{check.target.short} is still {check.value}: {same[0].summary}" if same else ""


def _moved(before: Sequence[Problem], after: Sequence[Problem], check: Check) -> list[Problem]:
    """Return where the condition went: to another object of the same kind, which now does it to the same things."""
    alike = [one for one in before if one.condition == check.value and one.resource.kind == check.target.kind]
    hurt = {ref for one in alike if one.resource == check.target for ref in one.affects}
    known = {one.resource for one in alike}
    return [
        one
        for one in after
        if one.condition == check.value
        and one.resource.kind == check.target.kind
        and one.resource not in known
        and hurt & set(one.affects)
    ]


def _companions(change: Change, problems: Sequence[Problem]) -> tuple[Change, ...]:
    """Return what a correction of a workload needs beside it, such as the deletion of a pod that blocks its rollout."""
    return next((one.companions for one in problems if change in one.remedies and one.resource == change.target), ())


def alternatives(finding: Finding, problems: Sequence[Problem]) -> tuple[tuple[Change, ...], ...]:
    """Return what the finding proposes, grouped: within a group each change is another cure of the same problem.

    A finding that is not supported by evidence proposes nothing here.
    """
    if not finding.supported or finding.verdict is not Verdict.ROOT_CAUSE:
        return ()
    groups: list[tuple[Change, ...]] = []
    for problem in problems:
        group = tuple(change for change in problem.remedies if change in finding.proposed)
        if group and not any(set(map(_key, group)) & set(map(_key, other)) for other in groups):
            groups.append(group)
    known = {_key(change) for group in groups for change in group}
    return (*groups, *((change,) for change in finding.proposed if _key(change) not in known))


def _remedies_of(finding: Finding, problems: Sequence[Problem]) -> tuple[tuple[Change, ...], ...]:
    """Return triage's remedies for the cause that a model has proven but drafted nothing for."""
    cause = finding.cause
    if not finding.supported or cause is None:
        return ()
    here = [one for one in problems if one.resource == cause.resource]
    # What triage proposes for something else that it sees there would be another cure than the one of this cause. And
    # that something was rolled out lately is no cause by itself.
    same = [one for one in here if one.condition == cause.condition]
    return tuple(one.remedies for one in same or here if one.remedies and (same or one.condition != _NOTED))[:1]


def _key(change: Change) -> str:
    return f"{change.tool} {change.target} {sorted(map(str, change.arguments.items()))}"


def _proposal(found: Investigation, finding: Finding, changes: Sequence[Change]) -> Proposal:
    by_model = finding.by != "triage"
    intent = Intent(
        by=finding.by,
        words=finding.conclusion,
        incident=found.incident.id,
        alert=found.incident.group.lead.name,
        evidence=finding.evidence,
    )
    cited = tuple(change if change.evidence else replace(change, evidence=finding.evidence[:3]) for change in changes)
    cause = finding.cause
    checks = () if cause is None else (Check(kind=CURED, target=cause.resource, value=cause.condition),)
    return Proposal(changes=cited, intent=intent, tainted=by_model, checks=checks)


def holds_no_more(parts: Parts, cluster: Cluster, check: Check) -> str:
    """Return why a success check of a saved plan fails, or nothing: triage looks at the check's own object.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    if check.kind != CURED:
        return f"there is no way to check {check.kind!r}"
    target = Target(namespace=check.target.namespace, kind=check.target.kind, name=check.target.name)
    return _still_there(problems_at(parts, cluster, target), check)
