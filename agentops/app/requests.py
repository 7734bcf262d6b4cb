"""What the use cases ``do`` and ``ask`` share: a person's words taken up, kept as an incident, and put to the model.

Comes in: a run, words or the id of an interrupted request. Goes out: the model's ``RequestReply``, its citations
checked. The words are the task; no target is guessed from them and no triage is run. Nothing here can change a cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentops.app.investigating.model_part import toolbox_for
from agentops.app.stored_incident import connect_again, continue_command
from agentops.core.alert import Alert, AlertGroup, Incident, Severity, Target
from agentops.core.errors import Interrupted, ModelError, UsageError
from agentops.core.evidence import Evidence
from agentops.core.jsonable import from_json, to_json
from agentops.core.outcome import Status
from agentops.core.plan import Change, ChangePlan
from agentops.core.request import DONE, NO_MODEL_HINT, REQUEST, Request, RequestReply
from agentops.core.text import one_line
from agentops.core.tool import ToolCall
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.agent.model import Model
    from agentops.agent.toolbox import Toolbox
    from agentops.app.connections import Connections
    from agentops.app.run import App
    from agentops.app.services import Services
    from agentops.guard.pipeline_result import PipelineResult
    from agentops.store.incidents import IncidentFolder

NOT_RUN = (Status.DRY_RUN, Status.DECLINED, Status.REFUSED)
"""How a plan ends that changed nothing and can be run yet."""
PARTLY, NOT_VERIFIED = "partly-done", "not-verified"
OUTLINE = "outline"
"""The tool that the outline of a place is kept under as evidence."""
_REFUSALS_TOLD = 3
_RESUMED = "The run was interrupted and goes on now. What is there was read again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """What a request came to.

    Arguments:
        evidence: all that was read.
        drafted: what the model drafted for it, in the order of the plan; empty where nothing is to be planned.
    """

    incident: Incident
    reply: RequestReply
    evidence: tuple[Evidence, ...]
    usage: Usage
    drafted: tuple[Change, ...] = ()


def model_for_requests(app: App, *, wants_change: bool = True) -> Model:
    """Return the model of this run.

    Raises:
        UsageError: there is none, and words cannot be read without one.
    """
    if app.services.model is None:
        what = "a request in words" if wants_change else "a question"
        raise UsageError(
            f"{what} needs a model, and none is used: {app.no_model_reason}",
            hint=NO_MODEL_HINT,
            code="no-model",
        )
    return app.services.model


def open_request(
    app: App, request: Request, require: Callable[[Connections], None] = lambda _opened: None
) -> tuple[IncidentFolder, Connections]:
    """Connect, take the secrets out of the words, and keep them as an incident.

    Arguments:
        require: raises where nothing can come of it; then nothing is kept but the record.

    Raises:
        UsageError, ToolError: no place can be opened; nothing is kept of it but the record.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    services = app.services
    try:
        # Connecting teaches the redactor the cluster's credentials, so it comes before anything is kept or shown.
        connections = services.connector.for_alert(None)
    finally:
        request = from_json(Request, services.redactor.value(to_json(request)))
        services.audit.append("request", {"request": to_json(request)})
    require(connections)
    group = connections.lead.group
    folder = services.incidents.create(_as_group(request, group), connections.scopes, group, request)
    return folder, connections


def open_again(app: App, incident: str, *, wants_change: bool) -> tuple[IncidentFolder, Connections]:
    """Return a request that was begun before, in the place that it was begun in.

    Raises:
        UsageError: there is no such request, or it was begun in another place.
    """
    folder = app.services.incidents.open(incident)
    begun = folder.incident
    if begun.request is None or begun.request.wants_change is not wants_change:
        raise UsageError(
            f"{folder.id} is {_NOUN[begun.kind]}, and is resumed by another command",
            hint=f"The command: {continue_command(begun)}",
        )
    connections = connect_again(app, begun)
    app.services.audit.append("resume", {"incident": folder.id})
    return folder, connections


_NOUN = {"incident": "an incident", "request": "a request", "question": "a question"}


