"""The use case ``propose``: what an agent wants changed becomes a plan that waits for a person; nothing is changed.

Comes in: a run of one program's, and an incident, named changes, or a change to roll back. Goes out: a ``Proposed``.
The guard takes every change as far as the plan, and the plan is kept as pending. Named changes are a model's: the plan
is tainted, and it is held to what a cure is, whether it names an incident or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agentops.app.changes import require_nothing_open
from agentops.app.fix import fix
from agentops.app.fixing.checks import checking, checks_for
from agentops.app.guard_wiring import ApprovalOptions, guard_services
from agentops.app.pending import pending_plans
from agentops.app.providers import change_specs, without_disabled
from agentops.app.recorded_changes import require_changes_recorded
from agentops.app.rollback import NothingToRollBack, roll_back
from agentops.app.services import RefusedChange
from agentops.app.stored_incident import reopen
from agentops.core.approval import ApprovalRequest, Decision
from agentops.core.errors import ExitCode, NotApproved, ToolInputError, UsageError
from agentops.core.plan import Change, Intent
from agentops.core.text import one_line
from agentops.core.tool import ToolCall
from agentops.guard.pipeline import make_plan
from agentops.guard.proposal import MOST_STEPS, Proposal
from agentops.store.pending import AskedBy, PendingPlan

if TYPE_CHECKING:
    from agentops.app.connections import Connections
    from agentops.app.run import App
    from agentops.app.services import Investigation
    from agentops.guard.pipeline_result import PipelineResult

_REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What came of a proposal: a pending plan, or why there is none.

    Arguments:
        pending: the plan that waits for a person.
        refusals: the changes that did not become part of a plan, and why.
        why: in words, why there is no plan.
        status: one word for scripts: ``pending``, or why not.
    """

    status: str
    pending: PendingPlan | None = None
    refusals: tuple[RefusedChange, ...] = ()
    why: str = ""


class NobodyAsked:
    """An approver for what ends at the plan: whoever asks it all the same hears no."""

    def ask(self, request: ApprovalRequest) -> Decision:
        """Refuse.

        Raises:
            NotApproved: always.
        """
        raise NotApproved(f"nobody is asked about plan {request.plan.code} here", code="nobody-asked")


def _no_questions() -> ApprovalOptions:
    return ApprovalOptions(approver=NobodyAsked(), on_interrupt=lambda: True)


def propose_fix(app: App, incident: str) -> Proposed:
    """Make a plan of what triage proposes for a stored incident, and keep it as pending.

    Raises:
        UsageError: there is no such incident, or it has no finding.
        NotApproved: too many plans wait already.
        as ``fix``.
    """
    done = fix(app, incident, lambda: b"", _no_questions(), stop_at_plan=True)
    if done.rounds:
        return _kept(app, done.rounds[-1], done.refusals)
    why = (
        done.errors[0].message if done.errors else f"{done.found.finding.conclusion} No change is known that cures it."
    )
    return Proposed(status=done.status, refusals=done.refusals, why=why)


def propose_changes(app: App, asked: Sequence[Mapping[str, Any]], reason: str, incident: str = "") -> Proposed:
    """Make a plan of named changes, and keep it as pending.

    Arguments:
        asked: for each change its ``tool``, ``target`` (``NAMESPACE/KIND/NAME``), ``arguments`` and ``reason``.
        reason: why, in the agent's words; they are shown as a quotation and decide nothing.
        incident: the stored incident that they are to cure, whose conditions must be gone afterwards; may be empty.

    Raises:
        UsageError, ToolInputError: a change does not fit.
        PolicyRefused: policy refuses one, or it is no cure.
        ToolError: the provider refuses one, or does not answer.
        NotApproved: too many plans wait already.
    """
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    found = reopen(app, incident) if incident else None
    connector = app.services.connector
    if found is not None:
        connections = connector.for_scopes(found.incident.places, witnesses=True)
    else:
        connections = connector.for_alert(None)
    changes = _changes(app, connections, asked, known=() if found is None else tuple(e.id for e in found.evidence))
    guard = guard_services(
        app, connections, None if found is None else checking(app.services, connections, found), _no_questions()
    )
    proposal = Proposal(
        changes=changes,
        intent=_intent(app, reason, found),
        tainted=True,
        checks=() if found is None else checks_for(found.finding, found.problems, found.symptoms),
        as_cure=True,
    )
    return _kept(app, make_plan(guard, proposal), ())


def propose_rollback(app: App, change: str) -> Proposed:
    """Make a plan that takes back what stands of a change, and keep it as pending.

    Raises:
        as ``roll_back``.
        NotApproved: too many plans wait already.
    """
    done = roll_back(app, change, _no_questions(), stop_at_plan=True)
    if isinstance(done, NothingToRollBack):
        return Proposed(status="nothing-to-do", why="; ".join(done.words))
    return _kept(app, done, ())


def _kept(app: App, result: PipelineResult, refusals: tuple[RefusedChange, ...]) -> Proposed:
    plan = result.planned.plan
    client = app.client
    if client is None:
        raise UsageError("a pending plan is a program's; at a terminal, use agentops fix")
    asked = AskedBy(
        client=client.name,
        door=client.door,
        on_behalf_of=app.user,
        at=app.services.clock(),
        run=app.log.run,
        simulated=app.sandbox is not None,
    )
    app.log.append("plan_pending", {"digest": plan.digest, "code": plan.code})
    pending = pending_plans(app.settings, app.services.clock).keep(plan, asked)
    app.finish("pending", ExitCode.DONE)
    return Proposed(status="pending", pending=pending, refusals=refusals)


def _intent(app: App, reason: str, found: Investigation | None) -> Intent:
    agent = app.client.agent if app.client is not None else "agentops"
    words = app.services.redactor.text(one_line(reason, _REASON_CHARS))
    if found is None:
        return Intent(by=agent, words=words)
    return Intent(
        by=agent,
        words=words,
        incident=found.incident.id,
        alert=found.incident.group.lead.name,
        evidence=found.finding.evidence,
        verdict=found.finding.verdict.value,
        confidence=found.finding.confidence.value,
        not_checked=found.finding.not_checked,
    )


def _changes(
    app: App, connections: Connections, asked: Sequence[Mapping[str, Any]], known: Sequence[str]
) -> tuple[Change, ...]:
    """Return the changes as the guard takes them: tools and arguments that fit, targets by their full names."""
    from agentops.agent.draft_tools import DRAFT, read_draft
    from agentops.agent.report import read_target

    if not 1 <= len(asked) <= MOST_STEPS:
        raise ToolInputError(f"a plan has 1 to {MOST_STEPS} changes, not {len(asked)}")
    specs = {one.name: one for one in without_disabled(change_specs(app.providers), app.settings.disabled_tools)}
    found = []
    for one in asked:
        # What is read is what a model of ours drafts; that something was read before is for the finding to say.
        call = ToolCall(id="propose", name=DRAFT, arguments={"evidence": ["none"], **one})
        draft = read_draft(call, specs)
        target = read_target(draft.target, connections.opened[0].home)
        reader = connections.of(target).reader
        reason = app.services.redactor.text(one_line(draft.reason, _REASON_CHARS))
        cited = tuple(name for name in draft.evidence if name in known)
        change = Change(tool=draft.tool, target=target, arguments=dict(draft.arguments), reason=reason, evidence=cited)
        found.append(replace(change, target=reader.canonical(target, "")))
    return tuple(found)
