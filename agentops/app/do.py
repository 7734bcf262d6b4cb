"""The use case ``do``: a request in a person's own words to one plan, and from the approved plan to a verified change.

Comes in: a run with a model, the words or the id of a kept request, and who is asked. Goes out: a ``DoResult``.
The model only drafts; the plan goes up the guard like any other. There is no second round: a plan that failed is told,
and what comes next is the person's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.changes import require_nothing_open
from agentops.app.fixing.conversation import drafting_for, standing_refusal
from agentops.app.guard_wiring import ApprovalOptions, guard_services
from agentops.app.providers import change_specs, without_disabled
from agentops.app.recorded_changes import require_changes_recorded
from agentops.app.requests import (
    NOT_RUN,
    Replied,
    interrupted,
    keep_reply,
    model_for_requests,
    open_again,
    open_request,
    reply_to,
    settled,
)
from agentops.app.services import RefusedChange
from agentops.core.commands import command_line
from agentops.core.errors import ExitCode, PolicyRefused, ToolError, Unreachable, UsageError
from agentops.core.plan import Intent
from agentops.core.request import REQUESTED, ReplyVerdict, request_of
from agentops.core.usage import Usage
from agentops.guard.pipeline import execute, make_plan
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.proposal import Proposal
from agentops.store.plans import require_room_for_plan, save_plan

if TYPE_CHECKING:
    from agentops.app.connections import Connections
    from agentops.app.run import App
    from agentops.store.incidents import IncidentFolder

_NOT_PLANNED, _REFUSED = "not-planned", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoResult:
    """What came of a request.

    Arguments:
        replied: the model's reply, with the outcome of its plan.
        ended: the plan and what came of it; None where there is none.
        refusals: the changes that did not become part of a plan, and why.
        kept: the file of the plan, when it was not carried out.
    """

    replied: Replied
    ended: PipelineResult | None = None
    refusals: tuple[RefusedChange, ...] = ()
    kept: Path | None = None

    @property
    def is_refused(self) -> bool:
        """Whether policy is why there is no plan."""
        return self.ended is None and any(isinstance(one.error, PolicyRefused) for one in self.refusals)

    @property
    def status(self) -> str:
        """How it ended, in one word for scripts."""
        if self.ended is not None:
            return self.ended.status
        reply = self.replied.reply
        if reply.supported and reply.verdict is ReplyVerdict.ALREADY_SO:
            return reply.verdict.value
        return _REFUSED if self.is_refused else ReplyVerdict.NOT_POSSIBLE.value

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says how it ended."""
        if self.ended is not None:
            return self.ended.exit_code
        if self.status == ReplyVerdict.ALREADY_SO.value:
            return ExitCode.DONE
        return ExitCode.REFUSED if self.is_refused else ExitCode.NO_PLAN


def do(
    app: App, words: str, asking: ApprovalOptions, *, stop_at_plan: bool = False, save_to: Path | None = None
) -> DoResult:
    """Plan what a person asks for and, once it is approved, carry it out.

    Arguments:
        stop_at_plan: a dry run: the pipeline runs up to the plan, and nobody is asked.
        save_to: the file that the plan is saved to.

    Raises:
        UsageError: there are no words or too many, or no model is used.
        InDoubt: an earlier change is open.
        PolicyRefused: policy lets nothing be changed here, whatever is asked for.
        ModelError, Interrupted: there is no reply; what was read is kept, and the hint says how to go on.
        ToolError: no place can be reached.
        AuditError, StoreError: what must be recorded or kept cannot be.
    """
    require_room_for_plan(save_to)
    request = request_of(words, wants_change=True)
    model_for_requests(app)
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    _let_draft(app, asking)
    folder, connections = open_request(app, request, lambda opened: _require_changeable(app, opened, asking))
    replied = reply_to(app, folder, connections)
    return _ended(app, _carried_out(app, folder, connections, replied, asking, stop_at_plan=stop_at_plan), save_to)


