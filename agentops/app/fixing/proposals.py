"""From a finding to what is proposed: which changes, in which groups, and what must hold after them.

Comes in: a finding and the problems that triage saw. Goes out: changes, or a ``Proposal`` for the guard. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentops.app.fixing.checks import checks_for
from agentops.app.look import NOTED
from agentops.app.services import Investigation
from agentops.core.finding import Cause, Finding, Problem, Verdict
from agentops.core.plan import Change, Intent
from agentops.guard.proposal import Proposal


def companions(change: Change, problems: Sequence[Problem]) -> tuple[Change, ...]:
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


def remedies_of(finding: Finding, problems: Sequence[Problem]) -> tuple[tuple[Change, ...], ...]:
    """Return triage's remedies for the cause that a model has proven but drafted nothing for."""
    cause = finding.cause
    if not finding.supported or cause is None:
        return ()
    here = [one for one in problems if one.resource == cause.resource]
    # What triage proposes for something else that it sees there would be another cure than the one of this cause. And
    # that something was rolled out lately is no cause by itself.
    same = [one for one in here if one.condition == cause.condition]
    return tuple(one.remedies for one in same or here if one.remedies and (same or one.condition != NOTED))[:1]


def _key(change: Change) -> str:
    return f"{change.tool} {change.target} {sorted(map(str, change.arguments.items()))}"


def proposal_for(
    found: Investigation,
    finding: Finding,
    changes: Sequence[Change],
    *,
    problems: Sequence[Problem],
    symptoms: Sequence[Cause],
) -> Proposal:
    """Return what is to become a plan, with what must have come right afterwards.

    Arguments:
        problems, symptoms: what triage saw last, before any of these changes.
    """
    intent = Intent(
        by=finding.by,
        words=finding.conclusion,
        incident=found.incident.id,
        alert=found.incident.group.lead.name,
        evidence=finding.evidence,
        verdict=finding.verdict.value,
        confidence=finding.confidence.value,
        not_checked=finding.not_checked,
        next_steps=finding.next_steps,
    )
    cited = tuple(change if change.evidence else replace(change, evidence=finding.evidence[:3]) for change in changes)
    return Proposal(
        changes=cited,
        intent=intent,
        tainted=finding.by != "triage",
        checks=checks_for(finding, problems, symptoms),
    )
