"""The model's part in an investigation: what it is handed, how it takes over from triage, and when it is believed.

Comes in: services, what was seen, an incident's folder. Goes out: a ``ModelAnswer``, whose finding is the one that
stands. An answer that cites what was not observed does not stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agentops.app.investigating.first_evidence import keep_alert, keep_logs
from agentops.app.services import Conversation
from agentops.app.toolboxes import toolbox_of
from agentops.core.alert import AlertGroup
from agentops.core.errors import ModelError
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem
from agentops.core.jsonable import to_json
from agentops.core.text import one_line
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.agent.model import Model
    from agentops.agent.result import LoopResult
    from agentops.agent.toolbox import Toolbox
    from agentops.app.connections import Connections
    from agentops.app.look import Sighting
    from agentops.app.services import Services
    from agentops.store.incidents import IncidentFolder

_RESUMED = "The run was interrupted and goes on now. Everything was read again; this is what it looks like."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What came of asking the model.

    Arguments:
        finding: the model's where it could be used and is supported by evidence; else triage's.
        error: what went wrong with the model, when triage's finding has to stand.
        conversation: the conversation that can be gone on with, where there is one.
    """

    finding: Finding
    usage: Usage = field(default_factory=Usage)
    error: ModelError | None = None
    conversation: Conversation | None = None


def toolbox_for(services: Services, connections: Connections, folder: IncidentFolder) -> Toolbox:
    """Return what the model may call in this investigation; a reading becomes evidence in it and nowhere else."""
    make_drafting = services.drafting if services.model is not None else None
    drafting = make_drafting(connections) if make_drafting is not None else None
    return toolbox_of(services, connections, folder, drafting=drafting, about=_about(folder))


def _about(folder: IncidentFolder) -> str:
    """Return the words of an incident or a request, by which tools are chosen."""
    begun = folder.incident
    asked = begun.request.words if begun.request is not None else ""
    said = [
        " ".join((alert.name, alert.summary, str(alert.target), *alert.labels.values(), *alert.annotations.values()))
        for alert in begun.group.alerts
    ]
    return " ".join((asked, *said))


def ask_model(
    services: Services,
    model: Model,
    group: AlertGroup,
    seen: Sighting,
    evidence: Sequence[Evidence],
    toolbox: Toolbox,
    folder: IncidentFolder,
    triage_finding: Finding,
) -> ModelAnswer:
    """Let the model take over from triage, and return the finding that stands; a model's failure is no one else's.

    Raises:
        KeyboardInterrupt: the user stopped it.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    try:
        result = _think(services, model, group, seen, evidence, toolbox, folder)
        finding = _with_notes(_believed(services, result.report, triage_finding), seen.ranking.problems)
    except ModelError as error:
        services.audit.append("model_failed", {"code": error.code, "message": one_line(error.message, 300)})
        return ModelAnswer(finding=triage_finding, usage=folder.usage() or Usage(), error=error)
    folder.save_drafts(result.drafted)
    conversation = Conversation(
        messages=result.messages,
        toolbox=toolbox,
        folder=folder,
        home=seen.home,
        drafted=result.drafted,
    )
    return ModelAnswer(finding=finding, usage=result.usage, conversation=conversation)


def _think(
    services: Services,
    model: Model,
    group: AlertGroup,
    seen: Sighting,
    evidence: Sequence[Evidence],
    toolbox: Toolbox,
    folder: IncidentFolder,
) -> LoopResult[Finding]:
    """Run the loop; an earlier conversation of the incident is continued, not begun anew.

    Raises:
        ModelError: the model could not be used to the end.
        KeyboardInterrupt: the user stopped it.
    """
    from agentops.agent.briefing import briefing
    from agentops.agent.loop import investigate
    from agentops.agent.result import Stop

    earlier = folder.transcript()
    known = (*evidence, *keep_logs(toolbox, seen), keep_alert(toolbox, group))
    opening = briefing(group, seen.outline, seen.ranking.problems, known, toolbox.fence)
    if earlier:
        opening = f"{_RESUMED}\n\n{opening}"
    result = investigate(
        model=model,
        toolbox=toolbox,
        opening=opening,
        home=seen.home,
        limits=services.limits,
        progress=services.progress,
        monotonic=services.monotonic,
        resume=earlier,
        keep=folder.append_messages,
    )
    folder.save_usage(result.usage)
    if result.stop is Stop.INTERRUPTED:
        raise KeyboardInterrupt
    if result.error is not None:
        raise result.error
    return result


def _believed(services: Services, answer: Finding | None, triage_finding: Finding) -> Finding:
    """Return the model's finding when what it cites was observed; without an answer, triage's stands.

    Raises:
        ModelError: the answer is not supported; it says what the model said.
    """
    if answer is None or answer.supported:
        return answer or triage_finding
    services.audit.append("finding_unsupported", {"finding": to_json(answer)})
    raise ModelError(
        f"its answer is not supported by evidence that was observed: {one_line(answer.conclusion, 600)}",
        hint="Do not act on that answer. Look at what it says, or run it again.",
        code="model-unsupported",
    )


def _with_notes(finding: Finding, problems: Sequence[Problem]) -> Finding:
    """Return the finding with what owners wrote on its cause, whoever found that."""
    resource = finding.cause.resource if finding.cause is not None else None
    notes = dict.fromkeys(note for one in problems if one.resource == resource for note in one.notes)
    return replace(finding, notes=tuple(notes))