def reply_to(app: App, folder: IncidentFolder, connections: Connections) -> Replied:
    """Let the model read, draft where it may, and reply; what it found is kept whatever happens.

    Raises:
        ModelError: the model could not be used to the end; the hint says how to go on.
        Interrupted: Ctrl-C; what was found so far is kept, and the hint says how to go on.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    services, begun = app.services, folder.incident
    begun_at = services.monotonic()
    try:
        reply, usage, drafted = _converse(services, model_for_requests(app), folder, connections)
    except KeyboardInterrupt:
        raise interrupted(services, folder) from None
    except ModelError as error:
        services.audit.append("model_failed", {"code": error.code, "message": one_line(error.message, 300)})
        error.hint = "\n".join(filter(None, (error.hint, _again(services, begun))))
        raise
    usage = replace(usage, wall_s=round(services.monotonic() - begun_at, 3))
    # A model sees no secrets; what it makes up may look like one all the same.
    reply = from_json(RequestReply, services.redactor.value(to_json(reply)))
    keep_reply(services, folder, reply)
    folder.save_usage(usage)
    folder.save_drafts(drafted)
    return Replied(incident=begun, reply=reply, evidence=folder.all(), usage=usage, drafted=drafted)


def interrupted(services: Services, folder: IncidentFolder) -> Interrupted:
    """Record Ctrl-C in the work on a request; return the error that names the command which goes on with it."""
    services.audit.append("interrupted", {"incident": folder.id})
    hint = _again(services, folder.incident)
    stopped = Interrupted(f"interrupted; what was found so far is kept in {folder.id}", hint=hint)
    stopped.incident = folder.id
    return stopped


def _again(services: Services, begun: Incident) -> str:
    command = "do" if begun.kind == REQUEST else "ask"
    return f"Resume it: agentops {command} --resume {begun.short_id}{services.resume_flags}"


def keep_reply(services: Services, folder: IncidentFolder, reply: RequestReply) -> None:
    """Keep how a request stands, and record it."""
    folder.save_reply(reply)
    services.audit.append("reply", {"incident": folder.id, "reply": to_json(reply)})


def settled(services: Services, folder: IncidentFolder, reply: RequestReply, ended: PipelineResult) -> RequestReply:
    """Keep what came of the plan of a request, and return the reply with it; what was run is no draft any more.

    What was applied in part, or could not be verified, was not done as asked.
    """
    outcome = ended.outcome.status.value
    if ended.outcome.status is Status.APPLIED:
        in_part = len(ended.planned.plan.steps) < len(folder.drafts()) or bool(services.refused_changes)
        outcome = NOT_VERIFIED if ended.outcome.doubts else PARTLY if in_part else DONE
    reply = replace(reply, outcome=outcome)
    keep_reply(services, folder, reply)
    if ended.outcome.status not in NOT_RUN:
        folder.save_drafts(())
    return reply


def request_of_plan(app: App, plan: ChangePlan) -> IncidentFolder | None:
    """Return the request that a saved plan was made for, where it is known here and this very plan was kept in it.

    A file's word that somebody asked for it is not enough.
    """
    if not plan.intent.is_requested:
        return None
    known = {folder.id: folder for folder in app.services.incidents.list()}
    folder = known.get(plan.intent.incident)
    return folder if folder is not None and folder.incident.request and folder.has_plan(plan) else None


def _converse(
    services: Services, model: Model, folder: IncidentFolder, connections: Connections
) -> tuple[RequestReply, Usage, tuple[Change, ...]]:
    from agentops.agent.loop import converse
    from agentops.agent.reply_review import ReplyReview
    from agentops.agent.result import Stop

    request = folder.incident.request
    assert request is not None  # noqa: S101 - whoever opened the folder has looked
    toolbox = toolbox_for(services, connections, folder)
    earlier = folder.transcript()
    opening = _opening(services, request, connections, toolbox)
    result = converse(
        model=model,
        toolbox=toolbox,
        opening=f"{_RESUMED}\n\n{opening}" if earlier else opening,
        review=ReplyReview(by=model.name, wants_change=request.wants_change, drafting=toolbox.drafting),
        limits=services.limits,
        progress=services.progress,
        monotonic=services.monotonic,
        resume=earlier,
        keep=folder.append_messages,
    )
    folder.save_usage(result.usage)
    if result.stop is Stop.INTERRUPTED:
        raise KeyboardInterrupt
    if result.report is None:
        error = result.error or ModelError("the model reported nothing")
        # Why it came to no reply is seldom the last thing that failed: what was refused before it is said as well.
        refused = [services.redactor.text(one) for one in dict.fromkeys(result.refused[-_REFUSALS_TOLD:])]
        error.hint = "\n".join(filter(None, (*refused, error.hint)))
        raise error
    return result.report, result.usage, result.drafted


def _opening(services: Services, request: Request, connections: Connections, toolbox: Toolbox) -> str:
    from agentops.agent.request_briefing import request_briefing

    shown = []
    for number, one in enumerate(connections.opened, 1):
        arguments = {"namespace": one.reader.scope.group}
        call = ToolCall(id=f"outline-{number}", name=OUTLINE, arguments=arguments)
        shown.append(toolbox.shown(toolbox.admit(call, one.reader.outline(), duration_ms=0)))
    lead = connections.lead
    return request_briefing(
        request, place=lead.place, group=lead.group, now=services.clock(), outlines=shown, gaps=connections.gaps
    )


def _as_group(request: Request, namespace: str) -> AlertGroup:
    """Return a request in the shape in which an incident is kept: about a namespace, and about no object."""
    lead = Alert(name=request.title, source=request.kind, severity=Severity.INFO, target=Target(namespace=namespace))
    return AlertGroup(alerts=(lead,), target=lead.target)