def resume(
    app: App, incident: str, asking: ApprovalOptions, *, stop_at_plan: bool = False, save_to: Path | None = None
) -> DoResult:
    """Go on with a request: with what was drafted and not carried out, or with a conversation that was interrupted.

    Raises:
        UsageError: there is no such request, or nothing is left of it to be done.
        as ``do``.
    """
    require_room_for_plan(save_to)
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    folder, connections = open_again(app, incident, wants_change=True)
    _require_changeable(app, connections, asking)
    reply, drafted = folder.reply(), folder.drafts()
    if reply is not None and drafted:
        usage = folder.usage() or Usage()
        replied = Replied(incident=folder.incident, reply=reply, evidence=folder.all(), usage=usage, drafted=drafted)
    elif reply is not None and reply.supported:
        raise UsageError(
            f"nothing is left to do of {folder.id}: {reply.standing}",
            hint=f"See it: {command_line('show', folder.incident.short_id)}",
        )
    else:
        model_for_requests(app)
        _let_draft(app, asking)
        replied = reply_to(app, folder, connections)
    return _ended(app, _carried_out(app, folder, connections, replied, asking, stop_at_plan=stop_at_plan), save_to)


def _let_draft(app: App, asking: ApprovalOptions) -> None:
    """Offer the change tools to the model of this run; what it drafts is tried out and listed, and that is all."""
    drafting = drafting_for(
        without_disabled(change_specs(app.providers), app.settings.disabled_tools, app.providers),
        lambda opened: guard_services(app, opened, None, asking),
        app.services.refused_changes,
        requested=True,
    )
    app.services = replace(app.services, drafting=drafting)


def _require_changeable(app: App, connections: Connections, asking: ApprovalOptions) -> None:
    why = standing_refusal(guard_services(app, connections, None, asking))
    if why:
        raise PolicyRefused(why, hint="agentops doctor shows the policy and settings in force here.")


def _carried_out(
    app: App,
    folder: IncidentFolder,
    connections: Connections,
    replied: Replied,
    asking: ApprovalOptions,
    *,
    stop_at_plan: bool,
) -> DoResult:
    """Take what was drafted up the guard, and keep what came of it."""
    refused = tuple(app.services.refused_changes)
    if not replied.drafted or replied.reply.verdict is not ReplyVerdict.PLANNED:
        return DoResult(replied=replied, refusals=refused)
    # The model took its time: somebody else may have begun a change meanwhile.
    require_changes_recorded(app.settings)
    require_nothing_open(app)
    guard = guard_services(app, connections, None, asking)
    try:
        ended = (make_plan if stop_at_plan else execute)(guard, proposal_of(replied))
    except KeyboardInterrupt:
        # Before anything was sent: from then on the guard itself says what Ctrl-C does.
        raise interrupted(app.services, folder) from None
    except Unreachable:
        raise
    except (ToolError, PolicyRefused) as error:
        refused += tuple(RefusedChange(change=change, error=error) for change in replied.drafted)
        reply = replace(replied.reply, outcome=_REFUSED if isinstance(error, PolicyRefused) else _NOT_PLANNED)
        keep_reply(app.services, folder, reply)
        return DoResult(replied=replace(replied, reply=reply), refusals=refused)
    # Whoever takes the plan elsewhere has it run there: it is known here as the one of this request.
    kept = folder.save_plan(ended.planned.plan) if ended.outcome.status in NOT_RUN else None
    reply = settled(app.services, folder, replied.reply, ended)
    return DoResult(replied=replace(replied, reply=reply), ended=ended, refusals=refused, kept=kept)


def proposal_of(replied: Replied) -> Proposal:
    """Return what is to become the plan: what was drafted, with the person's words as its reason.

    It carries no checks of triage: it is done when the objects are as the plan shows and what runs is ready.
    """
    reply, request = replied.reply, replied.incident.request
    intent = Intent(
        by=reply.by,
        words=reply.text,
        incident=replied.incident.id,
        alert=request.words if request is not None else "",
        evidence=reply.evidence,
        verdict=REQUESTED,
        not_checked=reply.not_checked,
    )
    return Proposal(changes=replied.drafted, intent=intent, tainted=True)


def _ended(app: App, result: DoResult, save_to: Path | None) -> DoResult:
    if save_to is not None and result.ended is not None:
        save_plan(save_to, result.ended.planned.plan)
    app.finish(result.status, result.exit_code)
    return result
